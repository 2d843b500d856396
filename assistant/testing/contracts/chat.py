"""What every `ChatModel` promises. Inherit `ChatModelContract` and give its `open_model` fixture."""

# ruff: noqa: S101, D102 - tests, named by what they promise

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Literal, cast

import pytest

from assistant.domain.errors import ModelBusy, ModelMisbehaved, ModelUnavailable, UpstreamError
from assistant.ports.models import ChatEnd, ChatMessage, ChatModel, ChatText

Behaviour = Literal[
    "answers", "is_cut", "unauthorized", "unknown", "busy", "server_error", "context_too_long",
    "stalls_first", "stalls_later", "malformed_later", "empty", "unreachable",
]  # fmt: skip
"""What a model is asked to do in a test; `answers` gives at least ten pieces of text."""
OpenModel = Callable[[Behaviour], ChatModel]
"""Makes a model of a behaviour, with a stall time of at most a second."""

MESSAGES: Sequence[ChatMessage] = (
    ChatMessage(role="system", content="Répondez en français."),
    ChatMessage(role="user", content="Quelle aide la Région accorde-t-elle aux communes rurales ?"),
)
"""The prompt of these tests."""


async def read_all(model: ChatModel, *, max_tokens: int = 200) -> list[ChatText | ChatEnd]:
    """Everything one reply gives."""
    return [item async for item in model.stream(MESSAGES, max_tokens=max_tokens)]


async def drain(stream: AsyncIterator[ChatText | ChatEnd]) -> int:
    """Read a stream to its end; the number of items."""
    return len([item async for item in stream])


@pytest.mark.anyio
class ChatModelContract:
    """Inherit, and override `open_model`."""

    @pytest.fixture
    def open_model(self) -> OpenModel:
        """Makes models; must be overridden."""
        raise NotImplementedError

    async def test_texts_come_before_exactly_one_end(self, open_model: OpenModel) -> None:
        *texts, end = await read_all(open_model("answers"))

        assert len(texts) >= 10
        assert all(isinstance(item, ChatText) and item.text for item in texts)
        assert isinstance(end, ChatEnd)
        assert not end.is_cut
        assert end.usage.prompt > 0
        assert end.usage.completion > 0

    async def test_a_reply_ended_by_the_cap_says_so(self, open_model: OpenModel) -> None:
        end = (await read_all(open_model("is_cut"), max_tokens=5))[-1]

        assert isinstance(end, ChatEnd)
        assert end.is_cut

    @pytest.mark.parametrize(
        ("behaviour", "kind", "code"),
        [
            ("unreachable", ModelUnavailable, "model_unreachable"),
            ("unauthorized", ModelUnavailable, "model_unauthorized"),
            ("unknown", ModelUnavailable, "model_unknown"),
            ("server_error", ModelUnavailable, "model_server_error"),
            ("context_too_long", ModelUnavailable, "model_context_too_long"),
            ("busy", ModelBusy, "model_busy"),
            ("stalls_first", ModelMisbehaved, "model_stalled"),
            ("stalls_later", ModelMisbehaved, "model_stalled"),
            ("malformed_later", ModelMisbehaved, "model_malformed"),
            ("empty", ModelMisbehaved, "model_empty"),
        ],
    )
    async def test_each_failure_has_its_error(
        self, open_model: OpenModel, *, behaviour: Behaviour, kind: type[UpstreamError], code: str
    ) -> None:
        with pytest.raises(kind) as caught:
            await asyncio.wait_for(read_all(open_model(behaviour)), timeout=10)

        assert caught.value.code == code
        assert caught.value.sentence

    async def test_what_came_before_a_failure_is_given(self, open_model: OpenModel) -> None:
        stream = open_model("malformed_later").stream(MESSAGES, max_tokens=200)

        assert isinstance(await anext(stream), ChatText)
        with pytest.raises(ModelMisbehaved):
            await drain(stream)

    async def test_a_busy_model_tells_how_long_to_wait(self, open_model: OpenModel) -> None:
        with pytest.raises(ModelBusy) as caught:
            await read_all(open_model("busy"))

        assert caught.value.retry_after_s == 1

    async def test_a_closed_stream_can_be_followed_by_another(self, open_model: OpenModel) -> None:
        model = open_model("answers")
        stream = cast("AsyncGenerator[ChatText | ChatEnd]", model.stream(MESSAGES, max_tokens=200))
        await anext(stream)
        await asyncio.wait_for(stream.aclose(), timeout=1)

        assert isinstance((await read_all(model))[-1], ChatEnd)

    async def test_a_closed_model_can_be_used_again(self, open_model: OpenModel) -> None:
        model = open_model("answers")
        await read_all(model)
        await model.aclose()
        await model.aclose()

        assert isinstance((await read_all(model))[-1], ChatEnd)

    async def test_several_streams_run_side_by_side(self, open_model: OpenModel) -> None:
        model = open_model("answers")

        replies = await asyncio.gather(*(read_all(model) for _ in range(5)))

        assert all(reply[:-1] == replies[0][:-1] for reply in replies)

    async def test_reachable_or_not(self, open_model: OpenModel) -> None:
        assert await open_model("answers").is_reachable()
        assert not await open_model("unreachable").is_reachable()
