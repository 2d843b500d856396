"""A chat model behind an OpenAI-compatible endpoint: vLLM, llama.cpp, Ollama, or Mistral's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from assistant.adapters.mistral import failures
from assistant.domain.answers import TokenUsage
from assistant.ports.models import ChatEnd, ChatMessage, ChatText
from ingest.tokens import count_tokens

if TYPE_CHECKING:
    import httpx2
    from mistralai.client import Mistral
    from mistralai.client.utils.eventstreaming import EventStreamAsync

    from assistant.adapters.mistral.client import RequestShaper, StreamItem


@dataclass(frozen=True, slots=True)
class _Built:
    """The client of one event loop."""

    loop: asyncio.AbstractEventLoop
    http: httpx2.AsyncClient
    sdk: Mistral
    shaper: RequestShaper


class MistralChatModel:
    """Streams replies of one model. One HTTP client per process, built at the first call.

    Args:
        url: Address of the service, with or without its final `/v1`.
        name: Model name, as the service knows it.
        api_key: Key of the service, empty for none. Keys of the environment are never used.
        temperature: Sampling temperature, in [0, 2].
        connect_s: Longest wait for a connection, in seconds.
        stall_s: Longest wait for a token, the first and those of a reasoning included, in seconds.
        total_s: Longest duration of a reply, in seconds.
        reach_s: Longest wait for a sign of life, in seconds.
    """

    def __init__(
        self,
        *,
        url: str,
        name: str,
        api_key: str = "",
        temperature: float,
        connect_s: float,
        stall_s: float,
        total_s: float,
        reach_s: float = 2,
    ) -> None:
        self._url = url
        self._name = name
        self._api_key = api_key
        self._temperature = temperature
        self._connect_s = connect_s
        self._stall_s = stall_s
        self._total_s = total_s
        self._reach_s = reach_s
        self._built: _Built | None = None

    @property
    def name(self) -> str:
        """Model name as configured."""
        return self._name

    async def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int
    ) -> AsyncIterator[ChatText | ChatEnd]:
        """Stream one reply: texts, then exactly one `ChatEnd`. Closing the iterator closes upstream.

        Raises:
            ModelUnavailable: Unreachable, refused, unknown model, context too long, 5xx.
            ModelBusy: 429, with what the server says of the wait.
            ModelMisbehaved: Stalled, malformed or empty stream, or longer than allowed.
        """
        deadline_s = time.monotonic() + self._total_s
        events = await self._open(messages, max_tokens=max_tokens)
        reply = _Reply()
        try:
            while True:
                item = await self._next(events, reply=reply, deadline_s=deadline_s)
                if item is None:
                    break
                text = reply.read(item)
                if text:
                    yield ChatText(text)
        finally:
            await _close(events)
        yield reply.end(messages)

    async def is_reachable(self) -> bool:
        """True when the endpoint answers in time; never raises. Also warms the client up."""
        try:
            built = await self._client()
            from assistant.adapters.mistral.client import base_url

            headers = {"authorization": f"Bearer {self._api_key}"} if self._api_key else {}
            asked = built.http.get(f"{base_url(self._url)}/v1/models", headers=headers)
            answer = await asyncio.wait_for(asked, timeout=self._reach_s)
        except Exception:  # noqa: BLE001 - whatever went wrong, the endpoint cannot be used
            return False
        return answer.status_code < failures.SERVER_ERRORS

    async def aclose(self) -> None:
        """Close the connections; the next call opens new ones."""
        built, self._built = self._built, None
        if built is not None and built.loop is asyncio.get_running_loop():
            await built.http.aclose()

    async def _client(self) -> _Built:
        """The client of the running loop; connections cannot be shared between loops.

        It is built in a thread: importing the SDK and reading certificates takes half a second.
        """
        loop = asyncio.get_running_loop()
        if self._built is not None and self._built.loop is loop:
            return self._built
        built = await asyncio.to_thread(self._build, loop)
        first = self._built
        if first is not None and first.loop is loop:
            await built.http.aclose()
            return first
        self._built = built
        return built

    def _build(self, loop: asyncio.AbstractEventLoop) -> _Built:
        from assistant.adapters.mistral import client

        shaper = client.RequestShaper(
            timeouts=client.Timeouts(connect_s=self._connect_s, stall_s=self._stall_s),
            asks_usage=not client.sends_usage_unasked(self._url),
        )
        http = client.http_client(self._url)
        sdk = client.build_client(url=self._url, api_key=self._api_key, http=http, shaper=shaper)
        _ = sdk.chat
        return _Built(loop=loop, http=http, sdk=sdk, shaper=shaper)

    async def _open(
        self, messages: Sequence[ChatMessage], *, max_tokens: int
    ) -> EventStreamAsync[StreamItem]:
        built = await self._client()
        import httpx2
        from mistralai.client.errors import MistralError

        from assistant.adapters.mistral import client

        shaper = built.shaper
        while True:
            asked_usage = shaper.asks_usage
            try:
                opened = await asyncio.wait_for(
                    built.sdk.chat.stream_async(
                        model=self._name,
                        messages=client.as_messages(messages),
                        temperature=self._temperature,
                        max_tokens=max_tokens,
                    ),
                    timeout=min(self._connect_s + self._stall_s, self._total_s),
                )
                return client.read_events(opened)
            except MistralError as error:
                if asked_usage and failures.refuses_stream_options(
                    error.status_code, body=error.body
                ):
                    shaper.asks_usage = False
                    continue
                raise _of_answer(error) from None
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
                raise failures.unreachable() from None
            except (httpx2.TimeoutException, TimeoutError):
                raise failures.stalled() from None
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
                raise failures.unreachable() from None

    async def _next(
        self, events: EventStreamAsync[StreamItem], *, reply: _Reply, deadline_s: float
    ) -> StreamItem | None:
        """The next item, None at the end; keep-alives and empty chunks are no tokens."""
        import httpx2

        from assistant.adapters.mistral.client import UnreadableEventError

        left_s = min(reply.quiet_until_s(self._stall_s), deadline_s) - time.monotonic()
        if left_s <= 0:
            raise failures.stalled()
        try:
            return await asyncio.wait_for(anext(events), timeout=left_s)
        except StopAsyncIteration:
            return None
        except (httpx2.TimeoutException, TimeoutError):
            raise failures.stalled() from None
        except UnreadableEventError as error:
            raise failures.of_stream_error(str(error)) from None
        except (httpx2.HTTPError, OSError, ValueError):
            raise failures.of_stream_error("") from None


class _Reply:
    """What has come of one reply."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._last_token_s = time.monotonic()
        self._usage: TokenUsage | None = None
        self._finish: str | None = None

    def quiet_until_s(self, stall_s: float) -> float:
        """When the silence has lasted too long, on the monotonic clock."""
        return self._last_token_s + stall_s

    def read(self, item: StreamItem) -> str:
        """The text an item adds; reasoning adds none, but it shows that the model works."""
        usage = item.chunk.usage
        if usage is not None and (usage.prompt_tokens or usage.completion_tokens):
            self._usage = TokenUsage(
                prompt=usage.prompt_tokens or 0,
                completion=usage.completion_tokens or 0,
                is_estimated=False,
            )
        text, is_thinking = "", item.is_thinking
        for choice in item.chunk.choices:
            text += _text_of(choice.delta.content)
            is_thinking = is_thinking or _thinks(choice.delta.content)
            self._finish = str(choice.finish_reason) if choice.finish_reason else self._finish
        if text:
            self._parts.append(text)
        if text or is_thinking:
            self._last_token_s = time.monotonic()
        return text

    def end(self, messages: Sequence[ChatMessage]) -> ChatEnd:
        """The end of a stream that closed in order.

        Raises:
            ModelMisbehaved: It closed without a word, or without saying that it was finished.
        """
        text = "".join(self._parts)
        if self._finish in {None, "error"}:
            raise failures.of_stream_error("")
        if not text.strip():
            raise failures.empty()
        usage = self._usage or TokenUsage(
            prompt=sum(count_tokens(message.content) for message in messages),
            completion=count_tokens(text),
            is_estimated=True,
        )
        return ChatEnd(usage=usage, is_cut=self._finish in {"length", "model_length"})


def _of_answer(error: Any) -> Exception:
    """The error of an HTTP answer; one that is no event stream is malformed."""
    if error.status_code < failures.FIRST_ERROR:
        return failures.of_stream_error(error.body)
    return failures.of_status(error.status_code, body=error.body, headers=error.headers)


def _text_of(content: object) -> str:
    """The text of a delta; parts that are no text (a model's reasoning) are left out."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = cast("list[Any]", content)
    return "".join(part.text for part in parts if getattr(part, "type", "") == "text")


def _thinks(content: object) -> bool:
    """True when a delta holds parts of a model's reasoning, as Mistral's own API sends it."""
    parts = cast("list[Any]", content) if isinstance(content, list) else []
    return any(getattr(part, "type", "") == "thinking" for part in parts)


async def _close(events: EventStreamAsync[Any]) -> None:
    """Close a stream at once, also while its reader is being cancelled."""
    await asyncio.shield(asyncio.ensure_future(_close_both(events)))


async def _close_both(events: EventStreamAsync[Any]) -> None:
    await events.close()
    await events.generator.aclose()
