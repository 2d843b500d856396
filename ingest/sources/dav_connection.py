"""A connection to one WebDAV server: what goes wrong has a code, and nothing leads to another server."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from ingest.sources.listing import SourceFault

_BODY = (
    '<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/>'
    "<d:getcontentlength/><d:getetag/><d:getlastmodified/></d:prop></d:propfind>"
)
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 3
_CHECK_S = 1.0
OF_STATUS = {
    401: "webdav_unauthorized",
    403: "webdav_forbidden",
    404: "webdav_missing",
    405: "webdav_not_dav",
    410: "webdav_missing",
    423: "webdav_locked",
    429: "webdav_busy",
    501: "webdav_not_dav",
    503: "webdav_busy",
    507: "webdav_full",
}
_PASSING = frozenset({"webdav_busy", "webdav_failed", "webdav_locked", "webdav_full"})


@dataclass(frozen=True, slots=True)
class WebDavLimits:
    """How long a server may take, in seconds."""

    connect_s: float = 10
    silence_s: float = 30
    """Without any byte."""
    answer_s: float = 600
    """For one folder or one file, as a whole."""
    test_s: float = 15
    """For a test of the connection, as a whole."""


class DavConnection:
    """Asks one server. Used from one thread. No proxy and no password of the environment is used.

    Args:
        url: A folder of the server, http or https.
        user: Name for HTTP authentication; empty for none.
        password: Its password.
        limits: How long the server may take.
    """

    def __init__(self, url: str, *, user: str, password: str, limits: WebDavLimits) -> None:
        self._host = urlsplit(url).hostname or ""
        self._origin = origin_of(url)
        self._limits = limits
        self._http = httpx.Client(
            auth=httpx.BasicAuth(user, password) if user else None,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(limits.silence_s, connect=limits.connect_s),
            headers={"User-Agent": "assistant", "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._http.close()

    def told(self, path: str, *, depth: int, ends: float) -> AbstractContextManager[httpx.Response]:
        """What the server answers about a path, and with depth 1 about what is right in it."""
        headers = {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}
        return self.asked("PROPFIND", path, ends=ends, headers=headers, content=_BODY)

    @contextmanager
    def asked(
        self,
        method: str,
        path: str,
        *,
        ends: float,
        headers: dict[str, str] | None = None,
        content: str | None = None,
    ) -> Generator[httpx.Response]:
        """One answer, whatever its status; redirections are followed within the server.

        Raises:
            SourceFault: There is none by `ends`, a time of the monotonic clock.
        """
        url = f"{self._origin}{path}"  # as text, for "//host/x" joined as an address names another host
        for _ in range(_MOST_REDIRECTS + 1):
            timeout = self._timeout(ends=ends)
            try:
                request = self._http.build_request(
                    method, url, headers=headers, content=content, timeout=timeout
                )
            except (httpx.InvalidURL, UnicodeError):
                raise self.fault("webdav_malformed") from None  # an address that the server told
            response = self._sent(request)
            try:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                url = _joined(url, response.headers.get("location", ""))
            finally:
                response.close()
            if origin_of(url) != self._origin:
                raise self.fault("webdav_redirected")
        raise self.fault("webdav_redirected")

    def _timeout(self, *, ends: float) -> httpx.Timeout:
        """How long each step may take, all being over in time."""
        left = max(ends - time.monotonic(), 0.001)
        limits = self._limits
        return httpx.Timeout(min(limits.silence_s, left), connect=min(limits.connect_s, left))

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._sent_again_if_cut(request)
        except httpx.ConnectError as error:
            is_unsafe = isinstance(error.__cause__ and error.__cause__.__cause__, ssl.SSLError)
            code = "webdav_certificate" if is_unsafe else "webdav_unreachable"
            raise self.fault(code, is_transient=not is_unsafe) from None
        except httpx.ConnectTimeout:
            raise self.fault("webdav_unreachable", is_transient=True) from None
        except httpx.TimeoutException:
            raise self.fault("webdav_slow", is_transient=True) from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            raise self.fault("webdav_stopped", is_transient=True) from None

    def _sent_again_if_cut(self, request: httpx.Request) -> httpx.Response:
        """A server may close a connection that it kept open at the moment it is used again."""
        try:
            return self._http.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return self._http.send(request, stream=True)

    def pieces(
        self,
        response: httpx.Response,
        *,
        ends: float,
        most: int | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[bytes]:
        """The body of an answer as it comes. Raises `SourceFault` as `asked`, and beyond `most` bytes."""
        size, checked = 0, time.monotonic()
        try:
            for piece in response.iter_raw():
                size += len(piece)
                if most is not None and size > most:
                    raise self.fault("webdav_too_large")
                now = time.monotonic()
                if now > ends:
                    raise self.fault("webdav_slow", is_transient=True)
                if now - checked > _CHECK_S:
                    checked = now
                    check()
                yield piece
        except httpx.TimeoutException:
            raise self.fault("webdav_slow", is_transient=True) from None
        except httpx.HTTPError:
            raise self.fault("webdav_stopped", is_transient=True) from None

    def code_of(self, response: httpx.Response) -> str:
        """Code for an answer that is not the one that was asked for."""
        if response.status_code == 200 or is_html(response):
            is_page = response.status_code in {200, 404, 405}
            if is_page and response.request.method == "PROPFIND" and response.status_code != 404:
                return "webdav_not_dav"
        return OF_STATUS.get(response.status_code, "webdav_failed")

    def fault(
        self, code: str, *, status: int | None = None, is_transient: bool = False
    ) -> SourceFault:
        """A fault that names the server."""
        if code == "webdav_not_dav":
            return SourceFault(code)
        params: dict[str, str | int] = {"host": self._host}
        if code == "webdav_failed":
            params["status"] = status or 0
        return SourceFault(code, is_transient=is_transient or code in _PASSING, **params)


def version_of(response: httpx.Response) -> str:
    """What a server tells of the version of a file; empty when nothing."""
    return str(response.headers.get("etag") or response.headers.get("last-modified") or "")


def _joined(url: str, location: str) -> str:
    """Where a redirection leads; empty for what is no address."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; empty for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return ""
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port}"


def is_html(response: httpx.Response) -> bool:
    """True for a page, which WebDAV never answers."""
    return "html" in response.headers.get("content-type", "").lower()
