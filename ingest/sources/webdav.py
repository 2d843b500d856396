"""Files of a WebDAV server, such as Nextcloud: listed folder by folder, never elsewhere than asked."""

from __future__ import annotations

import heapq
import io
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import httpx

from ingest.sources.bodies import Body
from ingest.sources.dav_connection import (
    OF_STATUS,
    DavConnection,
    WebDavLimits,
    is_html,
    version_of,
)
from ingest.sources.dav_paths import fault_of, hiding, is_hidden, is_right_in, name_of, plain
from ingest.sources.listing import ListedFile, ListingFault, SourceFault
from ingest.sources.multistatus import (
    DavEntry,
    HugeMultistatus,
    NotMultistatus,
    read_multistatus,
)

_PAGES = (".html", ".htm", ".xhtml", ".shtml", ".mht", ".mhtml")
_MOST_FILES = 1_000_000
"""Of one look."""
_AT_ONCE_BYTES = 64 * 1024
"""A server reads a file up to this size in one go."""
_TRIES, _PAUSE_S = 3, 1.0
_LIST_BYTES = 50_000_000
"""Of the answer about one folder."""
_OF_FOLDER = frozenset({"webdav_forbidden", "webdav_missing", "webdav_locked"})
"""What a server says of one folder while it answers for the others."""
_OF_FILE = {
    "webdav_forbidden": "file_unreadable",
    "webdav_missing": "file_missing",
    "webdav_locked": "file_locked",
}
_ORDINARY = WebDavLimits()
_PERHAPS_OF_FILE = {
    "webdav_busy": "file_withheld",
    "webdav_failed": "file_withheld",
    "webdav_stopped": "file_withheld",
    "webdav_slow": "file_slow",
}
"""What a server that still answers for its folder says of one file only."""


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
        self, url: str, *, user: str, password: str, limits: WebDavLimits = _ORDINARY
    ) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._limits = limits
        self._server = DavConnection(url, user=user, password=password, limits=limits)

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
                        raise self._server.fault("webdav_too_large")
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
        try:
            with self._opened(file) as stream:
                yield stream
        except SourceFault as fault:
            of_file = _PERHAPS_OF_FILE.get(fault.code)
            if of_file is None or not self._answers():
                raise
            raise SourceFault(of_file, is_transient=True) from None

    @contextmanager
    def _opened(self, file: ListedFile) -> Generator[BinaryIO]:
        ends = time.monotonic() + self._limits.answer_s
        with self._server.asked("GET", file.place, ends=ends) as response:
            if response.status_code != 200:
                code = self._server.code_of(response)
                if code in _OF_FILE:
                    raise SourceFault(_OF_FILE[code], is_transient=code != "webdav_forbidden")
                raise self._server.fault(code, status=response.status_code)
            if is_html(response) and not _is_page(file, response):
                raise self._server.fault("webdav_not_dav")
            body = Body(self._server.pieces(response, ends=ends))
            yield cast("BinaryIO", io.BufferedReader(body, 1 << 20))
            if body.is_read and file.size_bytes not in (-1, body.size_bytes):
                raise SourceFault("file_changing", is_transient=True)
        if body.size_bytes > _AT_ONCE_BYTES:
            self._refuse_changed(file, told=version_of(response), ends=ends)

    def _answers(self) -> bool:
        """True when the server answers for the folder itself; a test of the connection, as for its time."""
        ends = time.monotonic() + self._limits.test_s
        try:
            with self._server.told(urlsplit(self._url).path, depth=0, ends=ends) as response:
                return response.status_code == 207 and not is_html(response)
        except SourceFault:
            return False

    def _refuse_changed(self, file: ListedFile, *, told: str, ends: float) -> None:
        """Ask again for the version of a file that was read in pieces: they may be of two versions."""
        with self._server.asked("HEAD", file.place, ends=ends) as response:
            now = version_of(response)
            if response.status_code == 200 and told and now and now != told:
                raise SourceFault("file_changing", is_transient=True)

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._server.close()

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
        with self._server.told(path, depth=1, ends=ends) as response:
            if response.status_code != 207:
                raise self._server.fault(
                    self._server.code_of(response), status=response.status_code
                )
            if is_html(response):
                raise self._server.fault("webdav_not_dav")
            pieces = self._server.pieces(response, ends=ends, most=_LIST_BYTES, check=check)
            try:
                yield self._members(read_multistatus(pieces), folder=path)
            except NotMultistatus:
                raise self._server.fault("webdav_malformed") from None
            except HugeMultistatus:
                raise self._server.fault("webdav_too_large") from None

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
            code = OF_STATUS.get(entry.status, "webdav_failed")
            raise self._server.fault(code, status=entry.status)
        if entry.is_told and not entry.is_folder:
            raise self._server.fault("webdav_missing")
        return entry.is_told


def _is_page(file: ListedFile, response: httpx.Response) -> bool:
    """True for a file that is a page by its name, or else one just as long as was listed."""
    is_as_listed = response.headers.get("content-length") == str(file.size_bytes)
    return file.name.lower().endswith(_PAGES) or is_as_listed
