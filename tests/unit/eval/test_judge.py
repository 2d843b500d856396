from __future__ import annotations

import httpx
import pytest
import respx

from assistant.testing.mock_model import running_mock_model
from eval.instance import Row
from eval.judge import JudgeModel, find_judge
from eval.measuring import judged_measures
from eval.questions import JudgedQuestion

URL = "http://127.0.0.1:9/v1"
CASE = {"question": "Quel taux ?", "expected": "50 %", "answer": "Le taux est de 50 %."}

QUESTION = JudgedQuestion("q", "Quel taux ?", {"a.pdf": 1}, expected="50 %")


def answer(*, status: str = "search_only") -> Row:
    return {"status": status, "answer": "Le taux est de 50 %."}


def test_no_endpoint_no_judge() -> None:
    assert find_judge({"ASSISTANT_EVAL_JUDGE_NAME": "x"}) is None
    found = find_judge({"ASSISTANT_EVAL_JUDGE_URL": URL, "ASSISTANT_EVAL_JUDGE_NAME": "x"})
    assert found == JudgeModel(URL, "x")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("OUI", True),
        (" **Oui**, car…", True),
        ("Non.", False),
        ("Peut-être", None),
        ("Ouistiti", None),
    ],
)
@respx.mock
def test_the_first_word_is_the_verdict(said: str, verdict: bool | None) -> None:
    reply = {"choices": [{"message": {"content": said}}]}
    route = respx.post(f"{URL}/chat/completions").mock(return_value=httpx.Response(200, json=reply))

    assert JudgeModel(URL, "juge", "clef").is_right(**CASE) is verdict
    assert route.calls.last.request.headers["Authorization"] == "Bearer clef"


@pytest.mark.parametrize("status", ["refused", "failed"])
def test_a_refused_or_failed_answer_is_wrong_without_asking(status: str) -> None:
    with running_mock_model() as model:
        found = judged_measures(
            QUESTION, answer(status=status), judge=JudgeModel(model.url, "mock-grounded")
        )

        assert found == {"judged_right": 0}
        assert model.bodies == []


@pytest.mark.parametrize(
    ("said", "measures"),
    [
        ("OUI", {"judged_right": 1, "judge_failed": 0}),
        ("NON", {"judged_right": 0, "judge_failed": 0}),
        ("Peut-être", {"judge_failed": 1}),
    ],
)
@respx.mock
def test_failures_of_the_judge_are_counted_apart(said: str, measures: dict[str, float]) -> None:
    reply = {"choices": [{"message": {"content": said}}]}
    respx.post(f"{URL}/chat/completions").mock(return_value=httpx.Response(200, json=reply))

    assert judged_measures(QUESTION, answer(), judge=JudgeModel(URL, "juge")) == measures


def test_without_a_judge_or_an_expected_answer_nothing_is_judged() -> None:
    judge, unexpected = JudgeModel(URL, "juge"), JudgedQuestion("q", "Quel taux ?", {"a.pdf": 1})

    assert judged_measures(QUESTION, answer(), judge=None) == {}
    assert judged_measures(unexpected, answer(), judge=judge) == {}


@pytest.mark.parametrize("name", ["mock-grounded", "mock-500", "mock-401"])
def test_a_model_that_fails_or_talks_gives_no_verdict(name: str) -> None:
    with running_mock_model() as model:
        assert JudgeModel(model.url, name).is_right(**CASE) is None
        assert "50 %" in model.bodies[0]["messages"][0]["content"]
