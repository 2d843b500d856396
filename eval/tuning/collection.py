"""The live passages of an instance as matrices, to try many rankings without asking it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from assistant.adapters.qdrant.bm25 import TermWeights, document_weights, query_weights
from assistant.adapters.sql.cuts import active_cut
from assistant.adapters.sql.database import open_database
from assistant.adapters.sql.locators import load_locator
from assistant.adapters.sql.tables import chunks, documents, vectors, versions
from assistant.data_folder import DataFolder
from assistant.domain.documents import VersionState
from ingest.model import Chunk

Matrix = NDArray[np.float32]
Weigh = Callable[[str], TermWeights]


@dataclass(frozen=True, slots=True)
class Passage:
    """One live chunk of an instance."""

    file: str
    title: str
    section: tuple[str, ...]
    text: str
    embedded: str
    """The text that was embedded and indexed."""

    @property
    def under_headings(self) -> str:
        """What the whole document's words take of it: headings and text, without the title."""
        return "\n".join(filter(None, (" > ".join(self.section), self.text)))


@dataclass(frozen=True, slots=True)
class Collection:
    """Passages with their vectors; row n of the matrix belongs to passage n."""

    passages: tuple[Passage, ...]
    vectors: Matrix

    @property
    def files(self) -> list[str]:
        """The file of each passage."""
        return [passage.file for passage in self.passages]

    def documents(self) -> dict[str, str]:
        """The whole text of each file, in the order of the passages: its title, then its passages."""
        pieces: dict[str, list[str]] = {}
        for passage in self.passages:
            pieces.setdefault(passage.file, [passage.title]).append(passage.under_headings)
        return {file: "\n".join(texts) for file, texts in pieces.items()}

    def subset(self, kept: Sequence[bool]) -> Collection:
        """Only some of the passages."""
        passages = tuple(p for p, is_kept in zip(self.passages, kept, strict=True) if is_kept)
        return Collection(passages, self.vectors[np.asarray(kept, bool)])


def load_collection(data_dir: Path, *, embedder_id: str) -> Collection:
    """The live passages of a data folder that no server owns.

    Raises:
        ConfigurationError: The folder holds no database of this version.
    """
    database = open_database(DataFolder(data_dir).database, migrate=False)
    query = (
        select(
            documents.c.name, versions.c.title, chunks.c.text, chunks.c.locator, vectors.c.vector
        )
        .join(versions, versions.c.id == chunks.c.version_id)
        .join(documents, documents.c.id == versions.c.document_id)
        .join(vectors, vectors.c.hash == chunks.c.embedded_hash)
        .where(
            versions.c.state == VersionState.LIVE,
            chunks.c.cut == active_cut(),
            vectors.c.embedder_id == embedder_id,
        )
        .order_by(documents.c.name, chunks.c.ordinal)
    )
    try:
        with database.engine.connect() as connection:
            rows = connection.execute(query).all()
    finally:
        database.close()
    matrix = np.asarray([row.vector for row in rows], np.float32).reshape(len(rows), -1)
    return Collection(tuple(_passage(*row[:4]) for row in rows), matrix)


def _passage(name: str, title: str, text: str, locator: str) -> Passage:
    place = load_locator(locator)
    chunk = Chunk(ordinal=0, text=text, locator=place, tokens=0)
    return Passage(name, title, place.section, text, chunk.embedded_text(title=title))


class LexicalIndex:
    """BM25 over some texts, with the rarity of terms as the index computes it."""

    def __init__(self, texts: Sequence[str], *, weigh: Weigh = document_weights) -> None:
        weighted = [weigh(text) for text in texts]
        terms = sorted({term for each in weighted for term in each.indices})
        self._columns = {term: column for column, term in enumerate(terms)}
        self._matrix = _as_rows(weighted, columns=self._columns).tocsc()
        held = np.diff(cast("NDArray[np.int64]", self._matrix.indptr))
        self._count = len(texts)
        self._rarity = np.log1p((self._count - held + 0.5) / (held + 0.5))

    def scores(self, text: str, *, weigh: Weigh = query_weights) -> NDArray[np.float64]:
        """The BM25 score of every text for a query; 0 where no term is shared."""
        columns = [self._columns[term] for term in weigh(text).indices if term in self._columns]
        if not columns:
            return np.zeros(self._count)
        scores: Any = self._matrix[:, columns] @ self._rarity[columns]
        return np.asarray(scores, np.float64)


def _as_rows(weighted: Sequence[TermWeights], *, columns: dict[int, int]) -> Any:
    from scipy import sparse  # pyright: ignore[reportMissingTypeStubs]

    starts = np.cumsum([0, *(len(each.indices) for each in weighted)])
    places = [columns[term] for each in weighted for term in each.indices]
    values = [value for each in weighted for value in each.weights]
    shape = (len(weighted), len(columns))
    return vars(sparse)["csr_array"]((values, places, starts), shape=shape)
