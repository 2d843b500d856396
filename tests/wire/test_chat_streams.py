from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from assistant.adapters.mistral.chat import MistralChatModel
from assistant.domain.answers import TokenUsage
from assistant.domain.errors import AssistantError, ModelBusy
from assistant.ports.models import ChatEnd, ChatMessage, ChatText
from tests.wire import streams
from tests.wire.streams import serving

pytestmark = pytest.mark.anyio

SERVERS = {
    "openai": streams.OPENAI,
    "vllm": streams.VLLM,
    "llama.cpp": streams.LLAMA_CPP,
    "ollama": streams.OLLAMA,
    "mistral": streams.MISTRAL,
}
MESSAGES = (ChatMessage(role="user", content="Quelle aide ?"),)


@pytest.fixture
async def opened() -> AsyncGenerator[list[MistralChatModel]]:
    models: list[MistralChatModel] = []
    yield models
    for model in models:
        await model.aclose()


async def ask(url: str, *, opened: list[MistralChatModel]) -> list[ChatText | ChatEnd]:
    model = MistralChatModel(url=url, name="m", temperature=0, connect_s=2, stall_s=2, total_s=10)
    opened.append(model)
    return [item async for item in model.stream(MESSAGES, max_tokens=50)]


def text_of(items: list[ChatText | ChatEnd]) -> str:
    return "".join(item.text for item in items if isinstance(item, ChatText))


@pytest.mark.parametrize("server", SERVERS)
async def test_every_server_is_understood(server: str, opened: list[MistralChatModel]) -> None:
    async with serving(SERVERS[server]) as url:
        items = await ask(url, opened=opened)

    assert text_of(items) == "".join(streams.TEXTS)
    usage = TokenUsage(
        prompt=streams.PROMPT_TOKENS, completion=streams.COMPLETION_TOKENS, is_estimated=False
    )
    assert items[-1] == ChatEnd(usage=usage, is_cut=False)


def patient(url: str, *, opened: list[MistralChatModel], total_s: float = 10) -> MistralChatModel:
    """A model that waits 0.4 s for each token."""
    model = MistralChatModel(
        url=url, name="m", temperature=0, connect_s=2, stall_s=0.4, total_s=total_s
    )
    opened.append(model)
    return model


@pytest.mark.parametrize("server", streams.THOUGHTS)
async def test_a_model_that_thinks_is_not_stalled(
    server: str, opened: list[MistralChatModel]
) -> None:
    body, sizes = streams.after_deltas(streams.THOUGHTS[server], count=8)

    async with serving(body, sizes=sizes, pause_s=0.1) as url:
        stream = patient(url, opened=opened).stream(MESSAGES, max_tokens=50)
        items = [item async for item in stream]

    assert text_of(items) == "".join(streams.TEXTS)


@pytest.mark.parametrize(
    ("delta", "total_s"),
    [
        ({"content": "", "reasoning": "", "reasoning_content": None}, 10),
        (streams.THOUGHTS["vllm"], 0.5),
    ],
)
async def test_silence_and_endless_thinking_are_stopped(
    delta: dict[str, Any], total_s: float, opened: list[MistralChatModel]
) -> None:
    body, sizes = streams.after_deltas(delta, count=8)

    async with serving(body, sizes=sizes, pause_s=0.1) as url:
        stream = patient(url, opened=opened, total_s=total_s).stream(MESSAGES, max_tokens=50)
        with pytest.raises(AssistantError) as caught:
            _ = [item async for item in stream]

    assert caught.value.code == "model_stalled"


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_packets_may_cut_anything(size: int, opened: list[MistralChatModel]) -> None:
    sizes = [size] * (len(streams.VLLM.encode()) // size)

    async with serving(streams.VLLM, sizes=sizes) as url:
        assert text_of(await ask(url, opened=opened)) == "".join(streams.TEXTS)


@pytest.mark.parametrize("body", [streams.CARRIAGE_RETURNS, streams.WITH_COMMENTS])
async def test_other_line_ends_and_comments(body: str, opened: list[MistralChatModel]) -> None:
    async with serving(body) as url:
        assert text_of(await ask(url, opened=opened)) == "".join(streams.TEXTS)


async def test_tokens_are_counted_when_the_server_does_not(opened: list[MistralChatModel]) -> None:
    async with serving(streams.WITHOUT_USAGE) as url:
        end = (await ask(url, opened=opened))[-1]

    assert isinstance(end, ChatEnd)
    assert end.usage.is_estimated
    assert end.usage.prompt >= 3
    assert end.usage.completion >= 8


@pytest.mark.parametrize(
    "body",
    [
        streams.VLLM_ERROR,
        streams.LLAMA_CPP_ERROR,
        streams.TRUNCATED,
        "data: pas du JSON\n\n",
        'data: {"choices": 3}\n\n',
        b"data: \xff\xfe\n\n",
        "<html>Bonjour</html>",
    ],
)
async def test_a_stream_that_cannot_be_read_is_malformed(
    body: str | bytes, opened: list[MistralChatModel]
) -> None:
    async with serving(body) as url:
        with pytest.raises(AssistantError) as caught:
            await ask(url, opened=opened)

    assert caught.value.code == "model_malformed"


@pytest.mark.parametrize(
    ("content_type", "body"), [("text/html", "<html></html>"), ("application/json", "{}")]
)
async def test_an_answer_that_is_no_stream_is_malformed(
    content_type: str, body: str, opened: list[MistralChatModel]
) -> None:
    async with serving(body, content_type=content_type) as url:
        with pytest.raises(AssistantError) as caught:
            await ask(url, opened=opened)

    assert caught.value.code == "model_malformed"


@pytest.mark.parametrize("server", streams.CONTEXT_ERRORS)
async def test_a_prompt_too_long_is_recognised(server: str, opened: list[MistralChatModel]) -> None:
    body = json.dumps(streams.CONTEXT_ERRORS[server])
    async with serving(body, status=400, content_type="application/json") as url:
        with pytest.raises(AssistantError) as caught:
            await ask(url, opened=opened)

    assert caught.value.code == "model_context_too_long"


@pytest.mark.parametrize("server", streams.UNKNOWN_MODEL_ERRORS)
async def test_an_unknown_model_is_recognised(server: str, opened: list[MistralChatModel]) -> None:
    status, body = streams.UNKNOWN_MODEL_ERRORS[server]
    async with serving(json.dumps(body), status=status, content_type="application/json") as url:
        with pytest.raises(AssistantError) as caught:
            await ask(url, opened=opened)

    assert caught.value.code == "model_unknown"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, "", "model_unauthorized"),
        (403, "{}", "model_unauthorized"),
        (307, "", "model_malformed"),
        (400, "non", "model_refused"),
        (422, '{"detail": [{"loc": ["body"], "msg": "x", "type": "y"}]}', "model_refused"),
        (408, "", "model_server_error"),
        (413, "", "model_context_too_long"),
        (500, "", "model_server_error"),
        (502, "<html>Bad gateway</html>", "model_server_error"),
        (503, "", "model_server_error"),
    ],
)
async def test_each_status_has_its_code(
    status: int, body: str, code: str, opened: list[MistralChatModel]
) -> None:
    async with serving(body, status=status, content_type="application/json") as url:
        with pytest.raises(AssistantError) as caught:
            await ask(url, opened=opened)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ("", None),
        ("retry-after: 3\r\n", 3.0),
        ("retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", 0.0),
        ("retry-after: Wed, 21 Oct 2015 07:28:00 -0000\r\n", 0.0),
        ("retry-after: bientôt\r\n", None),
        ("retry-after: inf\r\n", None),
    ],
)
async def test_a_busy_server_says_when_to_come_back(
    headers: str, wait_s: float | None, opened: list[MistralChatModel]
) -> None:
    async with serving("", status=429, content_type="text/plain", headers=headers) as url:
        with pytest.raises(ModelBusy) as caught:
            await ask(url, opened=opened)

    assert caught.value.retry_after_s == wait_s


async def test_a_server_that_refuses_to_count_is_asked_again_without(
    opened: list[MistralChatModel],
) -> None:
    asked: list[bool] = []

    def respond(request: dict[str, Any]) -> tuple[int, str]:
        asked.append("stream_options" in request)
        refusal = '{"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"]}]}'
        return (422, refusal) if asked[-1] else (200, streams.MISTRAL)

    async with serving(respond) as url:
        model = MistralChatModel(
            url=url, name="m", temperature=0, connect_s=2, stall_s=2, total_s=10
        )
        opened.append(model)
        for _ in range(2):
            items = [item async for item in model.stream(MESSAGES, max_tokens=50)]

            assert text_of(items) == "".join(streams.TEXTS)

    assert asked == [True, False, False]
