"""A few hundred bytes that tell how much of their text two documents share, without comparing their texts.

A sketch holds the smallest hashes of a document's shingles (runs of three words): two sketches give
the share of common shingles, and how much of the shorter document the longer one holds. The very
smallest ones are looked up in an index, so that one document is never compared with all the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from ingest.cleaning import fold

SKETCH_SIZE = 256
"""Hashes kept: the estimate of a share of .5 is off by .03, one standard deviation."""
MARKS = 8
"""Smallest hashes that are looked up: of two documents that share half of their shingles, 996 pairs in
1,000 share one of them; of two that share a fifth, 832."""
_SHINGLE_WORDS = 3
_LEAST_SHINGLES = 40
"""Below, a text says too little to be told from another."""
_WORD = re.compile(r"[a-z0-9]+")
_MAX_CHARS = 4_000_000
_KEPT_BITS = 63
"""So that a hash fits into a signed column of a database."""

Sketch = tuple[int, ...]
"""Smallest hashes of a text, ascending, at most `SKETCH_SIZE`; empty for a text of too few words."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two sketches say of two texts; shares in [0, 1]."""

    common: float
    """Shingles in both over shingles in either (Jaccard)."""
    held: float
    """Share of the shorter text's shingles that the longer one holds."""


UNLIKE = Likeness(0.0, 0.0)
"""Nothing in common, or nothing known."""


def sketch_of(texts: Iterable[str]) -> Sketch:
    """The sketch of a document's texts, in reading order. Case, accents and punctuation do not count.

    Source:
        Broder, "On the resemblance and containment of documents", 1997; bottom-k sketches after
        Cohen, Kaplan, "Summarizing data using bottom-k sketches", PODC 2007.
    """
    import numpy as np

    words = _WORD.findall(fold("\n".join(texts)[:_MAX_CHARS]))
    if len(words) < _LEAST_SHINGLES + _SHINGLE_WORDS:
        return ()
    known: dict[str, int] = {}
    codes = np.fromiter(
        (known.setdefault(word, crc32(word.encode())) for word in words),
        dtype=np.uint64,
        count=len(words),
    )
    multiplier = np.uint64(0x9E3779B97F4A7C15)
    count = len(words) - _SHINGLE_WORDS + 1
    hashes = np.zeros(count, dtype=np.uint64)
    for offset in range(_SHINGLE_WORDS):
        hashes = (hashes ^ codes[offset : offset + count]) * multiplier
        hashes ^= hashes >> np.uint64(29)
    hashes = (hashes * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(64 - _KEPT_BITS)
    return tuple(int(value) for value in np.unique(hashes)[:SKETCH_SIZE])


def marks_of(sketch: Sketch) -> tuple[int, ...]:
    """The hashes by which a document's likes are looked up."""
    return sketch[:MARKS]


def likeness(first: Sketch, second: Sketch) -> Likeness:
    """How much two documents share, estimated from their sketches alone."""
    if not first or not second:
        return UNLIKE
    union = sorted({*first, *second})[:SKETCH_SIZE]
    both = {*first} & {*second}
    common = sum(value in both for value in union) / len(union)
    return Likeness(common=common, held=_held(first, second, common=common))


def _held(first: Sketch, second: Sketch, *, common: float) -> float:
    """Containment from the common share and both sizes, which the density of a sketch tells."""
    sizes = sorted((_size(first), _size(second)))
    if common == 0:
        return 0.0
    shared = common * (sizes[0] + sizes[1]) / (1 + common)
    return min(1.0, shared / sizes[0])


def _size(sketch: Sketch) -> float:
    """Number of distinct shingles: exact when the sketch is not full, else by its last hash."""
    if len(sketch) < SKETCH_SIZE:
        return float(len(sketch))
    return (SKETCH_SIZE - 1) * 2.0**_KEPT_BITS / max(sketch[-1], 1)
