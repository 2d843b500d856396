"""A pool of killable children that read files and draw pages outside the calling process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, LifoQueue

from ingest.codec import decode
from ingest.errors import ParseFailed, ParserDied, ReaderBusy, ScratchFull
from ingest.guards import check_access
from ingest.handle import ChildHandle, remove_leftovers
from ingest.limits import PRINT_S, Limits
from ingest.model import Box, IngestedFile
from ingest.parts import without_culprit
from ingest.protocol import Request, Task, load_boxes
from ingest.room import is_full, tells_full
from ingest.rows import SheetFile
from ingest.tools import PROGRAM_FOLDERS, Tool, missing_tools
from ingest.versions import reader_version

__all__ = ["Limits", "ParserPool", "remove_leftovers"]

_log = logging.getLogger(__name__)
_READING = "ingest.reading:read_file"
_MAX_FOUND_CHARS = 20_000
"""Of a passage that is looked for on a page; no slide holds more."""


@dataclass(eq=False, slots=True)
class _Call:
    """One call under way."""

    caller: str
    child: ChildHandle | None = None
    """That works for it."""
    is_interrupted: bool = False


class ParserPool:
    """Children are started on first use, kept warm, and replaced after a crash or some number of files.

    Safe to call from several threads; a call waits for a free child, no longer than the longest
    reading may take.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        children: int,
        scratch: Path,
        reading: str = _READING,
        programs: str = PROGRAM_FOLDERS,
        wait_s: float | None = None,
    ) -> None:
        """Prepare the pool; no process is started yet.

        Args:
            limits: Bounds of every reading.
            children: Greatest number of files read at once, at least 1.
            scratch: Folder for the children's own folders; made if absent.
            reading: Function that reads a file, as "module:function" or "/file.py:function".
            programs: Search path of the children for the programs they use.
            wait_s: How long a call waits for a free child, in seconds; None for as long as the
                longest reading allowed.

        Raises:
            ValueError: `children` is below 1.
        """
        if children < 1:
            raise ValueError("children must be at least 1")
        self._limits = limits
        self._scratch = scratch
        self._reading, self._programs = reading, programs
        self._wait_s = max(PRINT_S, limits.wall_s(limits.max_pages)) if wait_s is None else wait_s
        self._version = reader_version(limits)
        self._lock = threading.Lock()
        self._living: set[ChildHandle] = set()
        self._calls: set[_Call] = set()
        self._is_closed = False
        self._places: LifoQueue[ChildHandle | None] = LifoQueue()
        for _ in range(children):
            self._places.put(None)

    @property
    def version(self) -> str:
        """Version of parsers and chunker together; part of every fingerprint."""
        return self._version

    def missing_tools(self) -> frozenset[Tool]:
        """The programs that readings would use and that are not installed now; takes some 40 ms."""
        return missing_tools(self._programs)

    @property
    def process_ids(self) -> set[int]:
        """Ids of all processes of the pool's children."""
        with self._lock:
            living = list(self._living)
        return {pid for child in living for pid in child.process_ids}

    def read(
        self, path: Path, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        """The document and chunks of a file.

        An attachment that ends the child does not cost its message: the rest is read again without it.

        Args:
            path: The content; its own name carries no information.
            name: Name as ingested, a hint for title and date.
            chunk_tokens: Length of chunks; None for the one of the limits.
            caller: On whose behalf, for `interrupt`.

        Raises:
            IngestError: The file cannot become a document, its parser died, or no child became
                free in time ("reader_busy").
        """
        check_access(path, limits=self._limits)
        request = Request(path=path.absolute(), name=name, chunk_tokens=chunk_tokens)
        with self._calling(caller) as call:
            data = self._run_without_culprits(request, call)
        try:
            return replace(decode(data), chunk_tokens=chunk_tokens)
        except ValueError as error:
            raise ParserDied("parser_crashed") from error

    def read_rows(self, path: Path, *, name: str) -> SheetFile:
        """The rows of a CSV, ODS or XLSX file as they are, for lists that people fill in.

        Args:
            path: The content.
            name: Its extension tells a list of one column from plain text.

        Raises:
            IngestError: As `read`; another format is refused ("not_a_sheet").
        """
        check_access(path, limits=self._limits)
        data = self._run(Request(path=path.absolute(), name=name, task=Task.ROWS))
        try:
            return SheetFile.load(data)
        except ValueError as error:
            raise ParserDied("parser_crashed") from error

    def render_page(self, path: Path, *, page: int) -> bytes:
        """A WebP image of a PDF page (from 1), at most 150 kB where possible.

        Raises:
            IngestError: The page does not exist or cannot be rendered, or no child became free in
                time ("reader_busy").
        """
        return self._run_checked(path, task=Task.DRAW, page=page)

    def print_deck(self, path: Path) -> bytes:
        """A PDF of a PPTX, PPT or ODP by LibreOffice, on whose page n stands slide n.

        Raises:
            IngestError: LibreOffice is not installed ("slides_need_office") or does not print it
                ("slides_unrenderable"), or the child died or was not free.
        """
        check_access(path, limits=self._limits)
        return self._run(Request(path=path.absolute(), task=Task.PRINT))

    def find_boxes(self, path: Path, *, page: int, text: str) -> tuple[Box, ...]:
        """Rectangles of the lines of a PDF page (from 1) whose words a passage holds.

        Raises:
            IngestError: The page does not exist or cannot be read, or the child died or was not free.
        """
        data = self._run_checked(path, task=Task.FIND, page=page, text=text[:_MAX_FOUND_CHARS])
        try:
            return load_boxes(data)
        except ValueError as error:
            raise ParserDied("parser_crashed") from error

    def interrupt(self, caller: str | None = None) -> None:
        """End calls under way, which then raise `ParserDied`; later ones are served as before.

        Args:
            caller: Only the readings on its behalf; None for all calls.
        """
        with self._lock:
            ended = [each for each in self._calls if caller in {None, each.caller}]
            for call in ended:
                call.is_interrupted = True
            at_work = [call.child for call in ended if call.child is not None]
        for child in at_work:
            child.terminate()

    def close(self) -> None:
        """End all children, those at work included. Later calls raise `ParserDied`."""
        with self._lock:
            self._is_closed = True
            living = list(self._living)
        for child in living:
            child.terminate()
        with suppress(Empty):
            while True:
                self._discard(self._places.get_nowait())
        self._places.put(None)

    def _run_checked(self, path: Path, *, task: Task, page: int, text: str = "") -> bytes:
        check_access(path, limits=self._limits)
        if page < 1:
            raise ParseFailed("page_missing", page=page)
        return self._run(Request(path=path.absolute(), task=task, page=page, text=text))

    def _run_without_culprits(self, request: Request, call: _Call) -> bytes:
        """The result of a reading, made again without the attachments on which it died, if it is of a message."""
        while True:
            try:
                return self._run_call(request, call)
            except ParserDied as error:
                if call.is_interrupted:
                    raise
                left_out = without_culprit(
                    request.left_out, part=error.part, is_begun=error.is_part_begun
                )
                if left_out is None:
                    raise
                _log.warning("attachment left out", extra={"code": error.code})
                request = replace(request, left_out=left_out)

    @contextmanager
    def _calling(self, caller: str = "") -> Generator[_Call]:
        call = _Call(caller)
        with self._lock:
            self._calls.add(call)
        try:
            yield call
        finally:
            with self._lock:
                self._calls.discard(call)

    def _run(self, request: Request) -> bytes:
        with self._calling() as call:
            return self._run_call(request, call)

    def _run_call(self, request: Request, call: _Call) -> bytes:
        child = self._place()
        try:
            with _room_told(self._scratch):
                if child is None or child.is_spent:
                    self._discard(child)
                    child = self._start()
                with self._lock:
                    if call.is_interrupted:  # while it waited for its place
                        raise ParserDied("parser_crashed")
                    call.child = child
                return child.run(request)
        finally:
            with self._lock:
                call.child = None
                is_doomed = (
                    call.is_interrupted
                )  # it may be ended now, in the middle of another's file
            if child is not None and (child.is_spent or is_doomed):
                self._discard(child)
                child = None
            self._places.put(child)

    def _place(self) -> ChildHandle | None:
        try:
            return self._places.get(timeout=self._wait_s)
        except Empty as error:
            raise ReaderBusy("reader_busy") from error

    def _start(self) -> ChildHandle:
        with self._lock:
            if self._is_closed:
                raise ParserDied("parser_crashed")
            self._scratch.mkdir(parents=True, exist_ok=True)
            child = ChildHandle(
                limits=self._limits,
                scratch=self._scratch,
                reading=self._reading,
                programs=self._programs,
            )
            self._living.add(child)
            return child

    def _discard(self, child: ChildHandle | None) -> None:
        if child is not None:
            child.kill()
            with self._lock:
                self._living.discard(child)


@contextmanager
def _room_told(scratch: Path) -> Generator[None]:
    """Tell a full disk, whatever it looks like to a child or to its start."""
    try:
        yield
    except ParserDied as error:
        if is_full(scratch):
            raise ScratchFull from error
        raise
    except OSError as error:
        if tells_full(error):
            raise ScratchFull from error
        raise
