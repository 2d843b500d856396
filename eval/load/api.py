"""A person who asks over the API and reads the events of the answer."""

from __future__ import annotations

import asyncio
import json

import httpx

from assistant.client.sse import SseDecoder, SseEvent
from eval.load.people import ANSWER_TIMEOUT_S, Heard

_NO_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None)


def open_api(url: str, *, token: str) -> httpx.AsyncClient:
    """One client for a whole crowd; each answer under way has a connection of its own."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    return httpx.AsyncClient(
        base_url=url, headers=headers, limits=_NO_LIMITS, timeout=ANSWER_TIMEOUT_S, trust_env=False
    )


async def ask_api(http: httpx.AsyncClient, question: str) -> Heard:
    """Ask and read to the end; whatever goes wrong is noted in what was heard."""
    heard = Heard()
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await _read(http, question, heard)
    except (httpx.HTTPError, TimeoutError) as error:
        heard.error = type(error).__name__
    if not heard.status and not heard.error:
        heard.error = "cut"
    return heard


async def _read(http: httpx.AsyncClient, question: str, heard: Heard) -> None:
    chars = 0
    decoder = SseDecoder()
    body = {"question": question}
    async with http.stream("POST", "/api/v1/answers", json=body) as response:
        if not response.is_success:
            problem = json.loads(await response.aread())
            heard.error = str(problem.get("code", response.status_code))
            return
        async for piece in response.aiter_bytes():
            for event in decoder.feed(piece):
                chars = _take(event, heard, chars=chars)


def _take(event: SseEvent, heard: Heard, *, chars: int) -> int:
    """Note what an event tells; the characters of text so far."""
    match event.event:
        case "text.delta":
            chars += len(json.loads(event.data)["text"])
            heard.grew(chars)
        case "answer.completed":
            answer = json.loads(event.data)["answer"]
            heard.status = answer["status"]
        case "error":
            heard.error = json.loads(event.data)["problem"]["code"]
        case _:
            pass
    return chars
