"""Answers over HTTP: whole or as events, replayed, stopped, and clean in every split."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from dirty_equals import IsFloat, IsInt, IsList, IsStr, IsUUID
from pydantic import TypeAdapter

from assistant.api.sse import answer_stream
from assistant.client import AssistantClient, ClientError
from assistant.client.sse import SseDecoder, SseEvent
from assistant.domain.answers import NumberedEvent, Question, TextDelta
from assistant.domain.errors import StorageError
from assistant.domain.ids import AnswerId
from assistant.schemas.answers import AnswerEventOut
from assistant.testing.chat import Pause, ScriptedChatModel
from tests.api.site import REGULATION, TOKEN, Site, open_site, request_of, served, streams_ended

pytestmark = pytest.mark.anyio

EVENTS: TypeAdapter[AnswerEventOut] = TypeAdapter(AnswerEventOut)
SSE = {"Accept": "text/event-stream"}
ASKED = {"question": "Le transport scolaire est-il gratuit ?", "id": "q1"}


def events_of(response: httpx.Response) -> list[tuple[SseEvent, dict[str, Any]]]:
    return [(each, json.loads(each.data)) for each in SseDecoder().feed(response.content)]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def open_with(*script: Any, **changes: Any) -> Site:
        model = ScriptedChatModel(list(script))
        sites.append(open_site(tmp_path / f"data{len(sites)}", model=model, **changes))
        return sites[-1]

    yield open_with
    for site in sites:
        site.close()


async def test_a_follow_up_tells_how_it_was_understood(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    asked = {
        "question": "Et avant quelle date ?",
        "after": "Le transport scolaire est-il gratuit ?",
    }
    async with site.owner() as http:
        streamed = events_of(await http.post("/api/v1/answers", json=asked, headers=SSE))
        whole = (await http.post("/api/v1/answers", json=asked)).json()
        first = (await http.post("/api/v1/answers", json=ASKED)).json()

    understood = "Avant quelle date (Le transport scolaire) ?"
    assert streamed[0][1]["understood"] == understood
    assert streamed[-1][1]["answer"]["understood"] == understood
    assert whole["understood"] == understood
    assert first["understood"] is None


async def test_an_answer_as_events(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        response = await http.post("/api/v1/answers", json=ASKED, headers=SSE)

    events = events_of(response)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-answer-id"] == IsUUID(4)
    assert [raw.id for raw, _ in events] == [str(n + 1) for n in range(len(events))]
    kinds = [data["type"] for _, data in events]
    assert [raw.event for raw, _ in events] == kinds
    assert kinds[0] == "retrieval.completed"
    assert kinds[-1] == "answer.completed"
    assert set(kinds[1:-1]) == {"text.delta", "citation.added"}
    assert events[0][1]["passages"][0] == {
        "marker": 1,
        "chunk_id": IsUUID(4),
        "document_id": IsUUID(4),
        "file": "reglement.txt",
        "title": "Règlement des transports scolaires",
        "kind": "reglement",
        "date": None,
        "page": None,
        "locator": {
            "pages": [],
            "boxes": [],
            "section": ["Titre I", "Article 1"],
            "first_block": 0,
            "last_block": 0,
            "sheet": "",
            "cells": "",
            "slide": 0,
            "part": "",
            "confidence": None,
        },
        "text": IsStr(),
        "view_url": IsStr(regex=r"/api/v1/passages/[0-9a-f-]+/view"),
        "state": "live",
        "current_url": "",
        "deleted_at": None,
        "replaced_by": None,
        "amended_by": None,
        "also": [],
        "collection_id": IsUUID(4),
        "label": "",
    }
    assert events[-1][1]["answer"] == {
        "id": "q1",
        "answer_id": response.headers["x-answer-id"],
        "status": "answered",
        "answer": "Gratuit pour les internes [1].",
        "citations": IsList(length=1),
        "unsupported": [],
        "marks": [],
        "sufficiency": IsFloat(ge=0, le=1),
        "model": "scripted",
        "tokens": {"prompt": 100, "completion": 10, "is_estimated": False},
        "first_token_ms": IsInt(ge=0),
        "is_withheld": False,
        "notice": None,
        "understood": None,
        "is_complete": True,
        "error": None,
    }


async def test_an_answer_whole_and_later(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        whole = await http.post("/api/v1/answers", json=ASKED)
        answer_id = whole.json()["answer_id"]
        later = await http.get(f"/api/v1/answers/{answer_id}")
        replay = await http.get(f"/api/v1/answers/{answer_id}/events")
        after = await http.get(f"/api/v1/answers/{answer_id}/events", params={"after": 2})
        repeated = await http.get(
            f"/api/v1/answers/{answer_id}/events", headers={"Last-Event-ID": "2"}
        )

    assert whole.json()["answer"] == "Gratuit pour les internes [1]."
    assert later.json() == whole.json() | {"id": answer_id}
    assert events_of(after) == events_of(replay)[2:] == events_of(repeated)


@pytest.mark.parametrize(
    ("question", "code"),
    [("", "question_empty"), (" \n", "question_empty"), ("é" * 200_000, "question_too_long")],
)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_refused_question_is_a_problem_before_any_stream(
    site: Site, question: str, code: str, accept: str
) -> None:
    async with site.owner() as http:
        made = (await http.post("/api/v1/conversations", json={})).json()
        for path in ("answers", f"conversations/{made['id']}/messages"):
            response = await http.post(
                f"/api/v1/{path}", json={"question": question}, headers={"Accept": accept}
            )

            assert response.status_code == 422
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["code"] == code


async def test_too_many_answers_are_refused_with_a_wait(opened: Callable[..., Site]) -> None:
    site = opened("Début ", Pause(30), concurrent_answers=1, waiting_answers=0)
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        made = (await http.post("/api/v1/conversations", json={})).json()
        path = f"/api/v1/conversations/{made['id']}/messages"
        first = await http.post(path, json=MESSAGE)
        second = await http.post(path, json=MESSAGE)
        await http.post(f"/api/v1/answers/{first.json()['answer_id']}/cancel")
        await site.container.aclose()

    assert first.status_code == 202
    assert second.status_code == 503
    assert second.json()["code"] == "too_many_answers"
    assert int(second.headers["retry-after"]) >= 1


MESSAGE = {"question": "Le transport scolaire est-il gratuit ?"}


async def test_a_conversation_keeps_its_answers(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        made = (await http.post("/api/v1/conversations", json={})).json()
        path = f"/api/v1/conversations/{made['id']}"
        streamed = await http.post(f"{path}/messages", json=MESSAGE, headers=SSE)
        detail = (await http.get(path)).json()
        renamed = await http.patch(path, json={"title": "Cars"})
        listed = (await http.get("/api/v1/conversations")).json()
        deleted = await http.delete(path)
        gone = await http.get(path)
        lost = await http.get(f"/api/v1/answers/{streamed.headers['x-answer-id']}")

    assert [each["author"] for each in detail["messages"]] == ["person", "assistant"]
    assert detail["messages"][1]["answer"]["status"] == "answered"
    assert detail["messages"][1]["answer"]["answer_id"] == streamed.headers["x-answer-id"]
    assert renamed.json()["title"] == listed[0]["title"] == "Cars"
    assert [deleted.status_code, gone.status_code, lost.status_code] == [204, 404, 404]


async def test_without_a_model_the_answer_quotes_and_says_so(tmp_path: Path) -> None:
    site = open_site(tmp_path, has_model=False)
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        answer = (await http.post("/api/v1/answers", json=ASKED)).json()
    site.close()

    assert answer["status"] == "search_only"
    assert answer["model"] is None
    assert answer["notice"]
    assert answer["citations"]


HOSTILE = (
    "Voir ![x](http://evil.example/a?q=1) et <img src='https://evil.example/b'> "
    "<https://evil.example/c> [lien](https://evil.example/d) [1].\n\n[r]: http://evil.example/e"
)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, len(HOSTILE)])
async def test_no_byte_of_a_remote_url_leaves(opened: Callable[..., Site], size: int) -> None:
    pieces = [HOSTILE[at : at + size] for at in range(0, len(HOSTILE), size)]
    site = opened(*pieces)
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        stream = await http.post("/api/v1/answers", json=ASKED, headers=SSE)
        whole = await http.get(f"/api/v1/answers/{stream.headers['x-answer-id']}")

    for text in (stream.text, whole.text):
        assert "evil" not in text
        assert "http:" not in text
        assert "https:" not in text


async def test_silence_is_filled_with_comments(opened: Callable[..., Site]) -> None:
    site = opened("Début. ", Pause(0.4), "[1].")
    await site.upload({"reglement.txt": REGULATION})
    scope = site.container.access.scope_of(site.container.access.local_principal())
    answer = await site.container.answers.start(
        Question(MESSAGE["question"]),
        principal=site.container.access.local_principal(),
        scope=scope,
    )
    response = answer_stream(
        request_of(), site.container, answer_id=answer.id, after=0, scope=scope, ping_s=0.1
    )
    frames = [bytes(frame) async for frame in response.body_iterator]  # pyright: ignore[reportArgumentType]

    assert frames.count(b": ping\n\n") >= 2
    assert frames[-1].startswith(b"event: answer.completed")


async def test_a_stream_without_an_end_gets_one(site: Site) -> None:
    async def cut(*_: object, **__: object) -> AsyncIterator[NumberedEvent]:
        yield NumberedEvent(1, TextDelta("Début"))

    async def crash(*_: object, **__: object) -> AsyncIterator[NumberedEvent]:
        yield NumberedEvent(1, TextDelta("Début"))
        raise RuntimeError("texte confidentiel")

    async def fail(*_: object, **__: object) -> AsyncIterator[NumberedEvent]:
        yield NumberedEvent(1, TextDelta("Début"))
        raise StorageError("disk_full")

    scope = site.container.access.scope_of(site.container.access.local_principal())
    for events, code in (
        (cut, "answer_interrupted"),
        (crash, "internal_error"),
        (fail, "disk_full"),
    ):
        object.__setattr__(site.container.answers, "events", events)
        response = answer_stream(
            request_of(), site.container, answer_id=AnswerId("a"), after=0, scope=scope
        )
        sent = b"".join([bytes(each) async for each in response.body_iterator])  # pyright: ignore[reportArgumentType]
        last = SseDecoder().feed(sent)[-1]

        assert (last.event, last.id) == ("error", "")
        assert json.loads(last.data)["problem"]["code"] == code
        assert b"confidentiel" not in sent


class TestOverARealServer:
    async def test_a_reader_that_leaves_gets_every_event_once(
        self, opened: Callable[..., Site]
    ) -> None:
        words = [f"mot{n} " for n in range(40)]
        script = [step for word in words for step in (word, Pause(0.02))]
        site = opened(*script, "[1].")
        await site.upload({"reglement.txt": REGULATION})

        def read(url: str) -> list[Any]:
            headers = {"Authorization": f"Bearer {TOKEN}"} | SSE
            begun = httpx.stream(
                "POST", f"{url}/api/v1/answers", json=ASKED, headers=headers, trust_env=False
            )
            decoder, seen = SseDecoder(), list[Any]()
            with begun as response:
                answer_id = response.headers["x-answer-id"]
                blocks = response.iter_raw()
                while len(seen) < 5:
                    seen += decoder.feed(next(blocks))
            first = [EVENTS.validate_json(each.data) for each in seen]
            client = AssistantClient(url, token=TOKEN)
            rest = list(client.answer_events(answer_id, after=int(seen[-1].id)))
            client.close()
            return [*first, *rest]

        with served(site) as url:
            seen = await asyncio.to_thread(read, url)

        text = "".join(each.text for each in seen if each.type == "text.delta")
        assert text == "".join(words) + "[1]."
        assert seen[-1].answer.answer == text

    async def test_cancel_ends_an_answer_with_what_it_said(
        self, opened: Callable[..., Site]
    ) -> None:
        site = opened("Début de réponse. ", Pause(60), "jamais")
        await site.upload({"reglement.txt": REGULATION})

        def read(url: str) -> Any:
            client = AssistantClient(url, token=TOKEN)
            conversation = client.create_conversation()
            started = client.post_message(conversation.id, MESSAGE["question"])
            seen: list[Any] = []
            for event in client.answer_events(started.answer_id):
                seen.append(event)
                if event.type == "text.delta":
                    client.cancel_answer(started.answer_id)
            client.close()
            return seen[-1].answer

        with served(site) as url:
            answer = await asyncio.to_thread(read, url)

        assert answer.status == "cancelled"
        assert answer.answer == "Début de réponse."

    async def test_who_waits_for_the_whole_answer_and_leaves_stops_it(
        self, opened: Callable[..., Site]
    ) -> None:
        site = opened("Début. ", Pause(60))
        await site.upload({"reglement.txt": REGULATION})
        model: Any = site.container.model

        def leave(url: str) -> None:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(
                    f"{url}/api/v1/answers", json=ASKED, headers=headers, timeout=1, trust_env=False
                )

        with served(site) as url:
            await asyncio.to_thread(leave, url)
            await streams_ended(model)

        assert model.calls

    async def test_an_unknown_answer_is_a_problem(self, site: Site) -> None:
        def read(url: str) -> ClientError:
            client = AssistantClient(url, token=TOKEN)
            with pytest.raises(ClientError) as refused:
                list(client.answer_events("inconnu"))
            client.close()
            return refused.value

        with served(site) as url:
            error = await asyncio.to_thread(read, url)

        assert (error.problem.status, error.code) == (404, "not_found")
