"""What each way of ranking is worth on a set, all from one reading of its instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from assistant.ports.models import Embedder
from eval.datasets import QuestionSet
from eval.tuning.collection import Collection, LexicalIndex, Matrix, load_collection
from eval.tuning.rankings import ScoredQuestion, ranking

_KEPT = "questions.npz"


@dataclass(frozen=True)
class Bench:
    """A set read from its instance: passages, questions and their vectors."""

    name: str
    questions: QuestionSet
    collection: Collection
    queries: Matrix
    """Row n is the vector of question n."""
    folder: Path
    """Of the set: `documents`, `data`, and the vectors that are kept."""
    embedder: Embedder

    @cached_property
    def as_product(self) -> list[ScoredQuestion]:
        """Both rankings of every answerable question, as the product makes them."""
        return self.scored(LexicalIndex([p.embedded for p in self.collection.passages]).scores)

    def scored(self, lexical: Callable[[str], np.ndarray]) -> list[ScoredQuestion]:
        """Both rankings of every answerable question.

        Args:
            lexical: Scores of all passages for a question's text.
        """
        found: list[ScoredQuestion] = []
        for question, vector in zip(self.questions.questions, self.queries, strict=True):
            if question.judged:
                dense = (self.collection.vectors @ vector).astype(np.float64)
                words = lexical(question.text)
                found.append(ScoredQuestion(question, ranking(dense), ranking(words)))
        return found


def open_bench(questions: QuestionSet, *, folder: Path, embedder: Embedder) -> Bench:
    """Read a set's instance; the vectors of its questions are kept beside it.

    Args:
        questions: The set.
        folder: Its folder in the work folder, with `data`.
        embedder: That of the instance.
    """
    collection = load_collection(folder / "data", embedder_id=embedder.identity.id)
    return Bench(
        questions.name,
        questions,
        collection,
        query_vectors(questions, folder=folder, embedder=embedder),
        folder,
        embedder,
    )


def query_vectors(questions: QuestionSet, *, folder: Path, embedder: Embedder) -> Matrix:
    """One row a question; read from the folder when the same embedder made them of the same texts."""
    texts = [question.text for question in questions.questions]
    asked = (embedder.identity.id, texts)
    path = folder / _KEPT
    if path.exists():
        kept = np.load(path)
        if "embedder" in kept and (kept["embedder"].item(), kept["texts"].tolist()) == asked:
            return kept["vectors"]
    vectors = np.asarray([embedder.embed_query(text) for text in texts], np.float32)
    np.savez(path, embedder=embedder.identity.id, texts=np.asarray(texts), vectors=vectors)
    return vectors
