"""Refusal measured on made questions: those whose documents were taken out of the index.

Half of them, by the hash of their id, is what thresholds are chosen on; the other half is reported:
what the product refuses as it is set, then what a threshold chosen for this very set would give.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from assistant.domain.intervals import Share
from eval.datasets import QuestionSet
from eval.figures import SEED
from eval.halves import hash_half
from eval.instance import Row
from eval.questions import JudgedQuestion
from eval.workspace import Workspace

MADE = 250
"""Questions made unanswerable in a set; as many others keep their documents."""
MOST_FALSE_REFUSALS = 0.05
Score = Callable[[Row], float]
"""How sure the product is that what it found suffices: from an answer row to [0, 1]."""
_Decision = tuple[bool, bool]
"""Whether a question is answerable, and whether it was refused."""


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """One question asked of the reduced index."""

    id: str
    score: float
    is_answerable: bool
    """False when its documents were taken out."""
    is_refused: bool | None = None
    """What the product did; None where only a score is looked at."""

    @property
    def is_fitting(self) -> bool:
        """True for the half on which the threshold is chosen."""
        return hash_half(self.id) == 0


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What refusing below a threshold would give."""

    threshold: float
    right: float
    """Share of the unanswerable questions that are refused."""
    wrong: float
    """Share of the answerable questions that are refused."""


def product_score(row: Row) -> float:
    """The product's own probability that the evidence suffices; its decision where it gives none."""
    probability = row.get("sufficiency")
    return float(row["status"] != "refused") if probability is None else float(probability)


def make(
    questions: QuestionSet, *, count: int = MADE, seed: int = SEED
) -> tuple[list[JudgedQuestion], list[JudgedQuestion]]:
    """Seeded questions to lose their documents, and others none of whose documents is lost.

    Args:
        questions: A set of answerable questions.
        count: How many of each, at most.
        seed: Of the choice.
    """
    pool = sorted(
        (each for each in questions.questions if each.is_answerable), key=lambda each: each.id
    )
    random.Random(seed).shuffle(pool)
    lost = pool[: min(count, len(pool) // 2)]
    files = {name for question in lost for name in question.judged}
    kept = [each for each in pool[len(lost) :] if not files & set(each.judged)]
    return lost, kept[:count]


def measure(workspace: Workspace, questions: QuestionSet, *, score: Score = product_score) -> Row:
    """Ask the made questions of an index without their documents; the whole curve, fit to store."""
    lost, kept = make(questions)
    files = {name for question in lost for name in question.judged}
    instance = workspace.without(questions, files=files)
    asked = [(question.id, question.text) for question in (*lost, *kept)]
    unanswerable = {question.id for question in lost}

    def keep(row: Row) -> Row:
        return {
            "id": row["id"],
            "score": score(row),
            "is_answerable": row["id"] not in unanswerable,
            "is_refused": row["status"] == "refused",
        }

    return summary([MadeQuestion(**row) for row in instance.ask(asked, keep=keep)])


def summary(rows: Sequence[MadeQuestion]) -> Row:
    """What the product and a fitted threshold refuse of the reported half, and its curve.

    Returns:
        `product` and `fitted`, each with the shares `right` and `wrong`; `threshold`, the fitted one;
        `curve`; `rows`. Nothing is under `product` where it decided nothing.
    """
    fitting = [row for row in rows if row.is_fitting]
    reported = [row for row in rows if not row.is_fitting]
    threshold = operating_threshold(fitting)
    decided = [
        (row.is_answerable, row.is_refused) for row in reported if row.is_refused is not None
    ]
    return {
        "threshold": threshold,
        "product": _shares(decided) if decided else {},
        "fitted": _shares(_decisions(reported, threshold=threshold)),
        "curve": [asdict(point) for point in curve(reported)],
        "rows": [asdict(row) for row in rows],
    }


def curve(rows: Sequence[MadeQuestion]) -> list[CurvePoint]:
    """Every threshold that changes something, ascending: from refusing nothing to refusing all."""
    thresholds = sorted({row.score for row in rows})
    points: list[CurvePoint] = []
    for threshold in [*thresholds, float(thresholds[-1] + 1)] if thresholds else []:
        decided = _decisions(rows, threshold=threshold)
        right, wrong = (_refused(decided, is_answerable=each).value for each in (False, True))
        points.append(CurvePoint(threshold, right or 0.0, wrong or 0.0))
    return points


def operating_threshold(
    rows: Sequence[MadeQuestion], *, most: float = MOST_FALSE_REFUSALS
) -> float:
    """The highest threshold that refuses at most a share of the answerable questions; 0 for none."""
    allowed = [point.threshold for point in curve(rows) if point.wrong <= most]
    return max(allowed, default=0.0)


def _decisions(rows: Sequence[MadeQuestion], *, threshold: float) -> list[_Decision]:
    return [(row.is_answerable, row.score < threshold) for row in rows]


def _refused(decided: Sequence[_Decision], *, is_answerable: bool) -> Share:
    return Share.of(is_refused for each, is_refused in decided if each == is_answerable)


def _shares(decided: Sequence[_Decision]) -> Row:
    shares = {
        "right": _refused(decided, is_answerable=False),
        "wrong": _refused(decided, is_answerable=True),
    }
    return {side: _share(share) for side, share in shares.items()}


def _share(share: Share) -> Row:
    low, high = share.interval or (0.0, 1.0)
    return {"value": share.value or 0.0, "low": low, "high": high, "count": share.total}
