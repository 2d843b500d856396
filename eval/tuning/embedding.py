"""A set cut or embedded otherwise: its documents read again, and the new texts embedded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np

from eval.tuning.collection import Collection, Matrix, Passage
from ingest.limits import Limits
from ingest.reading import read_file

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
TextOf = Callable[[Passage, Passage | None], str]
"""The text to embed, of a passage and of the one before it in its document."""
_AT_ONCE: Final = 256
"""Texts embedded between two writes of what is kept."""
_OVERLAP_CHARS = 160
"""About forty tokens of French."""


def as_product(passage: Passage, _before: Passage | None) -> str:
    """Title, headings and text."""
    return passage.embedded


def text_alone(passage: Passage, _before: Passage | None) -> str:
    """Neither title nor headings."""
    return passage.text


def after_the_end_of_the_last(passage: Passage, before: Passage | None) -> str:
    """The end of the passage before, from a word's beginning, comes first in the text."""
    if before is None:
        return passage.embedded
    _, _, end = before.text[-_OVERLAP_CHARS:].partition(" ")
    head = passage.embedded.removesuffix(passage.text)
    return f"{head}{end}\n{passage.text}"


def cut_again(files: Iterable[str], *, documents: Path, tokens: int) -> tuple[Passage, ...]:
    """The passages of documents with another length aimed at.

    Args:
        files: Names in the set's folder.
        documents: That folder.
        tokens: Length aimed at, in the chunker's tokens.
    """
    limits = Limits(chunk_tokens=tokens)
    read = partial(read_file, limits=limits, on_pages=_nobody)
    passages: list[Passage] = []
    for name in dict.fromkeys(files):
        found = read(documents / name, name=name)
        title = found.document.title
        for chunk in found.chunks:
            whole = chunk.embedded_text(title=title)
            passages.append(Passage(name, title, chunk.locator.section, chunk.text, whole))
    return tuple(passages)


def embedded_as(
    passages: Sequence[Passage],
    *,
    text_of: TextOf,
    embed: Embed,
    known: Collection,
    kept: Path,
) -> Collection:
    """The passages with vectors of the texts that `text_of` makes of them.

    Args:
        passages: In the order of their documents.
        text_of: What is embedded of each.
        embed: Vectors of some texts, one row each.
        known: Passages whose vectors are of their `embedded` texts; none of these is embedded again.
        kept: Where vectors are kept by the hash of their text, so that an interrupted run goes on.
    """
    before = [None, *passages[:-1]]
    texts = [
        text_of(each, last if last is not None and last.file == each.file else None)
        for each, last in zip(passages, before, strict=True)
    ]
    held = {
        _digest(each.embedded): row for each, row in zip(known.passages, known.vectors, strict=True)
    }
    return Collection(tuple(passages), _vectors(texts, embed=embed, held=held, kept=kept))


def _vectors(
    texts: Sequence[str], *, embed: Embed, held: Mapping[str, np.ndarray], kept: Path
) -> Matrix:
    made = _load(kept)
    wanted = {_digest(text): text for text in texts}
    missing = [digest for digest in wanted if digest not in made and digest not in held]
    for start in range(0, len(missing), _AT_ONCE):
        batch = missing[start : start + _AT_ONCE]
        rows = np.asarray(embed([wanted[digest] for digest in batch]), np.float32)
        made.update(zip(batch, rows, strict=True))
        _save(made, kept)
    known = {**made, **held}
    return np.asarray([known[_digest(text)] for text in texts], np.float32)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _load(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        return {}
    held = np.load(path)
    return dict(zip(held["hashes"].tolist(), held["vectors"], strict=True))


def _save(known: dict[str, np.ndarray], path: Path) -> None:
    partly = path.with_name(f"new-{path.name}")
    np.savez(partly, hashes=np.asarray([*known]), vectors=np.asarray([*known.values()]))
    partly.replace(path)


def _nobody(pages: int, /, *, scans: int = 0) -> None:
    del pages, scans
