"""What each way of ranking is worth on a set, all from one reading of its instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from assistant.adapters.qdrant.bm25 import whole_weights
from assistant.ports.models import Embedder
from eval.datasets import QuestionSet, sliced
from eval.questions import JudgedQuestion
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
        """The rankings of every answerable question, as the product makes them."""
        return self.scored(LexicalIndex([p.embedded for p in self.collection.passages]).scores)

    def scored(
        self, lexical: Callable[[str], np.ndarray], *, asked: Callable[[str], str] = str
    ) -> list[ScoredQuestion]:
        """The rankings of every answerable question.

        Args:
            lexical: Scores of all passages for some words.
            asked: The words of a question, from its text.
        """
        rank = Ranker(self.collection, lexical)
        return [
            rank(replace(question, text=asked(question.text)), vector=vector)
            for question, vector in zip(self.questions.questions, self.queries, strict=True)
            if question.judged
        ]


class Ranker:
    """The three rankings of a question over a collection."""

    def __init__(self, collection: Collection, lexical: Callable[[str], np.ndarray]) -> None:
        """Prepare.

        Args:
            collection: What is searched.
            lexical: Scores of its passages for some words.
        """
        documents = collection.documents()
        self._vectors, self._files = collection.vectors, collection.files
        self._lexical, self._names = lexical, [*documents]
        whole = LexicalIndex([*documents.values()], weigh=lambda text: whole_weights((text,)))
        self._documents = whole.scores

    def __call__(self, question: JudgedQuestion, *, vector: np.ndarray) -> ScoredQuestion:
        """The rankings of a question whose vector is known."""
        dense = (self._vectors @ vector).astype(np.float64)
        return ScoredQuestion(
            question,
            ranking(dense, files=self._files),
            ranking(self._lexical(question.text), files=self._files),
            ranking(self._documents(question.text), files=self._names),
        )


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


def cut_down(bench: Bench, *, documents: int, seed: int = 1) -> Bench:
    """A set small enough to be embedded again: fewer documents, and questions about these.

    Args:
        bench: The whole set.
        documents: How many documents are kept; those of the questions come first.
        seed: Of the choice.
    """
    kept = sliced(bench.questions, questions=documents, documents=documents, seed=seed)
    ids = {question.id for question in kept.questions}
    rows = [question.id in ids for question in bench.questions.questions]
    asked = tuple(q for q in bench.questions.questions if q.id in ids)
    files = bench.collection.files
    return replace(
        bench,
        questions=replace(kept, questions=asked),
        collection=bench.collection.subset([file in kept.files for file in files]),
        queries=bench.queries[np.asarray(rows, bool)],
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
