"""Measures of a ranking of documents: those of TREC, computed by its own program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from eval.instance import Row
from eval.questions import JudgedQuestion

MEASURES = {
    "ndcg_cut_10": "ndcg_10",
    "recall_5": "recall_5",
    "recall_20": "recall_20",
    "recip_rank": "mrr",
    "success_1": "hit_1",
}
"""Name of the program → ours."""
_PASSAGES_LOOKED_AT = 10


def ranked_files(found: Row) -> list[str]:
    """The files of a search result, each once, by the best rank of its passages."""
    return list(dict.fromkeys(row["file"] for row in found["results"]))


def retrieval_measures(
    judged: Mapping[str, Mapping[str, int]], ranked: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Measures of each question, by the names of `MEASURES`' values; all lie in [0, 1].

    Args:
        judged: Question → document → grade. Questions without a judged document are left out.
        ranked: Question → documents, best first; a question with none scores 0.
    """
    import pytrec_eval

    qrels = {id: dict(grades) for id, grades in judged.items() if grades}
    run = {id: {name: float(-rank) for rank, name in enumerate(ranked.get(id, ()))} for id in qrels}
    wanted = {"ndcg_cut.10", "recall.5,20", "recip_rank", "success.1"}
    evaluator = cast("Any", pytrec_eval).RelevanceEvaluator(qrels, wanted)
    measured = cast("dict[str, dict[str, float]]", evaluator.evaluate(run))
    return {
        id: {ours: measured.get(id, {}).get(theirs, 0.0) for theirs, ours in MEASURES.items()}
        for id in qrels
    }


def passage_measures(question: JudgedQuestion, found: Row) -> dict[str, float]:
    """Whether the passage with the answer comes first, and its reciprocal rank among ten.

    Empty for a question judged on whole documents.
    """
    if not question.quotes:
        return {}
    ranks = (
        row["rank"]
        for row in found["results"][:_PASSAGES_LOOKED_AT]
        if question.is_answered_by(file=row["file"], pages=row["pages"], text=row["text"])
    )
    rank = next(ranks, None)
    return {
        "passage_1": float(rank == 1),
        "passage_5": float(rank is not None and rank <= 5),
        "passage_mrr": 1 / rank if rank else 0.0,
    }
