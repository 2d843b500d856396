"""A look at a source in a thread of its own, which is left alone when its place stops answering.

A thread that waits for a dead disk cannot be ended. It is not waited for either: its look ends with a
reason, other sources have their turn, and whatever it would still do is refused, for it lost its lease.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Generic, TypeVar, cast

from assistant.services.job_run import Stopped
from assistant.services.patience import Outcome
from ingest.sources.listing import FileSource, ListedFile, ListingFault, SourceFault

T = TypeVar("T")

_LOOK_S = 1.0
_GRACE_S = 2.0
"""For a look that is no longer wanted to give its files back."""


class Pulse:
    """Tells how long a look has been waiting for its place, and the look whether it is still wanted."""

    def __init__(self) -> None:
        self._since: float | None = None
        self.is_left = False
        """True once nobody waits for the look any more: it must stop."""

    def begin(self) -> None:
        """The place is asked for something."""
        self._since = time.monotonic()

    def end(self) -> None:
        """It answered."""
        self._since = None

    @contextmanager
    def waiting(self) -> Generator[None]:
        """The place is asked for something in the block."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    @property
    def silent_s(self) -> float:
        """How long the place has not answered, in seconds."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since


class WatchedPlace:
    """Implements `FileSource` over another one, whose silence it tells.

    Args:
        place: The other one.
        pulse: Told when it is asked, and when it answered.
    """

    def __init__(self, place: FileSource, pulse: Pulse) -> None:
        self._place = place
        self._pulse = pulse

    def list(
        self, *, check: Callable[[], None] = lambda: None
    ) -> Iterator[ListedFile | ListingFault]:
        """As the place does; one that answers about folders without files is not silent."""

        def alive() -> None:
            self._pulse.end()
            check()
            self._pulse.begin()

        listing = self._place.list(check=alive)
        while True:
            with self._pulse.waiting():
                listed = next(listing, None)
            if listed is None:
                return
            yield listed

    def first_names(self, *, limit: int) -> tuple[str, ...]:
        """As the place does."""
        with self._pulse.waiting():
            return self._place.first_names(limit=limit)

    @contextmanager
    def open(self, file: ListedFile) -> Generator[BinaryIO]:
        """As the place does; a content that cannot be read on raises `SourceFault` ("file_unreadable")."""
        with ExitStack() as stack:
            stack.callback(self._pulse.end)
            with self._pulse.waiting():
                stream = stack.enter_context(self._place.open(file))
            stack.callback(self._pulse.begin)
            yield cast("BinaryIO", _WatchedStream(stream, self._pulse))

    def close(self) -> None:
        """Close the place."""
        self._place.close()


class _WatchedStream(io.RawIOBase):
    def __init__(self, stream: BinaryIO, pulse: Pulse) -> None:
        super().__init__()
        self._stream = stream
        self._pulse = pulse

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        with self._pulse.waiting():
            try:
                return self._stream.read(size)
            except OSError as error:
                raise SourceFault("file_unreadable") from error


class WatchedLook(Generic[T]):
    """Runs a look in a thread of its own.

    Args:
        look: Told the pulse that it has to keep.
    """

    def __init__(self, look: Callable[[Pulse], T]) -> None:
        self._pulse = Pulse()
        self._outcome = Outcome(lambda: look(self._pulse))
        self._thread = threading.Thread(target=self._outcome.run, name="look", daemon=True)

    @property
    def hangs(self) -> bool:
        """True once it has begun and until it ends."""
        return self._thread.ident is not None and not self._outcome.has_ended

    def result(self, *, is_wanted: Callable[[], bool], patience_s: float) -> T:
        """What the look ends with; it is begun by this.

        Args:
            is_wanted: Asked about once a second; False has the look stop.
            patience_s: How long its place may be silent, in seconds.

        Raises:
            Stopped: It is not wanted any more.
            SourceFault: Its place does not answer ("source_silent").
        """
        self._thread.start()
        while not self._outcome.wait(min(_LOOK_S, patience_s)):
            if not is_wanted():
                self._pulse.is_left = True
                self._outcome.wait(_GRACE_S)
                raise Stopped
            if self._pulse.silent_s > patience_s:
                self._pulse.is_left = True
                raise SourceFault("source_silent", is_transient=True)
        return self._outcome.take()
