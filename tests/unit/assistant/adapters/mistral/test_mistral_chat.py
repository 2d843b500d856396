from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

import pytest

from assistant.adapters.mistral.chat import MistralChatModel
from assistant.domain.errors import ModelMisbehaved
from assistant.ports.models import ChatEnd, ChatText
from assistant.testing.contracts.chat import (
    MESSAGES,
    Behaviour,
    ChatModelContract,
    OpenModel,
    drain,
    read_all,
)
from assistant.testing.mock_model import MockModel, running_mock_model

MODES: dict[Behaviour, str] = {
    "answers": "mock-loop",
    "is_cut": "mock-loop",
    "unauthorized": "mock-401",
    "unknown": "mock-404",
    "busy": "mock-429",
    "server_error": "mock-500",
    "context_too_long": "mock-context",
    "stalls_first": "mock-stall-first",
    "stalls_later": "mock-stall",
    "malformed_later": "mock-malformed",
    "empty": "mock-empty",
    "unreachable": "mock-grounded",
}


@pytest.fixture(scope="module")
def server() -> Iterator[MockModel]:
    with running_mock_model() as running:
        yield running


@pytest.fixture
async def models() -> AsyncGenerator[list[MistralChatModel]]:
    """Models to close at the end of the test."""
    opened: list[MistralChatModel] = []
    yield opened
    for model in opened:
        await model.aclose()


def make_model(
    models: list[MistralChatModel],
    *,
    url: str,
    name: str,
    api_key: str = "",
    stall_s: float = 0.5,
    total_s: float = 20,
) -> MistralChatModel:
    model = MistralChatModel(
        url=url,
        name=name,
        api_key=api_key,
        temperature=0.1,
        connect_s=1,
        stall_s=stall_s,
        total_s=total_s,
    )
    models.append(model)
    return model


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class TestMistralChatModel(ChatModelContract):
    @pytest.fixture
    def open_model(self, server: MockModel, models: list[MistralChatModel]) -> OpenModel:
        def open_model(behaviour: Behaviour) -> MistralChatModel:
            url = server.url
            if behaviour == "unreachable":
                url = f"http://127.0.0.1:{closed_port()}/v1"
            stall_s = 0.5 if "stall" in behaviour else 10
            name = "mock-grounded" if behaviour == "answers" else MODES[behaviour]
            return make_model(models, url=url, name=name, stall_s=stall_s)

        return open_model


pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("suffix", ["", "/v1", "/v1/", "/"])
async def test_the_address_is_taken_with_or_without_version(
    server: MockModel, models: list[MistralChatModel], suffix: str
) -> None:
    url = server.url.removesuffix("/v1") + suffix

    assert isinstance((await read_all(make_model(models, url=url, name="mock-loop")))[-1], ChatEnd)


async def test_the_request_is_what_any_compatible_server_expects(
    server: MockModel, models: list[MistralChatModel]
) -> None:
    await read_all(make_model(models, url=server.url, name="mock-loop"), max_tokens=7)

    assert server.bodies[-1] == {
        "model": "mock-loop",
        "messages": [{"role": message.role, "content": message.content} for message in MESSAGES],
        "temperature": 0.1,
        "max_tokens": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_closing_the_stream_closes_the_upstream_at_once(
    models: list[MistralChatModel],
) -> None:
    with running_mock_model(tokens_per_s=20) as slow:
        model = make_model(models, url=slow.url, name="mock-loop")
        stream = cast("AsyncGenerator[ChatText | ChatEnd]", model.stream(MESSAGES, max_tokens=200))
        await anext(stream)
        assert slow.open_streams == 1

        await asyncio.wait_for(stream.aclose(), timeout=1)
        await asyncio.sleep(0.3)

        assert slow.open_streams == 0
        await model.aclose()


async def test_a_reply_that_never_ends_is_stopped(models: list[MistralChatModel]) -> None:
    with running_mock_model(tokens_per_s=20) as slow:
        model = make_model(models, url=slow.url, name="mock-loop", total_s=0.5)
        stream = model.stream(MESSAGES, max_tokens=5000)

        assert isinstance(await anext(stream), ChatText)
        with pytest.raises(ModelMisbehaved, match="délai"):
            await asyncio.wait_for(drain(stream), timeout=2)
        await model.aclose()


async def test_a_connection_that_breaks_is_a_malformed_stream(
    server: MockModel, models: list[MistralChatModel], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)

    with pytest.raises(Exception, match="illisible"):
        await read_all(make_model(models, url=server.url, name="mock-cut"))


async def test_no_key_of_the_environment_is_used(
    models: list[MistralChatModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "clé-du-développeur")
    headers = await headers_sent(models, api_key="")
    own = await headers_sent(models, api_key="la-nôtre".encode().hex())

    assert "authorization" not in headers
    assert own["authorization"] == f"Bearer {'la-nôtre'.encode().hex()}"
    assert own["user-agent"] == "assistant"
    assert "traceparent" not in own


async def headers_sent(models: list[MistralChatModel], *, api_key: str) -> dict[str, str]:
    """The headers of one request, as a server without answer sees them."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        model = make_model(models, url=f"http://127.0.0.1:{port}", name="m", api_key=api_key)
        with pytest.raises(Exception, match="clé"):
            await read_all(model)
        await model.aclose()
    lines = seen[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


async def test_calls_at_once_share_one_client(server: MockModel) -> None:
    clients: list[Any] = []

    class Watched(MistralChatModel):
        def _build(self, loop: asyncio.AbstractEventLoop) -> Any:
            built = super()._build(loop)
            clients.append(built.http)
            return built

    model = Watched(
        url=server.url, name="mock-loop", temperature=0, connect_s=1, stall_s=1, total_s=5
    )

    assert all(await asyncio.gather(*(model.is_reachable() for _ in range(4))))

    assert len(clients) == 4
    assert [client.is_closed for client in clients].count(False) == 1
    await model.aclose()
    assert all(client.is_closed for client in clients)


async def test_each_event_loop_has_its_own_connections(server: MockModel) -> None:
    model = make_model([], url=server.url, name="mock-loop")

    def in_another_loop() -> bool:
        async def ask() -> bool:
            reachable = await model.is_reachable()
            await model.aclose()
            return reachable

        return asyncio.run(ask())

    assert await model.is_reachable()
    await model.aclose()
    assert await asyncio.to_thread(in_another_loop)
    await model.aclose()
