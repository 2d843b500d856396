"""The one way in to all that a server answers: the host it is called by, and how little Streamlit may say.

The API has its own frontier behind it. Of Streamlit only what the pages need is open: by default it
also answers figures about the process, other sites' origins, an API for agents, and in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api.errors import problem_of, response_of
from assistant.api.frontier import API_HEADERS, is_own_host, is_own_origin, own_hosts
from assistant.api.mapping import API_PREFIX
from assistant.api.pages import page

PAGE_PATHS = frozenset(
    {
        "/",
        "/conversation",
        "/compte",
        "/documents",
        "/sources",
        "/evaluation",
        "/sante",
        "/organismes",
        "/membres",
        "/groupes",
        "/collections",
        "/cles",
        "/generations",
        "/consultations",
        "/journal",
    }
)
"""Addresses of the interface, as `ui.shell` names them."""

SOCKET_PATH = "/_stcore/stream"

_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        # blob: Streamlit imports the scripts of `ui/assets` from addresses it makes itself.
        "script-src 'self' blob:",
        # Its styles are made in the browser, without any nonce.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
_PAGE_HEADERS = {
    **API_HEADERS,
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": _PAGE_POLICY,
}

_HOST_CONFIG_PATH = "/_stcore/host-config"
_HOST_CONFIG: dict[str, object] = {
    # Nobody may steer the pages from outside: Streamlit names its own cloud here.
    "allowedOrigins": [],
    "useExternalAuthToken": False,
    "enableCustomParentMessages": False,
    "enforceDownloadInNewTab": False,
    "metricsUrl": "off",
    "blockErrorDialogs": False,
    "resourceCrossOriginMode": None,
}
_STREAMLIT_PATHS = frozenset({"/_stcore/health", "/favicon.png"})
_STREAMLIT_FOLDERS = ("/static/", "/media/")
_READING = frozenset({"GET", "HEAD"})
_ASSETS = re.compile(
    r'<script type="module"[^>]* src="[^"]*"></script>|<link rel="(?:modulepreload|stylesheet)"[^>]*>'
)


class Entrance:
    """Guards everything that one server answers; see the module."""

    def __init__(self, app: ASGIApp, *, base_url: str, index: str | None = None) -> None:
        """Guard an application.

        Args:
            app: Answers the API under `/api` and, with an index, what the pages ask of Streamlit.
            base_url: Where browsers reach the service.
            index: Streamlit's own index page; None serves the API alone.
        """
        self._app = app
        self._hosts = own_hosts(base_url)
        self._index = None if index is None else _assets(index)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request, socket or event of the server's life through."""
        if scope["type"] == "websocket" and not self._may_open(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _may_open(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        return (
            self._index is not None
            and scope["path"] == SOCKET_PATH
            and is_own_host(headers, self._hosts)
            # Streamlit would take any port of this machine, and ask the Internet for its address.
            and is_own_origin(headers)
        )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["path"].startswith(f"{API_PREFIX}/")
        scope["assistant.request_id"] = uuid4().hex
        sending = _with_headers(send, API_HEADERS if is_api else _PAGE_HEADERS)
        request = Request(scope)
        if not is_own_host(request.headers, self._hosts):
            response = _refusal("host_refused", request)
        else:
            response = None if is_api else self._page(request)
        await (response or self._app)(scope, receive, sending)

    def _page(self, request: Request) -> Response | None:
        """What is answered without Streamlit; None leaves it the answer."""
        path = request.url.path
        if self._index is None or request.method not in _READING:
            return _refusal("route_not_found", request)
        if path in PAGE_PATHS:
            policy = {"Content-Security-Policy": _PAGE_POLICY}
            return page("interface.html", headers=policy, assets=self._index)
        if path == _HOST_CONFIG_PATH:
            return JSONResponse(_HOST_CONFIG)
        if path in _STREAMLIT_PATHS or path.startswith(_STREAMLIT_FOLDERS):
            return None
        return _refusal("route_not_found", request)


def _assets(index: str) -> str:
    """Streamlit's scripts and styles, as its index page names them, and nothing else of that page."""
    found = _ASSETS.findall(index)
    if not any(tag.startswith("<script") for tag in found):
        raise RuntimeError("Streamlit's index page names no script")
    return "\n".join(found)


def _refusal(code: str, request: Request) -> Response:
    return response_of(problem_of(code, params={}, request=request), request=request)


def _with_headers(send: Send, defaults: Mapping[str, str]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in defaults.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
