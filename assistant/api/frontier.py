"""What every request crosses: its number, the host it names, the size of its body, its last net.

A pure ASGI layer, so that it also holds for streams and for errors outside the routes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api.errors import log_unexpected, problem_of, response_of, response_of_error
from assistant.domain.errors import AssistantError, InvalidInput
from ingest.limits import MEGABYTE

_log = structlog.get_logger(__name__)

BodyLimit = Callable[[str, str], int]
"""Largest body in bytes, by method and path."""

API_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every response that does not set its own."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def own_hosts(base_url: str, *, also: frozenset[str] = frozenset()) -> frozenset[str]:
    """Names the service answers to: loopback, that of its address, and those given.

    Any other is a name that somebody made point here, so that their page may read the answers.
    """
    names = {(urlsplit(base_url).hostname or "").lower(), *(name.lower() for name in also)}
    return _LOOPBACK | (names - {""})


def is_own_host(headers: Headers, hosts: frozenset[str]) -> bool:
    """True when a request calls the service by one of its names."""
    return _host_name(headers.get("host", "")) in hosts


def is_own_origin(headers: Headers) -> bool:
    """True when no other page's script sent a request: none is named, or the one of that address."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


class Frontier:
    """Guards an application; see the module."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], body_limit: BodyLimit) -> None:
        self._app = app
        self._hosts = hosts
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("assistant.request_id", uuid4().hex)
        passage = _Passage(scope, receive=receive, send=send)
        try:
            await self._enter(passage)
        except ClientDisconnect:
            _log.info("client_left", request_id=scope["assistant.request_id"])
        except Exception as error:  # noqa: BLE001 - the last net
            await passage.crash(error)
        finally:
            passage.log()

    async def _enter(self, passage: _Passage) -> None:
        headers = Headers(scope=passage.scope)
        if not is_own_host(headers, self._hosts):
            await passage.refuse("host_refused")
            return
        limit = self._body_limit(passage.scope["method"], passage.scope["path"])
        passage.limit_bytes = limit
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > limit:
            await passage.refuse("request_too_large")
            return
        await self._app(passage.scope, passage.receive, passage.send)


class _Passage:
    """One request on its way through."""

    def __init__(self, scope: Scope, *, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.limit_bytes = 0
        self._receive = receive
        self._send = send
        self._received_bytes = 0
        self._status = 0
        self._begun = time.monotonic()

    async def receive(self) -> Message:
        """The next message; refuses a body that grows beyond the limit."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._received_bytes += len(message.get("body", b""))
            if self._received_bytes > self.limit_bytes:
                raise InvalidInput("request_too_large", limit_mb=_megabytes(self.limit_bytes))
        return message

    async def send(self, message: Message) -> None:
        """Send on, with the headers every response carries."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in API_HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self.scope["assistant.request_id"]
        await self._send(message)

    async def refuse(self, code: str) -> None:
        """Answer with a problem instead of going on."""
        request = Request(self.scope)
        params = {"limit_mb": _megabytes(self.limit_bytes)}
        problem = problem_of(code, params=params, request=request)
        await response_of(problem, request=request)(self.scope, self._receive, self.send)

    async def crash(self, error: Exception) -> None:
        """Answer an error that nobody foresaw; once a response has begun it can only be cut."""
        request = Request(self.scope)
        if self._status:
            log_unexpected(error, request_id=self.scope["assistant.request_id"])
            raise ConnectionAbortedError from None
        if isinstance(error, AssistantError):
            response = response_of_error(error, request=request)
        else:
            log_unexpected(error, request_id=self.scope["assistant.request_id"])
            problem = problem_of("internal_error", params={}, request=request)
            response = response_of(problem, request=request)
        await response(self.scope, self._receive, self.send)

    def log(self) -> None:
        """One line per request, without its address, which may hold a secret or a name."""
        route = self.scope.get("route")
        _log.info(
            "request",
            request_id=self.scope["assistant.request_id"],
            method=self.scope["method"],
            route=getattr(route, "path", ""),
            status=self._status,
            duration_ms=round((time.monotonic() - self._begun) * 1000),
        )


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _megabytes(size_bytes: int) -> int:
    return max(1, size_bytes // MEGABYTE)
