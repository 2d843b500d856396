"""Reads files ahead in threads, so that the embedder never waits for a parser."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from assistant.domain.ids import JobItemId
from assistant.domain.jobs import JobItem
from assistant.services.readings import Outcome
from ingest.model import IngestedFile

_FILES_PER_CHILD = 4
"""Enough short files at a time to fill a batch of the embedder."""


class ReadAhead:
    """A bounded set of files being read or waiting to be embedded."""

    def __init__(self, read: Callable[[JobItem], Outcome], *, children: int) -> None:
        self._read = read
        self._capacity = _FILES_PER_CHILD * children
        self._pool = ThreadPoolExecutor(children, thread_name_prefix="read")
        self._reading: dict[Future[Outcome], JobItem] = {}
        self._is_exclusive = False

    @property
    def items(self) -> list[JobItem]:
        """Items begun and not yet taken."""
        return list(self._reading.values())

    @property
    def is_reading(self) -> bool:
        """True when there are such items and none of them can be taken yet."""
        return bool(self._reading) and not any(future.done() for future in self._reading)

    @property
    def ids(self) -> set[JobItemId]:
        """Their identifiers."""
        return {item.id for item in self._reading.values()}

    @property
    def ready(self) -> list[IngestedFile]:
        """Files read and not yet taken, in the order they were begun."""
        outcomes = (future.result() for future in self._reading if _has_result(future))
        return [outcome for outcome in outcomes if isinstance(outcome, IngestedFile)]

    @property
    def room(self) -> int:
        """How many more files may be begun."""
        if self._is_exclusive and self._reading:
            return 0
        return self._capacity - len(self._reading)

    def begin(
        self, item: JobItem, *, is_alone: bool, reading: Future[Outcome] | None = None
    ) -> None:
        """Start to read a file; alone, no other is begun until it has been taken.

        Args:
            item: The file.
            is_alone: True when its reading may end badly.
            reading: Its reading that was begun before, done or under way; None begins one.
        """
        self._is_exclusive = is_alone
        self._reading[reading or self._pool.submit(self._read, item)] = item

    def take(self, *, timeout_s: float) -> tuple[JobItem, Outcome] | None:
        """A file that has been read, None when none is within the time."""
        done, _ = wait(self._reading, timeout=timeout_s, return_when=FIRST_COMPLETED)
        for future in self._reading:
            if future in done:
                item = self._reading.pop(future)
                return item, future.result()
        return None

    def hand_over(self, keep: Callable[[JobItem, Future[Outcome]], None]) -> None:
        """Pass on what has been read and not taken, and what is being read."""
        for future, item in self._reading.items():
            if future.running() or future.done():
                keep(item, future)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _has_result(future: Future[Outcome]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
