"""Statements that could not be verified, over HTTP: as they come, whole, replayed, in a conversation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.client.sse import SseDecoder
from assistant.testing.chat import ScriptedChatModel
from tests.api.site import REGULATION, Site, open_site

pytestmark = pytest.mark.anyio

ASKED = {"question": "Le transport scolaire est-il gratuit ?"}
TEXT = "Gratuit pour les internes [1]. Il coûte 99 € aux autres [1]."
MARK = {
    "kind": "amount",
    "sentence": "Il coûte 99 € aux autres [1].",
    "start": 31,
    "end": 60,
    "words": ["99 €"],
    "markers": [1],
    "found_in": [],
    "reason": "« 99 € » ne figure pas dans la source [1]",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = open_site(tmp_path / "data", model=ScriptedChatModel([TEXT[:20], TEXT[20:]]))
    yield opened
    opened.close()


def events_of(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(each.data) for each in SseDecoder().feed(response.content)]


async def test_a_false_statement_is_an_event_and_stays_with_its_answer(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        streamed = await http.post(
            "/api/v1/answers", json=ASKED, headers={"Accept": "text/event-stream"}
        )
        answer_id = streamed.headers["x-answer-id"]
        later = await http.get(f"/api/v1/answers/{answer_id}")
        replay = await http.get(f"/api/v1/answers/{answer_id}/events")

    events = events_of(streamed)
    marks = [event["mark"] for event in events if event["type"] == "sentence.marked"]
    assert marks == [MARK]
    assert events[-1]["answer"]["marks"] == [MARK]
    assert events[-1]["answer"]["unsupported"] == [MARK["sentence"]]
    assert later.json()["marks"] == [MARK]
    assert events_of(replay) == events


async def test_a_conversation_shows_the_marks_of_its_answers(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        made = (await http.post("/api/v1/conversations", json={"title": "Cars"})).json()
        path = f"/api/v1/conversations/{made['id']}"
        started = (await http.post(f"{path}/messages", json=ASKED)).json()
        await http.get(f"/api/v1/answers/{started['answer_id']}/events")
        shown = (await http.get(path)).json()

    assert shown["messages"][-1]["answer"]["marks"] == [MARK]
