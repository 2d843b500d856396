"""The measure of load: what is heard, what is counted, and a short run on the product itself."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

from eval.load import command
from eval.load.crowds import CrowdFigures, percentile_95
from eval.load.pages import PagePerson
from eval.load.people import ANSWER_TOKENS, Heard
from eval.load.report import knee_sentence, rows

WELL = CrowdFigures(
    way="api",
    people=100,
    seconds=120,
    answers=170,
    errors={},
    refused=0,
    first_p50_ms=120,
    first_p95_ms=400,
    gap_p95_ms=130,
    gap_most_ms=300,
    slowest=0.97,
    cpu_ms_per_token=1.5,
    memory_mb=500,
    lag_p95_ms=5,
)


def heard(*arrivals: tuple[float, int], status: str = "answered") -> Heard:
    return Heard(asked_at=10.0, arrivals=list(arrivals), status=status)


def broken(outcome: CrowdFigures) -> list[str]:
    return [row.name for row in rows(outcome, model_tokens_per_s=30) if not row.is_met]


def test_a_stream_is_timed_from_the_question_and_by_its_characters() -> None:
    stream = heard((10.5, 100), (15.0, 550), (15.5, 1000))

    assert stream.first_s == pytest.approx(0.5)
    assert stream.gaps_s == pytest.approx([4.5, 0.5])
    assert stream.tokens_per_s == pytest.approx(0.9 * ANSWER_TOKENS / 5)


def test_text_that_did_not_grow_is_no_arrival() -> None:
    answer = Heard()
    for chars in (0, 3, 3, 2, 5):
        answer.grew(chars)

    assert [chars for _, chars in answer.arrivals] == [3, 5]


def test_a_failed_or_unstreamed_answer_is_no_stream() -> None:
    failed = heard((11.0, 5), (12.0, 9))
    failed.error = "ReadError"

    assert heard((11.0, 5), (12.0, 9)).is_streamed
    assert not failed.is_streamed
    assert not heard((11.0, 5)).is_streamed
    assert not heard((11.0, 5), (12.0, 9), status="refused").is_streamed


def test_the_95th_percentile_is_a_value_that_was_seen() -> None:
    assert percentile_95([float(n) for n in range(100, 0, -1)]) == 95
    assert percentile_95([7.0]) == 7
    assert percentile_95([]) == 0


def test_limits_of_the_figures() -> None:
    assert broken(WELL) == []
    assert len(broken(replace(WELL, errors={"model_busy": 2}))) == 1
    assert len(broken(replace(WELL, first_p95_ms=1001))) == 1
    assert len(broken(replace(WELL, slowest=0.89))) == 1
    assert len(broken(replace(WELL, answers=0))) == 1


def test_the_knee_is_the_last_crowd_that_held() -> None:
    late = replace(WELL, people=400, first_p95_ms=2300)
    refused = replace(WELL, people=400, errors={"too_busy": 3})

    assert "200 personnes tenues, rompu à 400 (premier texte en 2300 ms au p95)" in knee_sentence(
        [WELL, replace(WELL, people=200), late]
    )
    assert "3 erreurs : too_busy × 3" in knee_sentence([WELL, refused])
    assert "non atteint à 200 personnes" in knee_sentence([WELL, replace(WELL, people=200)])
    assert "déjà rompu à 400 personnes" in knee_sentence([late])


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("in_this_process")
def test_ten_people_by_each_way_lose_no_answer(
    sample_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    words = [
        "--people",
        "10",
        "--ui-people",
        "3",
        "--minutes",
        "0.05",
        "--think",
        "1",
        "--tokens-per-s",
        "200",
        "--most",
        "0",
        "--json",
        "--work",
        str(sample_work),
    ]

    command.run(parser.parse_args(words))

    record = json.loads(capsys.readouterr().out)
    assert [crowd["way"] for crowd in record["crowds"]] == ["api", "ui"]
    for crowd in record["crowds"]:
        assert crowd["errors"] == {}
        assert crowd["answers"] > crowd["refused"]
        assert 0 < crowd["first_p50_ms"] <= crowd["first_p95_ms"]
        assert crowd["slowest"] > 0
        assert crowd["cpu_ms_per_token"] > 0
        assert crowd["memory_mb"] > 50


class ScriptedPage:
    """A websocket that tells, for each question, what a server did."""

    def __init__(self, *drawings: ForwardMsg) -> None:
        self._drawings = list(drawings)

    async def send(self, message: bytes) -> None:
        assert message

    async def recv(self, *, decode: bool) -> bytes:
        assert not decode
        return self._drawings.pop(0).SerializeToString()


def begun() -> ForwardMsg:
    message = ForwardMsg()
    message.new_session.page_script_hash = "page"
    return message


def drawn(status: str, text: str) -> ForwardMsg:
    message = ForwardMsg()
    message.delta.new_element.html.body = (
        f'<section class="answer {status}"><div class="answer-text">{text}</div></section>'
    )
    return message


def finished(status: int = ForwardMsg.FINISHED_SUCCESSFULLY) -> ForwardMsg:
    return ForwardMsg(script_finished=cast("Any", status))


def heard_of(*drawings: ForwardMsg) -> Heard:
    page = PagePerson(cast("ClientConnection", ScriptedPage(*drawings)))
    return asyncio.run(page.ask("Quel montant ?"))


def test_an_answer_is_watched_over_the_runs_of_its_page() -> None:
    early = finished(ForwardMsg.FINISHED_EARLY_FOR_RERUN)
    answer = heard_of(
        begun(),
        drawn("running", ""),
        drawn("running", "Le"),
        drawn("answered", "Le montant"),
        early,
        begun(),
        drawn("answered", "Le montant"),
        finished(),
    )

    assert answer.is_streamed
    assert [chars for _, chars in answer.arrivals] == [2, 10]


def test_a_refusal_that_stands_there_at_once_is_whole() -> None:
    refusal = heard_of(
        drawn("answered", "De la question d'avant"),
        begun(),
        drawn("refused", "Pas assez d'éléments"),
        finished(),
    )

    assert (refusal.status, refusal.error) == ("refused", "")


def test_a_page_that_ends_without_an_answer_is_an_error() -> None:
    assert heard_of(begun(), finished()).error == "page_without_answer"
