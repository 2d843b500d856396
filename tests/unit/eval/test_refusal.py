from __future__ import annotations

import pytest

from eval.datasets import QuestionSet
from eval.questions import JudgedQuestion
from eval.refusal import (
    CurvePoint,
    MadeQuestion,
    curve,
    hash_half,
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
    assert found["right"]["count"] + found["wrong"]["count"] == len(reported)
    assert found["right"]["low"] < found["right"]["value"] < found["right"]["high"]


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
