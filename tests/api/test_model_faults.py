"""What each fault of a model looks like to a person: events of the API and the sentence shown."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.mistral.chat import MistralChatModel
from assistant.client.sse import SseDecoder
from assistant.domain.catalogue import sentence
from assistant.settings import ModelSettings
from assistant.testing.mock_model import MockModel, running_mock_model
from tests.api.site import open_site, streams_ended

pytestmark = pytest.mark.anyio

LINES = "Règlement des transports\n" + "".join(
    f"Le transport scolaire de la zone {n} coûte {100 + n} € par an et par élève, sans remise.\n"
    for n in range(1, 9)
)
QUESTION = "Combien coûte le transport scolaire par élève ?"


@pytest.fixture(scope="module")
def server() -> Iterator[MockModel]:
    with running_mock_model() as running:
        yield running


async def asked(
    server: MockModel, folder: Path, *, mode: str, after: str = "", **changes: Any
) -> tuple[list[dict[str, Any]], float]:
    """The events of one answer by a mode of the mock, and how long it took, in seconds."""
    limits: dict[str, Any] = {"stall_s": 0.6, "rewrite_s": 0.5, "max_tokens": 400}
    chosen = ModelSettings(url=server.url, name=f"mock-{mode}", **limits | changes)
    model = MistralChatModel(
        url=chosen.url,
        name=chosen.name,
        temperature=chosen.temperature,
        connect_s=chosen.connect_s,
        stall_s=chosen.stall_s,
        total_s=chosen.total_s,
    )
    site = open_site(folder / "data", model=model, model_settings=chosen)
    try:
        await site.upload({"reglement.txt": LINES})
        begun = time.monotonic()
        async with site.owner() as http:
            response = await http.post(
                "/api/v1/answers",
                json={"question": QUESTION, "after": after},
                headers={"Accept": "text/event-stream"},
            )
        spent_s = time.monotonic() - begun
    finally:
        await model.aclose()
        site.close()
    return [json.loads(each.data) for each in SseDecoder().feed(response.content)], spent_s


def end_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The end, which is never an error: a fault of the model is not one of the answer."""
    assert events[0]["type"] == "retrieval.completed"
    assert events[-1]["type"] == "answer.completed"
    text = "".join(event["text"] for event in events if event["type"] == "text.delta")
    assert events[-1]["answer"]["answer"] == text
    assert text
    return events[-1]["answer"]


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("429", "model_busy_notice"),
        ("401", "model_unauthorized_notice"),
        ("404", "model_unknown_notice"),
        ("500", "model_server_error_notice"),
        ("context", "model_context_too_long_notice"),
        ("stall-first", "model_stalled_notice"),
        ("malformed-first", "model_malformed_notice"),
        ("empty", "model_empty_notice"),
    ],
)
async def test_a_model_that_gives_nothing_gives_way_to_quotes(
    server: MockModel, tmp_path: Path, *, mode: str, code: str
) -> None:
    events, spent_s = await asked(server, tmp_path, mode=mode, busy_wait_s=0.5)
    end = end_of(events)

    assert end["status"] == "search_only"
    assert end["notice"].startswith(sentence(code))
    assert end["citations"]
    assert end["is_complete"]
    assert spent_s < 10


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("stall", "answer_cut_stall"),
        ("malformed", "answer_cut_malformed"),
        ("cut", "answer_cut_malformed"),
        ("loop", "answer_cut_loop"),
    ],
)
async def test_what_came_before_a_fault_is_kept_and_marked(
    server: MockModel, tmp_path: Path, *, mode: str, code: str
) -> None:
    end = end_of((await asked(server, tmp_path, mode=mode))[0])

    assert end["status"] == "answered"
    assert end["notice"].startswith(sentence(code))
    assert not end["is_complete"]
    assert end["model"] == f"mock-{mode}"


async def test_a_loop_ends_long_before_the_token_cap(server: MockModel, tmp_path: Path) -> None:
    end = end_of((await asked(server, tmp_path, mode="loop", max_tokens=30_000))[0])

    assert len(end["answer"]) < 1_000
    await streams_ended(server)


async def test_the_token_cap_ends_an_answer_and_says_so(server: MockModel, tmp_path: Path) -> None:
    end = end_of((await asked(server, tmp_path, mode="grounded", max_tokens=16))[0])

    assert end["notice"].startswith(sentence("answer_cut_length"))
    assert (end["tokens"]["completion"], end["is_complete"]) == (16, False)


async def test_a_busy_model_is_waited_for_as_it_asks(server: MockModel, tmp_path: Path) -> None:
    events, spent_s = await asked(server, tmp_path, mode="429-once", busy_wait_s=2)
    end = end_of(events)

    assert end["status"] == "answered"
    assert sentence("model_busy_notice") not in (end["notice"] or "")
    assert 1 <= spent_s < 8
    assert end["first_token_ms"] >= 1000


async def test_passages_that_do_not_fit_are_dropped_and_counted(
    server: MockModel, tmp_path: Path
) -> None:
    before = len(server.bodies)
    events, _ = await asked(server, tmp_path, mode="context-1000")
    end = end_of(events)
    tries = [
        body["messages"][-1]["content"].count("DÉBUT DU PASSAGE") for body in server.bodies[before:]
    ]

    assert end["status"] == "answered"
    assert tries[0] == len(events[0]["passages"])
    assert tries == sorted(tries, reverse=True)
    dropped = sentence("passages_dropped", dropped=tries[0] - tries[-1], given=tries[0])
    assert dropped in end["notice"]


@pytest.mark.parametrize("mode", ["stall-first", "500", "429", "malformed-first", "empty", "loop"])
async def test_a_fault_while_a_follow_up_is_rewritten_leaves_it_to_the_rule(
    server: MockModel, tmp_path: Path, mode: str
) -> None:
    events, spent_s = await asked(
        server, tmp_path, mode=mode, after="Où s'inscrire au transport ?", busy_wait_s=0
    )

    assert end_of(events)["answer"]
    assert events[0]["understood"] is None
    assert spent_s < 10
