"""Two evaluations of one question set side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest

from assistant.schemas.evaluations import EvaluationRowOut, VerdictOut
from tests.ui.administration import said
from tests.ui.scripted_evaluations import EvaluatingClient, evaluation, result, row
from ui.comparison import changed, may_be_chance


def rows(*verdicts: VerdictOut | None) -> list[EvaluationRowOut]:
    return [
        row(line, None if each is None else result(each), question=f"<{line}> ?")
        for line, each in enumerate(verdicts, start=2)
    ]


def compared(api: EvaluatingClient, page: AppTest, before: Sequence[EvaluationRowOut]) -> str:
    """What the page of the present evaluation says beside an older one."""
    api.runs = [evaluation(id="new", total=3, done=3), evaluation(id="old", total=3, done=3)]
    api.rows_of = {"new": rows("right", "wrong", "right"), "old": list(before)}
    page.query_params["e"] = "new"
    page.run()
    page.selectbox("compare-new").select("old").run()
    assert not page.exception, page.exception
    return said(page)


def test_what_got_better_and_worse_is_listed_worse_first(
    evaluating: EvaluatingClient, evaluation_page: AppTest
) -> None:
    words = compared(evaluating, evaluation_page, rows("refused_wrongly", "right", "right"))

    assert "Une question s'améliore, une question se dégrade" in words
    assert "peut être dû au hasard" in words
    table = words[words.index("Avant") :]
    assert table.index("&lt;3&gt; ?") < table.index("&lt;2&gt; ?")
    assert "&lt;4&gt;" not in table.partition("</table>")[0]


def test_no_difference_is_said(evaluating: EvaluatingClient, evaluation_page: AppTest) -> None:
    words = compared(evaluating, evaluation_page, rows("right", "refused_wrongly", "right"))

    assert "ont les mêmes réponses justes" in words
    assert "Avant" not in words


@pytest.mark.parametrize("other", ["unfinished", "itself alone"])
def test_nothing_is_offered_without_another_that_ended(
    evaluating: EvaluatingClient, evaluation_page: AppTest, other: str
) -> None:
    evaluating.runs = [evaluation(id="new", total=3, done=3)]
    if other == "unfinished":
        evaluating.runs.append(evaluation("running", id="old", total=3, done=1))
    evaluation_page.query_params["e"] = "new"
    evaluation_page.run()

    assert "compare-new" not in [each.key for each in evaluation_page.selectbox]


def test_questions_without_a_result_are_left_out() -> None:
    assert list(changed(rows(None, "wrong"), rows("right", None))) == []


@pytest.mark.parametrize(
    ("better", "worse", "chance"),
    [(1, 0, True), (5, 0, True), (6, 0, False), (0, 6, False), (8, 2, True), (20, 5, False)],
)
def test_chance_is_judged_by_the_exact_sign_test(better: int, worse: int, *, chance: bool) -> None:
    # Two-sided p: 1; 0.0625; 0.031; 0.031; 0.109; 0.0041
    assert may_be_chance(better, worse) is chance
