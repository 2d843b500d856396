from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.cli.asking import answer_row, exit_code, stream_answer
from assistant.cli.failures import ExitCode
from assistant.cli.queries import QueryLine
from assistant.client import AssistantClient
from assistant.schemas.answers import AnswerEventOut, AnswerOut, CompletedEvent, DeltaEvent, MarkOut
from tests.ui.scripted import citation


def answer(*, status: str = "answered", is_complete: bool = True) -> AnswerOut:
    return AnswerOut.model_validate(
        {
            "id": "a",
            "answer_id": "a",
            "status": status,
            "answer": "Le taux est",
            "citations": [],
            "unsupported": [],
            "model": "m",
            "tokens": None,
            "first_token_ms": 1,
            "notice": None,
            "is_complete": is_complete,
        }
    )


class OneAnswer(AssistantClient):
    """Gives one answer whatever is asked."""

    def __init__(self, given: AnswerOut) -> None:
        super().__init__("http://127.0.0.1:1")
        self.given = given

    def ask(self, question: str, *, after: str = "", id: str = "") -> AnswerOut:
        del question, after, id
        return self.given

    def stream_answer(
        self, question: str, *, after: str = "", id: str = ""
    ) -> Iterator[AnswerEventOut]:
        del question, after, id
        yield DeltaEvent(text=self.given.answer)
        yield CompletedEvent(answer=self.given)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (answer(), ExitCode.OK),
        (answer(status="refused"), ExitCode.OK),
        (answer(is_complete=False), ExitCode.SOME_FAILED),
        (answer(status="cancelled", is_complete=False), ExitCode.SOME_FAILED),
    ],
)
def test_an_answer_cut_short_has_its_exit_code(given: AnswerOut, code: ExitCode) -> None:
    client = OneAnswer(given)

    row = answer_row(client, QueryLine("q", "Quel taux ?", ""))

    assert exit_code(row) == code
    assert row["is_complete"] is given.is_complete
    assert stream_answer(client, "Quel taux ?", after="") == code


def test_statements_that_could_not_be_verified_are_listed_with_their_reasons(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mark = MarkOut(
        kind="percentage",
        sentence="Le taux\nest",
        start=0,
        end=11,
        words=["45 %"],
        markers=[2],
        found_in=[],
        reason="« 45 % » ne figure pas dans la source [2]",
    )

    marked = OneAnswer(answer().model_copy(update={"marks": [mark]}))
    stream_answer(marked, "Quel taux ?", after="")

    printed = capsys.readouterr().out
    assert "Affirmations non vérifiées :\n- Le taux est\n" in printed
    assert "→ « 45 % » ne figure pas dans la source [2]" in printed
    stream_answer(OneAnswer(answer()), "Quel taux ?", after="")
    assert "vérifiées" not in capsys.readouterr().out


def test_a_failed_answer_is_a_failure_of_the_service() -> None:
    row = answer(status="failed", is_complete=False).model_dump(mode="json")

    assert exit_code(row) == ExitCode.SERVICE


def test_a_follow_up_tells_how_it_was_understood(capsys: pytest.CaptureFixture[str]) -> None:
    given = answer().model_copy(update={"understood": "Quel taux pour un vélo ?"})

    stream_answer(OneAnswer(given), "Et le taux ?", after="Quelle aide pour un vélo ?")
    stream_answer(OneAnswer(answer()), "Quel taux ?", after="")

    assert capsys.readouterr().out.count("Question comprise : Quel taux pour un vélo ?") == 1


def test_a_source_says_the_label_of_its_collection(capsys: pytest.CaptureFixture[str]) -> None:
    source = citation(page=4, title="Budget")
    labelled = source.model_copy(update={"marker": 2, "label": "Diffusion restreinte"})
    given = answer().model_copy(update={"citations": [source, labelled]})

    stream_answer(OneAnswer(given), "Quel taux ?", after="")

    first, second = capsys.readouterr().out.splitlines()[-2:]
    assert "mention" not in first
    assert second.endswith(f"({source.file}) — mention « Diffusion restreinte »")
