from __future__ import annotations

import pytest

from assistant.domain.intervals import wilson
from eval.datasets import QuestionSet
from eval.halves import hash_half
from eval.questions import JudgedQuestion
from eval.refusal import (
    CurvePoint,
    MadeQuestion,
    curve,
    make,
    operating_threshold,
    product_score,
    summary,
)


def made(scores: list[float], *, is_answerable: bool) -> list[MadeQuestion]:
    kind = "a" if is_answerable else "u"
    return [
        MadeQuestion(f"{kind}{place}", score, is_answerable=is_answerable)
        for place, score in enumerate(scores)
    ]


ROWS = [
    *made([0.9, 0.8, 0.3, 0.7], is_answerable=True),
    *made([0.1, 0.2, 0.75, 0.4], is_answerable=False),
]


def test_the_curve_goes_from_refusing_nothing_to_refusing_all() -> None:
    points = curve(ROWS)

    assert points[0] == CurvePoint(0.1, right=0, wrong=0)
    assert points[-1] == CurvePoint(1.9, right=1, wrong=1)
    assert CurvePoint(0.7, right=0.75, wrong=0.25) in points
    assert [point.right for point in points] == sorted(point.right for point in points)
    assert [point.wrong for point in points] == sorted(point.wrong for point in points)


@pytest.mark.parametrize(("most", "threshold"), [(0, 0.3), (0.25, 0.7), (1, 1.9)])
def test_the_threshold_refuses_no_more_answers_than_allowed(most: float, threshold: float) -> None:
    assert operating_threshold(ROWS, most=most) == threshold


def test_the_threshold_is_chosen_on_one_half_and_reported_on_the_other() -> None:
    rows = [
        *made([0.5 + place / 1000 for place in range(200)], is_answerable=True),
        *made([0.45 + place / 1000 for place in range(200)], is_answerable=False),
    ]
    found = summary(rows)
    reported = [row for row in rows if hash_half(row.id) == 1]
    fitting = [row for row in rows if hash_half(row.id) == 0]

    assert found["threshold"] == operating_threshold(fitting)
    assert found["threshold"] != operating_threshold(reported)
    fitted = found["fitted"]
    assert fitted["right"]["count"] + fitted["wrong"]["count"] == len(reported)
    assert fitted["right"]["low"] < fitted["right"]["value"] < fitted["right"]["high"]
    assert found["product"] == {}


def test_what_the_product_refuses_is_reported_whatever_threshold_fits() -> None:
    rows = [
        MadeQuestion(
            f"{kind}{place}", 0.5, is_answerable=kind == "a", is_refused=place % 4 < refused
        )
        for kind, refused in (("a", 1), ("u", 3))
        for place in range(200)
    ]
    found = summary(rows)
    asked = [row for row in rows if not row.is_fitting and row.is_answerable]
    wrong = sum(bool(row.is_refused) for row in asked)

    assert found["product"]["wrong"] == {
        "value": wrong / len(asked),
        **dict(zip(("low", "high"), wilson(wrong, len(asked)), strict=True)),
        "count": len(asked),
    }
    assert found["product"]["right"]["value"] > found["fitted"]["right"]["value"] == 0


def test_questions_that_keep_their_documents_lose_none_of_them() -> None:
    questions = tuple(
        JudgedQuestion(f"q{number:02}", "?", {f"d{number // 3}": 1, f"e{number // 2}": 1})
        for number in range(40)
    )
    lost, kept = make(QuestionSet("jeu", questions, {}), count=10)
    removed = {name for question in lost for name in question.judged}

    assert len(lost) == 10
    assert kept
    assert not any(removed & set(question.judged) for question in kept)
    assert make(QuestionSet("jeu", questions[::-1], {}), count=10) == (lost, kept)


def test_the_score_is_the_probability_of_the_product_else_its_decision() -> None:
    assert product_score({"status": "search_only", "sufficiency": 0.25}) == 0.25
    assert product_score({"status": "search_only"}) == 1
    assert product_score({"status": "refused", "sufficiency": None}) == 0
