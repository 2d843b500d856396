"""Files of a WebDAV server, such as Nextcloud: listed folder by folder, never elsewhere than asked."""

from __future__ import annotations

import heapq
import io
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import urljoin, urlsplit

import httpx

from ingest.sources.bodies import Body
from ingest.sources.dav_paths import fault_of, hiding, is_hidden, is_right_in, name_of, plain
from ingest.sources.listing import ListedFile, ListingFault, SourceFault
from ingest.sources.multistatus import (
    DavEntry,
    HugeMultistatus,
    NotMultistatus,
    read_multistatus,
)

_BODY = (
    '<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/>'
    "<d:getcontentlength/><d:getetag/><d:getlastmodified/></d:prop></d:propfind>"
)
_PAGES = (".html", ".htm", ".xhtml", ".shtml", ".mht", ".mhtml")
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 3
_MOST_FILES = 1_000_000
"""Of one look."""
_AT_ONCE_BYTES = 64 * 1024
"""A server reads a file up to this size in one go."""
_TRIES, _PAUSE_S = 3, 1.0
_CHECK_S = 1.0
_LIST_BYTES = 50_000_000
"""Of the answer about one folder."""
_OF_STATUS = {
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
_OF_FOLDER = frozenset({"webdav_forbidden", "webdav_missing", "webdav_locked"})
"""What a server says of one folder while it answers for the others."""
_OF_FILE = {
    "webdav_forbidden": "file_unreadable",
    "webdav_missing": "file_missing",
    "webdav_locked": "file_locked",
}


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


class WebDavSource:
    """Implements `FileSource` over a folder of a WebDAV server.

    Redirections are followed within the same server only. No proxy and no password of the environment is
    used.

    Args:
        url: The folder, http or https.
        user: Name for HTTP authentication; empty for none.
        password: Its password.
        limits: How long the server may take.
    """

    def __init__(
        self, url: str, *, user: str, password: str, limits: WebDavLimits = WebDavLimits()
    ) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._host = urlsplit(url).hostname or ""
        self._origin = _origin(url)
        self._limits = limits
        self._http = httpx.Client(
            auth=httpx.BasicAuth(user, password) if user else None,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(limits.silence_s, connect=limits.connect_s),
            headers={"User-Agent": "assistant", "Accept-Encoding": "identity"},
        )

    def list(
        self, *, check: Callable[[], None] = lambda: None
    ) -> Iterator[ListedFile | ListingFault]:
        """Every file once; the entries of one folder at a time are held.

        Folders that lie too deep, or beyond the number that one look takes, are told as faults.

        Args:
            check: Called before each folder and while a long answer comes; raises to give up.

        Raises:
            SourceFault: The folder cannot be listed, or the server stops answering midway.
        """
        root = urlsplit(self._url).path
        waiting, folders, files = [root], 1, 0
        while waiting:
            check()
            path = waiting.pop()
            try:
                entries = self._entries(path, check=check)
            except SourceFault as fault:
                if path == root or fault.code not in _OF_FOLDER:
                    raise
                yield hiding(path, "folder_unreadable", root=root)
                continue
            for entry in sorted(entries, key=lambda each: each.path):
                if is_hidden(entry.path):
                    continue
                code = fault_of(entry, root=root, folders=folders)
                if code is not None:
                    yield hiding(entry.path, code, root=root)
                elif entry.is_folder:
                    waiting.append(entry.path)
                    folders += 1
                else:
                    files += 1
                    if files > _MOST_FILES:
                        raise self._fault("webdav_too_large")
                    yield self._listed(entry, root=root)

    def first_names(self, *, limit: int) -> tuple[str, ...]:
        """Names right in the folder, for a test of the connection; asked once, within `test_s`.

        Raises:
            SourceFault: As `list`.
        """
        root = urlsplit(self._url).path
        with self._answered(root, ends=time.monotonic() + self._limits.test_s) as entries:
            names = (name_of(each.path.rstrip("/"), root=root) for each in entries)
            return tuple(heapq.nsmallest(limit, names))

    @contextmanager
    def open(self, file: ListedFile) -> Generator[BinaryIO]:
        """The content of a listed file.

        A content of another size than was listed is one that changes; a page that comes in its stead, as
        servers answer whom they want to sign in, is none.

        Raises:
            SourceFault: As the port says.
        """
        ends = time.monotonic() + self._limits.answer_s
        with self._asked("GET", self._address(file.place), ends=ends) as response:
            if response.status_code != 200:
                code = self._code_of(response)
                if code in _OF_FILE:
                    raise SourceFault(_OF_FILE[code], is_transient=code != "webdav_forbidden")
                raise self._fault(code, status=response.status_code)
            if _is_html(response) and not _is_page(file, response):
                raise self._fault("webdav_not_dav")
            body = Body(self._pieces(response, ends=ends))
            yield cast("BinaryIO", io.BufferedReader(body, 1 << 20))
            if body.is_read and file.size_bytes not in (-1, body.size_bytes):
                raise SourceFault("file_changing", is_transient=True)
        if body.size_bytes > _AT_ONCE_BYTES:
            self._refuse_changed(file, told=_version(response), ends=ends)

    def _refuse_changed(self, file: ListedFile, *, told: str, ends: float) -> None:
        """Ask again for the version of a file that was read in pieces: they may be of two versions."""
        with self._asked("HEAD", self._address(file.place), ends=ends) as response:
            now = _version(response)
            if response.status_code == 200 and told and now and now != told:
                raise SourceFault("file_changing", is_transient=True)

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._http.close()

    def _address(self, path: str) -> str:
        """A path of this server; joined as text, for "//host/x" joined as an address names another host."""
        return f"{self._origin}{path}"

    def _listed(self, entry: DavEntry, *, root: str) -> ListedFile:
        stamp = " ".join(filter(None, (entry.etag, entry.modified)))
        return ListedFile(name_of(entry.path, root=root), entry.path, entry.size_bytes, stamp)

    def _entries(self, path: str, *, check: Callable[[], None]) -> list[DavEntry]:
        """What is right in a folder; a server that is busy is asked again."""
        for attempt in range(1, _TRIES):
            try:
                return self._asked_entries(path, check=check)
            except SourceFault as fault:
                if fault.code not in {"webdav_busy", "webdav_stopped", "webdav_unreachable"}:
                    raise
                check()
                time.sleep(_PAUSE_S * attempt)
        return self._asked_entries(path, check=check)

    def _asked_entries(self, path: str, *, check: Callable[[], None]) -> list[DavEntry]:
        ends = time.monotonic() + self._limits.answer_s
        with self._answered(path, ends=ends, check=check) as entries:
            return list(entries)

    @contextmanager
    def _answered(
        self, path: str, *, ends: float, check: Callable[[], None] = lambda: None
    ) -> Generator[Iterator[DavEntry]]:
        """What a server answers about a folder, as it comes."""
        url = self._address(path)
        headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
        with self._asked("PROPFIND", url, ends=ends, headers=headers, content=_BODY) as response:
            if response.status_code != 207:
                raise self._fault(self._code_of(response), status=response.status_code)
            if _is_html(response):
                raise self._fault("webdav_not_dav")
            pieces = self._pieces(response, ends=ends, most=_LIST_BYTES, check=check)
            try:
                yield self._members(read_multistatus(pieces), folder=path)
            except NotMultistatus:
                raise self._fault("webdav_malformed") from None
            except HugeMultistatus:
                raise self._fault("webdav_too_large") from None

    def _members(self, entries: Iterator[DavEntry], *, folder: str) -> Iterator[DavEntry]:
        """What is right in a folder; an answer that tells nothing of the folder is none about it."""
        is_told = False
        for entry in entries:
            if plain(entry.path) == plain(folder):
                is_told = self._is_folder(entry) or is_told
            elif is_right_in(entry.path, folder=folder):
                is_told = True
                yield entry
        if not is_told:
            raise NotMultistatus

    def _is_folder(self, entry: DavEntry) -> bool:
        """True for the asked folder itself, False when the server does not say what it is."""
        if not 200 <= entry.status < 300:
            code = _OF_STATUS.get(entry.status, "webdav_failed")
            raise self._fault(code, status=entry.status)
        if entry.is_told and not entry.is_folder:
            raise self._fault("webdav_missing")
        return entry.is_told

    @contextmanager
    def _asked(
        self,
        method: str,
        url: str,
        *,
        ends: float,
        headers: dict[str, str] | None = None,
        content: str | None = None,
    ) -> Generator[httpx.Response]:
        for _ in range(_MOST_REDIRECTS + 1):
            timeout = self._timeout(ends=ends)
            request = self._http.build_request(
                method, url, headers=headers, content=content, timeout=timeout
            )
            response = self._sent(request)
            try:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                url = urljoin(url, response.headers.get("location", ""))
            finally:
                response.close()
            if _origin(url) != self._origin:
                raise self._fault("webdav_redirected")
        raise self._fault("webdav_redirected")

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
            raise self._fault(code, is_transient=not is_unsafe) from None
        except httpx.ConnectTimeout:
            raise self._fault("webdav_unreachable", is_transient=True) from None
        except httpx.TimeoutException:
            raise self._fault("webdav_slow", is_transient=True) from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            raise self._fault("webdav_stopped", is_transient=True) from None

    def _sent_again_if_cut(self, request: httpx.Request) -> httpx.Response:
        """A server may close a connection that it kept open at the moment it is used again."""
        try:
            return self._http.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return self._http.send(request, stream=True)

    def _pieces(
        self,
        response: httpx.Response,
        *,
        ends: float,
        most: int | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[bytes]:
        size, checked = 0, time.monotonic()
        try:
            for piece in response.iter_raw():
                size += len(piece)
                if most is not None and size > most:
                    raise self._fault("webdav_too_large")
                now = time.monotonic()
                if now > ends:
                    raise self._fault("webdav_slow", is_transient=True)
                if now - checked > _CHECK_S:
                    checked = now
                    check()
                yield piece
        except httpx.TimeoutException:
            raise self._fault("webdav_slow", is_transient=True) from None
        except httpx.HTTPError:
            raise self._fault("webdav_stopped", is_transient=True) from None

    def _code_of(self, response: httpx.Response) -> str:
        if response.status_code == 200 or _is_html(response):
            is_page = response.status_code in {200, 404, 405}
            if is_page and response.request.method == "PROPFIND" and response.status_code != 404:
                return "webdav_not_dav"
        return _OF_STATUS.get(response.status_code, "webdav_failed")

    def _fault(
        self, code: str, *, status: int | None = None, is_transient: bool = False
    ) -> SourceFault:
        if code == "webdav_not_dav":
            return SourceFault(code)
        params: dict[str, str | int] = {"host": self._host}
        if code == "webdav_failed":
            params["status"] = status or 0
        return SourceFault(code, is_transient=is_transient or code in _PASSING, **params)


def _version(response: httpx.Response) -> str:
    """What a server tells of the version of a file; empty when nothing."""
    return str(response.headers.get("etag") or response.headers.get("last-modified") or "")


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return ""
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port}"


def _is_html(response: httpx.Response) -> bool:
    return "html" in response.headers.get("content-type", "").lower()


def _is_page(file: ListedFile, response: httpx.Response) -> bool:
    """True for a file that is a page by its name, or else one just as long as was listed."""
    is_as_listed = response.headers.get("content-length") == str(file.size_bytes)
    return file.name.lower().endswith(_PAGES) or is_as_listed
