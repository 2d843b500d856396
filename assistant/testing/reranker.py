"""A reranker without any model, and a server of it that speaks as the known services do."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast

import httpx

from assistant.domain.errors import RerankerUnavailable

Behaviour = Literal[
    "cohere", "jina", "tei", "unauthorized", "unknown", "server_error", "busy", "refused", "not_json",
    "missing", "twice", "not_a_number", "nan", "words", "late", "unreachable",
]  # fmt: skip
"""The form of the reply, or what is wrong with it."""
_STATUSES: dict[Behaviour, int] = {
    "unauthorized": 401,
    "unknown": 404,
    "server_error": 500,
    "busy": 429,
    "refused": 422,
}


class WordReranker:
    """A `Reranker` by the share of a query's words that a text holds.

    Attributes:
        calls: The query and the texts of each call.
    """

    def __init__(self, *, is_up: bool = True) -> None:
        self._is_up = is_up
        self.calls: list[tuple[str, list[str]]] = []

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Shares in [0, 1].

        Raises:
            RerankerUnavailable: It was told to be down.
        """
        self.calls.append((query, list(texts)))
        if not self._is_up:
            raise RerankerUnavailable
        return [_share(query, text) for text in texts]

    def close(self) -> None:
        """Nothing to release."""


class RerankServer:
    """Answers `/rerank` requests in the ways of the known services.

    Attributes:
        requests: Those received, in order.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour: Behaviour = behaviour
        self.requests: list[httpx.Request] = []

    def client(self) -> httpx.Client:
        """A client whose requests all come here."""
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was asked so far."""
        return [json.loads(request.content) for request in self.requests]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The reply to one request, best text first as the services give it."""
        self.requests.append(request)
        if self._behaviour == "unreachable":
            raise httpx.ConnectError("nobody listens", request=request)
        if self._behaviour == "late":
            raise httpx.ReadTimeout("too late", request=request)
        if self._behaviour in _STATUSES:
            return httpx.Response(_STATUSES[self._behaviour], json={"message": "no"})
        if self._behaviour == "not_json":
            return httpx.Response(200, text="<html>")
        body = self.bodies[-1]
        texts = cast("list[str]", body.get("documents", body.get("texts")))
        scores = [_share(str(body["query"]), text) for text in texts]
        return httpx.Response(
            200,
            content=json.dumps(self._reply(scores)),
            headers={"content-type": "application/json"},
        )

    def _reply(self, scores: list[float]) -> object:
        order = sorted(range(len(scores)), key=lambda index: -scores[index])
        name = "score" if self._behaviour == "tei" else "relevance_score"
        rows: list[dict[str, Any]] = [{"index": index, name: scores[index]} for index in order]
        wrong: dict[str, Any] = {"not_a_number": "0.9", "nan": float("nan"), "words": None}
        if self._behaviour in wrong:
            rows[0][name] = wrong[self._behaviour]
        if self._behaviour == "missing":
            rows = rows[1:]
        if self._behaviour == "twice":
            rows = [rows[0], *rows[:-1]]
        if self._behaviour == "tei":
            return rows
        if self._behaviour == "jina":
            shown = [{**row, "document": {"text": "…"}} for row in rows]
            return {"model": "jina", "usage": {"total_tokens": 1}, "results": shown}
        return {"id": "r1", "results": rows, "meta": {"api_version": {"version": "2"}}}


def _share(query: str, text: str) -> float:
    wanted = set(query.casefold().split())
    return len(wanted & set(text.casefold().split())) / len(wanted) if wanted else 0.0


@contextmanager
def running_rerank_server(behaviour: Behaviour = "cohere") -> Generator[tuple[str, RerankServer]]:
    """The server on a free port of the loopback, in a thread, until the block ends; with its address."""
    served = RerankServer(behaviour)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            reply = served.answer(httpx.Request("POST", self.path, content=content))
            self.send_response(reply.status_code)
            self.send_header("content-length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", served
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
