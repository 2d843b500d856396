"""WebDAV servers of this machine: a real one over a folder, and one that answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from wsgidav.wsgidav_app import WsgiDAVApp  # pyright: ignore[reportMissingTypeStubs]

USER, PASSWORD = "lecture", "mot-de-passe"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return


@contextmanager
def webdav_server(folder: Path, *, port: int = 0) -> Generator[str]:
    """A real WebDAV server over a folder, for one user, at a free port unless one is given; its address."""
    app: Any = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(folder)},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    server = make_server("127.0.0.1", port, app, server_class=_Server, handler_class=_Quiet)
    with _running(server):
        yield f"http://127.0.0.1:{server.server_port}"


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def told_server(answer: Answer) -> Generator[str]:
    """A server that answers every request as it is told; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            return

        def _answered(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.close_connection = True
            answer(self)

        do_PROPFIND = do_GET = _answered  # noqa: N815 - as the base class calls them

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with _running(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def _running(server: Any) -> Generator[None]:
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def said(
    status: int,
    body: bytes = b"",
    *,
    kind: str = "application/xml; charset=utf-8",
    length: int | None = None,
    **headers: str,
) -> Answer:
    """One answer; a `length` other than that of the body cuts it short."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def multistatus(*entries: str) -> bytes:
    """The body of an answer about a folder."""
    return f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{"".join(entries)}</d:multistatus>'.encode()


def entry(href: str, *, size: int | str | None = 3, etag: str = '"1"') -> str:
    """A file, or a folder when it has no size, in the answer about a folder; "" tells none of a file."""
    told = (
        "<d:resourcetype><d:collection/></d:resourcetype>"
        if size is None
        else f"<d:resourcetype/><d:getcontentlength>{size}</d:getcontentlength>"
        f"<d:getetag>{etag}</d:getetag>"
    )
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{told}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )
