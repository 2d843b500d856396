"""An OpenAI-compatible model server for tests and demonstrations, without any model.

`python -m assistant.testing.mock_model --port N [--tokens-per-s R]`. The model's name chooses what it
does: `mock-grounded` (also any name not of the mock), `-shuffled`, `-lying`, `-link`, `-loop`,
`-long-N` (N tokens of cited sentences, to measure load), and the failures `-401`, `-404`, `-429`,
`-429-once`, `-500`, `-context`, `-context-N` (beyond N tokens), `-stall`, `-stall-first`,
`-malformed`, `-malformed-first`, `-cut`, `-empty`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from assistant.testing.embedder import HashEmbedder
from assistant.testing.mock_model_replies import WRITERS, everything, grounded
from ingest.tokens import count_tokens

_PREFIX = "mock-"
_LONG = "long-"
_TOKEN = re.compile(r"\s*\S{1,6}|\s+")
_TOKENS_BEFORE_FAULT = 12
_EMBEDDINGS = HashEmbedder(dimensions=32)
_ERRORS = {
    "401": (401, "Unauthorized"),
    "404": (404, "The model does not exist."),
    "500": (500, "Internal server error"),
    "context": (400, "This model's maximum context length is exceeded by the prompt."),
}


@dataclass(slots=True)
class _Served:
    """What the server remembers, for tests to read."""

    tokens_per_s: float | None
    played: str = ""
    """Stands in for the mode of every name."""
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    open_streams: int = 0

    def is_first(self, body: dict[str, Any]) -> bool:
        """True for the first request of its model."""
        return sum(other.get("model") == body.get("model") for other in self.bodies) == 1


@dataclass(frozen=True, slots=True)
class MockModel:
    """A running server.

    Attributes:
        url: Its address, with `/v1`.
    """

    url: str
    _served: _Served

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The requests for a reply so far."""
        return self._served.bodies

    @property
    def open_streams(self) -> int:
        """Streams begun and not yet closed."""
        return self._served.open_streams

    def play(self, mode: str = "", *, tokens_per_s: float | None = None) -> None:
        """Begin the next replies otherwise, whatever model they name.

        Args:
            mode: A model's name without `mock-`; empty for what each name chooses.
            tokens_per_s: None sends as fast as it can.
        """
        self._served.played, self._served.tokens_per_s = mode, tokens_per_s


def create_app(*, tokens_per_s: float | None = None) -> FastAPI:
    """The server's application; without a rate it sends as fast as it can."""
    return _app(_Served(tokens_per_s=tokens_per_s))


@contextmanager
def running_mock_model(*, tokens_per_s: float | None = None) -> Generator[MockModel]:
    """A server on a free port of the loopback, in a thread, until the block ends."""
    served = _Served(tokens_per_s=tokens_per_s)
    config = uvicorn.Config(_app(served), log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield MockModel(url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", _served=served)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def _app(served: _Served) -> FastAPI:
    async def chat(request: Request) -> Response:
        body = cast("dict[str, Any]", await request.json())
        served.bodies.append(body)
        mode = served.played or _mode(str(body.get("model", "")))
        failure = _failure(mode, body=body, served=served)
        if failure is not None:
            return failure
        if body.get("stream"):
            return StreamingResponse(
                _stream(mode, body=body, served=served), media_type="text/event-stream"
            )
        return JSONResponse(_whole(mode, body=body))

    async def models(request: Request) -> Response:
        del request
        names = [f"{_PREFIX}{mode}" for mode in WRITERS]
        return JSONResponse(
            {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
        )

    app = FastAPI(title="mock model", openapi_url=None)
    app.add_api_route("/v1/chat/completions", chat, methods=["POST"], response_model=None)
    app.add_api_route("/v1/models", models, response_model=None)
    app.add_api_route("/v1/embeddings", _embed, methods=["POST"], response_model=None)
    return app


async def _embed(request: Request) -> Response:
    body = cast("dict[str, Any]", await request.json())
    given: Any = body["input"]
    many = cast("list[Any]", given if isinstance(given, list) else [given])
    texts = [str(text) for text in many]
    data = [
        {"object": "embedding", "index": index, "embedding": list(vector)}
        for index, vector in enumerate(_EMBEDDINGS.embed_passages(texts))
    ]
    usage = {"prompt_tokens": sum(map(count_tokens, texts)), "total_tokens": 0}
    return JSONResponse(
        {"object": "list", "data": data, "model": body.get("model"), "usage": usage}
    )


def _mode(model: str) -> str:
    return model.removeprefix(_PREFIX) if model.startswith(_PREFIX) else "grounded"


def _prompt(body: dict[str, Any]) -> str:
    contents = _contents(body)
    return contents[-1] if contents else ""


def _contents(body: dict[str, Any]) -> list[str]:
    messages = cast("list[dict[str, Any]]", body.get("messages") or [])
    return [str(message["content"]) for message in messages]


def _prompt_tokens(body: dict[str, Any]) -> int:
    return sum(map(count_tokens, _contents(body)))


def _failure(mode: str, *, body: dict[str, Any], served: _Served) -> Response | None:
    code = mode
    if mode == "429" or (mode == "429-once" and served.is_first(body)):
        return _error(429, message="Too many requests", headers={"retry-after": "1"})
    if mode.startswith("context-"):
        code = "context" if _prompt_tokens(body) > int(mode.removeprefix("context-")) else ""
    if code in _ERRORS:
        status, message = _ERRORS[code]
        return _error(status, message=message, headers={})
    return None


def _error(status: int, *, message: str, headers: dict[str, str]) -> Response:
    body = {"error": {"message": message, "type": "mock", "code": status}}
    return JSONResponse(body, status_code=status, headers=headers)


def _tokens(mode: str, *, body: dict[str, Any]) -> tuple[list[str], str]:
    """The tokens of the reply and why it ends."""
    writer = WRITERS.get(mode, grounded)
    tokens = [] if mode == "empty" else _TOKEN.findall(writer(_prompt(body)))
    if mode.startswith(_LONG):
        tokens = _long_reply(_prompt(body), length=int(mode.removeprefix(_LONG)))
    cap = int(body.get("max_tokens") or len(tokens) or 1)
    return tokens[:cap], "length" if len(tokens) > cap else "stop"


def _long_reply(prompt: str, *, length: int) -> list[str]:
    tokens: list[str] = _TOKEN.findall(f" {everything(prompt) or grounded(prompt)}")
    return (tokens * (length // len(tokens) + 1))[:length]


def _whole(mode: str, *, body: dict[str, Any]) -> dict[str, Any]:
    tokens, reason = _tokens(mode, body=body)
    message = {"role": "assistant", "content": "".join(tokens)}
    return {
        **_head(body, kind="chat.completion"),
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": _usage(body, completion=len(tokens)),
    }


async def _stream(mode: str, *, body: dict[str, Any], served: _Served) -> AsyncIterator[str]:
    served.open_streams += 1
    try:
        tokens, reason = _tokens(mode, body=body)
        fault, _, first = mode.partition("-")
        for number, token in enumerate(tokens):
            if number == (0 if first else _TOKENS_BEFORE_FAULT):
                async for piece in _fault(fault):
                    yield piece
            yield _chunk(body, delta={"role": "assistant", "content": token})
            await asyncio.sleep(1 / served.tokens_per_s if served.tokens_per_s else 0)
        async for piece in _fault(fault):
            yield piece
        yield _chunk(body, delta={}, reason=reason)
        if cast("dict[str, Any]", body.get("stream_options") or {}).get("include_usage"):
            yield _event(
                {**_head(body), "choices": [], "usage": _usage(body, completion=len(tokens))}
            )
        yield "data: [DONE]\n\n"
    finally:
        served.open_streams -= 1


async def _fault(fault: str) -> AsyncIterator[str]:
    """What goes wrong in the middle of a stream; nothing for modes that go well."""
    if fault == "stall":
        await asyncio.sleep(3600)
    if fault == "malformed":
        yield "data: {ceci n'est pas du JSON\n\n"
    if fault == "cut":
        raise ConnectionAbortedError


def _chunk(body: dict[str, Any], *, delta: dict[str, Any], reason: str | None = None) -> str:
    return _event(
        {**_head(body), "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
    )


def _head(body: dict[str, Any], *, kind: str = "chat.completion.chunk") -> dict[str, Any]:
    return {"id": "mock", "object": kind, "created": 0, "model": body.get("model")}


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _usage(body: dict[str, Any], *, completion: int) -> dict[str, int]:
    prompt = _prompt_tokens(body)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="assistant.testing.mock_model", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--tokens-per-s", type=float, default=None)
    options = parser.parse_args()
    app = create_app(tokens_per_s=options.tokens_per_s)
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
