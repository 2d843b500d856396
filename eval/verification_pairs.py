"""Sentence–passage pairs made by rule from real passages, each with what was done to the sentence."""

from __future__ import annotations

import hashlib
import random
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.domain.answers import Passage
from assistant.domain.documents import SourceChunk
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, TenantId, VersionId
from eval.datasets import SHARED, load_set
from eval.verification_changes import (
    Change,
    exchanged,
    names_in,
    negated,
    other_amount,
    other_date,
    other_name,
    other_number,
    reworded,
)
from ingest.errors import IngestError
from ingest.model import IngestedFile
from ingest.reader import Limits, ParserPool
from ingest.sentences import split_sentences

KEPT = ("kept", "reworded")
"""Kinds of pairs whose passage supports the sentence."""
CHANGED = ("number", "amount", "date", "exchanged", "name", "negated", "other")
SHARED_SOURCES = ("admin_docs", "service_public_dev", "piaf_dev", "aides")
SOURCES = ("sample", *SHARED_SOURCES)
SEED = 20_260
_TEXT_FORMATS = {".html", ".txt", ".docx", ".odt"}
_SHORTEST, _LONGEST = 40, 400
_LEAST_WORDS = 6
_READING_S = 600.0
"""So long that a busy machine makes the same pairs."""
_FIGURES = {
    word: str(value)
    for value, word in enumerate(
        ["un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"], start=1
    )
} | {"une": "1", "premier": "1", "première": "1", "deuxième": "2", "troisième": "3"}
_WORD_KINDS = frozenset({"number", "amount", "date", "name"})
"""Kinds whose change puts a word in that the passage must not hold."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence that cites a passage."""

    source: str
    """One of SOURCES."""
    kind: str
    """One of KEPT and CHANGED."""
    sentence: str
    passage: Passage

    @property
    def is_even(self) -> bool:
        """The half on which thresholds are fitted; the other one is reported."""
        digest = hashlib.sha256(f"{self.source}{self.kind}{self.sentence}".encode()).digest()
        return digest[0] % 2 == 0


def available_sources(*, shared: Path = SHARED) -> list[str]:
    """The sources that are here: the sample corpus always is."""
    return ["sample", *(name for name in SHARED_SOURCES if (shared / name).is_dir())]


def make_pairs(source: str, *, per_kind: int, documents: int, seed: int = SEED) -> list[Pair]:
    """Pairs of one source, the same ones for the same seed.

    Args:
        source: One of SOURCES.
        per_kind: Pairs of each kind wanted; fewer where the texts offer fewer.
        documents: How many of its documents are read, at most.
        seed: Of all choices.
    """
    chance = random.Random(f"{seed} {source}")
    read = read_passages(source, documents=documents, chance=chance)
    drawn = [(passage, text) for file in read for passage in file for text in sentences_of(passage)]
    chance.shuffle(drawn)
    names = sorted({name for passage, _ in drawn for name in names_in(passage.chunk.text)})
    rules: dict[str, Change] = {
        "kept": lambda text, _: text,
        "reworded": reworded,
        "number": other_number,
        "amount": other_amount,
        "date": other_date,
        "name": other_name(names or ["Villeneuve"]),
        "negated": negated,
    }
    pairs = [
        Pair(source, kind, text, passage)
        for kind, rule in rules.items()
        for passage, text in _applied(rule, drawn, kind=kind, wanted=per_kind, chance=chance)
    ]
    return [
        *pairs,
        *_exchanged(source, drawn, wanted=per_kind, chance=chance),
        *_of_other_documents(source, drawn, wanted=per_kind, chance=chance),
    ]


def _applied(
    rule: Change,
    drawn: Sequence[tuple[Passage, str]],
    *,
    kind: str,
    wanted: int,
    chance: random.Random,
) -> Iterator[tuple[Passage, str]]:
    made = 0
    for passage, text in drawn:
        changed = rule(text, chance)
        if changed is None or (
            kind in _WORD_KINDS and _is_there(changed, text=text, passage=passage)
        ):
            continue
        yield passage, changed
        made += 1
        if made == wanted:
            return


def _is_there(changed: str, *, text: str, passage: Passage) -> bool:
    """True when the passage holds what the change put in, which makes it no lie about the passage."""
    chunk = passage.chunk
    held = _words(" ".join((chunk.title, *chunk.locator.section, chunk.text)))
    return _words(changed) - _words(text) <= held


def _words(text: str) -> set[str]:
    """Its words, numbers in letters also as figures."""
    words = set(re.findall(r"\w+", text.casefold()))
    return words | {_FIGURES[word] for word in words & _FIGURES.keys()}


def _exchanged(
    source: str, drawn: Sequence[tuple[Passage, str]], *, wanted: int, chance: random.Random
) -> list[Pair]:
    """Sentences with a figure that stands elsewhere in their own passage."""
    pairs: list[Pair] = []
    for passage, text in drawn:
        changed = exchanged(text, chance, passage=passage.chunk.text)
        if changed is not None and len(pairs) < wanted:
            pairs.append(Pair(source, "exchanged", changed, passage))
    return pairs


def _of_other_documents(
    source: str, drawn: Sequence[tuple[Passage, str]], *, wanted: int, chance: random.Random
) -> list[Pair]:
    pairs: list[Pair] = []
    while len(pairs) < wanted and len({passage.chunk.document_id for passage, _ in drawn}) > 1:
        (passage, _), (other, text) = chance.choice(drawn), chance.choice(drawn)
        if passage.chunk.document_id != other.chunk.document_id and text not in passage.chunk.text:
            pairs.append(Pair(source, "other", text, passage))
    return pairs


def sentences_of(passage: Passage) -> Iterator[str]:
    """Its whole sentences of a fair length, each on one line."""
    text = passage.chunk.text
    for start, end in split_sentences(text):
        sentence = " ".join(text[start:end].split())
        is_whole = sentence[-1] == "." and sentence[0].isupper() and "|" not in sentence
        if (
            is_whole
            and _SHORTEST <= len(sentence) <= _LONGEST
            and len(sentence.split()) >= _LEAST_WORDS
        ):
            yield sentence


def read_passages(source: str, *, documents: int, chance: random.Random) -> list[list[Passage]]:
    """The passages of some documents of a source, read and cut as the product does."""
    with tempfile.TemporaryDirectory(prefix="assistant-eval-") as folder:
        scratch = Path(folder)
        paths = _files(source, scratch=scratch)
        chosen = chance.sample(paths, min(documents, len(paths)))
        pool = ParserPool(Limits(base_s=_READING_S), children=1, scratch=scratch)
        try:
            return list(_passages(chosen, pool=pool))
        finally:
            pool.close()


def _files(source: str, *, scratch: Path) -> list[Path]:
    if source == "admin_docs":
        found = (SHARED / source).iterdir()
        return sorted(path for path in found if path.suffix in _TEXT_FORMATS)
    paths: list[Path] = []
    for name, content in sorted(load_set(source).files.items()):
        path = scratch / name
        path.write_bytes(content)
        paths.append(path)
    return paths


def _passages(paths: Iterable[Path], *, pool: ParserPool) -> Iterator[list[Passage]]:
    for path in paths:
        try:
            read = pool.read(path, name=path.name)
        except IngestError:
            continue
        yield [_passage(read, ordinal=at, file=path.name) for at in range(len(read.chunks))]


def _passage(read: IngestedFile, *, ordinal: int, file: str) -> Passage:
    chunk = read.chunks[ordinal]
    document = read.document
    return Passage(
        marker=1,
        chunk=SourceChunk(
            id=ChunkId(f"{file} {ordinal}"),
            document_id=DocumentId(file),
            version_id=VersionId(file),
            tenant_id=TenantId("eval"),
            collection_id=CollectionId("eval"),
            ordinal=ordinal,
            text=chunk.text,
            locator=chunk.locator,
            tokens=chunk.tokens,
            file=file,
            title=document.title,
            kind=document.kind,
            date=document.date,
            format=document.format,
        ),
    )
