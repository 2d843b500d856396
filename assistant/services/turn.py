"""One turn of one job: files are read ahead, embedded and kept, until all are done or others wait."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

from assistant.domain.backoff import BackOff
from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, StorageError, UpstreamError
from assistant.domain.jobs import JobItem
from assistant.services.fillers import Fillers
from assistant.services.job_run import JobRun, Stopped
from assistant.services.read_ahead import ReadAhead
from assistant.services.reading_places import ReadingPlaces
from assistant.services.readings import Outcome, Readings
from assistant.services.setbacks import NOT_BEGUN, Failure, failure_of
from ingest.model import IngestedFile

_TICK_S = 0.5
_IN_A_ROW = 2
"""Files that fail in passing one after the other: what they need is away, it is not the files."""


class GaveWay(Exception):
    """The slice is over, and another job or a generation of the index waits."""


class Paused(Exception):
    """What the files need is away.

    Attributes:
        until: When to take the job again.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class _GivenUp(Exception):
    """All files that were left failed with one reason."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker gives to each of its turns."""

    read: Callable[[JobItem], Outcome]
    fillers: Fillers
    children: int
    """Files of a tenant read at once."""
    item_attempts: int
    """How often a file may be begun."""
    back_off: BackOff
    slice_s: float
    """How long a turn lasts while others wait, in seconds."""
    places: ReadingPlaces
    leaves_readings: bool = True
    """Whether a turn may give way while it only waits for readings, which go on beside others' turns:
    not where another worker could take the job, and would read the files again."""
    is_awaited: Callable[[], bool] = lambda: False
    """True when something else than a job waits for the worker."""
    readings: Readings = field(default_factory=Readings)
    draw: Callable[[], float] = random.random
    """A number from 0 to 1, which spreads the tries."""


class Turn:
    """The work on a job from its lease on.

    Args:
        run: The writes on the job.
        tools: What it is done with.
        check: Waits for some seconds and raises `Stopped` when the work must end.
    """

    def __init__(self, run: JobRun, tools: Tools, *, check: Callable[[float], None]) -> None:
        self._run = run
        self._tools = tools
        self._check = check
        self._begun = time.monotonic()
        self._settled = 0
        self._batches = 0
        self._failures_in_a_row = 0
        self._tries_at: list[datetime] = []
        self._taken: tuple[JobItem, Outcome] | None = None
        self._is_over = False
        self.reading: list[JobItem] = []
        """Files that were being read, or waited to be embedded, when the work was stopped."""
        self.begun: list[JobItem] = []
        """Files that are still marked as begun after the work ended, as the database was away."""

    def work(self) -> None:
        """Go as far as possible now; what was begun and not ended is given back unblamed.

        Raises:
            Stopped: The job is no longer ours, was cancelled, or the process ends.
            GaveWay: Others wait, and this turn was long enough.
            Paused: What the files need is away.
            StorageError: The database or the file store fails.
        """
        with ReadAhead(self._read, children=self._tools.children) as ahead:
            try:
                self._go_through(ahead)
            except _GivenUp:
                return
            except (Stopped, GaveWay, Paused, StorageError) as error:
                if isinstance(error, GaveWay | Paused):
                    self._put_aside(ahead)
                self.reading = [*([self._taken[0]] if self._taken else []), *ahead.items]
                self._give_back(self.reading)
                raise
            finally:
                self._is_over = True

    def _go_through(self, ahead: ReadAhead) -> None:
        while True:
            self._check(0)
            # without a file to take the turn gets nothing done: its readings go on beside others
            is_waiting = self._tools.leaves_readings and ahead.is_reading
            self._give_way_if_due(has_progress=self._settled > 0 or is_waiting)
            self._top_up(ahead)
            if not ahead.items:
                return
            self._taken = ahead.take(timeout_s=_TICK_S)
            if self._taken is None:
                continue
            item, outcome = self._taken
            if isinstance(outcome, Failure) and outcome.is_of_queue:
                self._wait_on(item)
                continue
            self._settle(item, outcome, ready=ahead.ready)
            self._taken = None
            self._settled += 1

    def _wait_on(self, item: JobItem) -> None:
        """Have a file read later that was not begun: nothing failed."""
        self._check(_TICK_S)
        self._run.give_back(item)
        self._taken = None

    def _give_way_if_due(self, *, has_progress: bool) -> None:
        """End the turn when its time is over, it loses nothing by that, and others wait."""
        is_over = time.monotonic() - self._begun > self._tools.slice_s
        if has_progress and is_over and (self._run.has_others() or self._tools.is_awaited()):
            raise GaveWay

    def _top_up(self, ahead: ReadAhead) -> None:
        if ahead.room <= 0:
            return
        begun = ahead.ids
        for item in self._run.due_items(limit=len(begun) + ahead.room):
            if item.id in begun:
                continue
            if item.attempt >= self._tools.item_attempts:
                self._run.fail(
                    item, reason=Reason("attempts_exhausted", {"attempts": item.attempt})
                )
                continue
            is_suspect = item.attempt > 0
            if ahead.room <= 0 or (is_suspect and ahead.items):
                return
            started = self._run.begin(item)
            if started is not None:
                reading = self._tools.readings.take(started)
                ahead.begin(started, is_alone=is_suspect, reading=reading)

    def _settle(self, item: JobItem, outcome: Outcome, *, ready: Sequence[IngestedFile]) -> None:
        if isinstance(outcome, Failure):
            self._check(0)  # a reader that ends with its process has said nothing of the file
            self._fail(item, outcome)
            return
        marked = self._run.mark_embedding(item)
        if marked is None:
            return
        item = marked
        beside: dict[str, str] = {}
        for other in ready if not item.setbacks else ():  # it may be one of them that fails
            beside |= self._run.texts_of(other, title=other.document.title)
        title = self._run.title_of(item, ingested=outcome)
        try:
            vectors = self._tools.fillers.vectors_of(
                self._run.texts_of(outcome, title=title),
                between=self._between_batches,
                beside=beside,
                watch=lambda: self._check(0),
            )
        except UpstreamError as error:
            self._fail(item, failure_of(error))
            return
        self._run.keep(item, ingested=outcome, title=title, vectors=vectors)
        self._failures_in_a_row = 0
        self._tries_at.clear()

    def _between_batches(self, wait_s: float) -> None:
        self._check(wait_s)
        if not wait_s:
            self._batches += 1
            self._give_way_if_due(has_progress=self._settled > 0 or self._batches > 1)

    def _fail(self, item: JobItem, failure: Failure) -> None:
        """End a file that failed for good; have one that failed in passing tried again later.

        Raises:
            Paused: Several did so in a row, so that the others would too.
        """
        if not failure.is_passing:
            self._run.fail(item, reason=failure.reason)
            return
        self._failures_in_a_row += 1
        wait = self._tools.back_off.wait(
            item.setbacks + 1, spread=self._tools.draw(), asked_s=failure.wait_s
        )
        are_many = self._failures_in_a_row >= _IN_A_ROW
        if wait is not None:
            self._tries_at.append(self._run.set_back(item, reason=failure.reason, wait=wait))
            if are_many:
                self._taken = None
                raise Paused(max(self._tries_at))  # all of them are due then, and no other is tried
            return
        self._run.fail(item, reason=failure.reason)
        if are_many:
            self._run.fail_open(reason=failure.reason)
            raise _GivenUp

    def _read(self, item: JobItem) -> Outcome:
        tenant_id, places = self._run.tenant_id, self._tools.places
        with places.one_of(tenant_id, is_wanted=lambda: not self._is_over) as is_held:
            return self._tools.read(item) if is_held else NOT_BEGUN

    def _put_aside(self, ahead: ReadAhead) -> None:
        if self._taken is not None:
            done: Future[Outcome] = Future()
            done.set_result(self._taken[1])
            self._tools.readings.put(self._taken[0], done)
        ahead.hand_over(self._tools.readings.put)

    def _give_back(self, items: Sequence[JobItem]) -> None:
        for place, item in enumerate(items):
            try:
                self._run.give_back(item)
            except Conflict:
                continue  # its last commit went through after all
            except Stopped:
                return
            except StorageError:
                self.begun.extend(items[place:])
                return
