"""Mistral's SDK tamed: any OpenAI-compatible address, our time-outs, no telemetry, no key of its own.

The SDK reads keys from the environment, traces its calls and fixes its time-outs and paths; all of
this is replaced here, at the two places it offers (HTTP client and hooks), and nowhere else.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
from mistralai.client import Mistral
from mistralai.client._hooks.sdkhooks import SDKHooks
from mistralai.client._hooks.types import BeforeRequestContext, BeforeRequestHook
from mistralai.client.models import (
    AssistantMessage,
    ChatCompletionStreamRequestMessage,
    CompletionChunk,
    CompletionEvent,
    SystemMessage,
    UserMessage,
)
from mistralai.client.utils.eventstreaming import EventStreamAsync, stream_events_async
from pydantic import ValidationError

from assistant.ports.models import ChatMessage

_MESSAGES = {"system": SystemMessage, "user": UserMessage, "assistant": AssistantMessage}
_MISTRAL_HOST = "mistral.ai"
_CONNECTIONS = 200
_THOUGHT = re.compile(r'"reasoning(?:_content)?"\s*:\s*"(?!")')
"""Reasoning beside the content, as vLLM, llama.cpp and Ollama send it; a quote within a text is
escaped, so words of the answer are never taken for it."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one call, in seconds."""

    connect_s: float
    stall_s: float


@dataclass(frozen=True, slots=True)
class StreamItem:
    """One event of a stream."""

    chunk: CompletionChunk
    is_thinking: bool
    """True when it carries the model's reasoning, which the SDK's chunk leaves out."""


class UnreadableEventError(Exception):
    """An event of a stream that is no chunk; its argument is the event as received."""


class RequestShaper(BeforeRequestHook):
    """Sets the time-outs of each request, and asks for the usage at the end of the stream."""

    def __init__(self, *, timeouts: Timeouts, asks_usage: bool) -> None:
        self.asks_usage = asks_usage
        self._timeout = httpx2.Timeout(
            connect=timeouts.connect_s,
            read=timeouts.stall_s,
            write=timeouts.stall_s,
            pool=timeouts.connect_s,
        ).as_dict()

    def before_request(
        self, hook_ctx: BeforeRequestContext, request: httpx2.Request
    ) -> httpx2.Request | Exception:
        """The request as it leaves."""
        content = request.content
        if self.asks_usage:
            body = cast("dict[str, Any]", json.loads(content))
            content = json.dumps({**body, "stream_options": {"include_usage": True}}).encode()
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in {"content-length", "user-agent", "traceparent"}
        }
        return httpx2.Request(
            request.method,
            request.url.copy_with(fragment=None),
            headers={**headers, "user-agent": "assistant"},
            content=content,
            extensions={**request.extensions, "timeout": self._timeout},
        )


def base_url(url: str) -> str:
    """The address without the `/v1` that the SDK adds; given with or without it."""
    return url.strip().rstrip("/").removesuffix("/v1").rstrip("/")


def sends_usage_unasked(url: str) -> bool:
    """True for Mistral's own API, which always sends the usage and knows no `stream_options`."""
    host = urlsplit(url).hostname or ""
    return host == _MISTRAL_HOST or host.endswith(f".{_MISTRAL_HOST}")


def http_client(url: str) -> httpx2.AsyncClient:
    """A client that follows no redirection; proxies of the environment serve remote hosts only."""
    return httpx2.AsyncClient(
        follow_redirects=False,
        trust_env=not _is_loopback(url),
        event_hooks={"response": [_read_unless_stream]},
        limits=httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
    )


def build_client(
    *, url: str, api_key: str, http: httpx2.AsyncClient, shaper: RequestShaper
) -> Mistral:
    """An SDK client bound to one address, with the shaper as its only hook."""
    client = Mistral(
        api_key=lambda: api_key or None,
        server_url=base_url(url),
        async_client=cast("Any", http),
    )
    hooks = SDKHooks()
    hooks.before_request_hooks[:] = [shaper]
    hooks.after_success_hooks.clear()
    hooks.after_error_hooks.clear()
    client.sdk_configuration.__dict__["_hooks"] = hooks
    return client


def read_events(opened: EventStreamAsync[CompletionEvent]) -> EventStreamAsync[StreamItem]:
    """The same stream, decoded by one model built once.

    The SDK builds a pydantic model for every event: 0.75 ms of CPU a token, against 0.04 ms here.
    Reading it raises `UnreadableEventError` at an event that is no chunk.
    """
    events = cast("EventStreamAsync[StreamItem]", opened)
    events.generator = stream_events_async(opened.response, _decode, sentinel="[DONE]")
    return events


def _decode(raw: str) -> StreamItem:
    try:
        chunk = CompletionEvent.model_validate_json(raw).data
    except ValidationError:
        raise UnreadableEventError(raw) from None
    return StreamItem(chunk, is_thinking=_THOUGHT.search(raw) is not None)


def as_messages(messages: Sequence[ChatMessage]) -> list[ChatCompletionStreamRequestMessage]:
    """Messages as the SDK's own models, which it takes as they are."""
    return [_MESSAGES[message.role](content=message.content) for message in messages]


async def _read_unless_stream(response: httpx2.Response) -> None:
    """Read an answer that is no stream: the SDK fails on an error without a body otherwise."""
    if response.is_error or "text/event-stream" not in response.headers.get("content-type", ""):
        await response.aread()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
