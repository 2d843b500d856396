"""The worker's part of a generation: what is not cut or embedded, a few at a time, between jobs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import structlog

from assistant.domain.documents import Reason
from assistant.domain.errors import EmbedderUnavailable
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import GenerationId, VersionId
from assistant.ports.clock import Clock
from assistant.ports.generations import EmbedderShelf
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.generation_cutting import GenerationCutter
from assistant.services.generation_lag import GenerationLag
from assistant.services.transactions import retried
from assistant.services.vectors import VectorFiller

_log = structlog.get_logger(__name__)

SLICE_S = 2.0
"""Of work between two looks at whether a job waits."""
_LAGGING_S = 30.0
"""Between two looks at whether a whole generation lacks vectors of documents that came meanwhile."""
_AWAY_S = 15.0
"""Between two tries of an embedder that does not answer."""
_TAKEN_S = 5.0
"""Between two tries to build what another worker builds."""
_FUTURE = 64
"""Texts of the versions behind, at most, that fill the last batch of one."""


class Halted(Exception):
    """The slice ends: the generation was cancelled, or the process is to stop."""


class _SliceOver(Exception):
    """The slice ends amid a document: jobs have their turn."""


class GenerationBuilder:
    """Computes vectors for generations. Killed at any point, it goes on from the database.

    One worker at a time builds a generation, by a lease.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        shelf: EmbedderShelf,
        clock: Clock,
        *,
        owner: str,
        lease_s: float,
        cutter: GenerationCutter,
        slice_s: float = SLICE_S,
        retry_delays_s: tuple[float, ...] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            open_work: The database.
            shelf: The embedders of the settings.
            clock: Tells the time of leases.
            owner: Name of this worker, unlike any other's.
            lease_s: Life of a lease, in seconds; taken anew with every slice.
            cutter: Cuts documents as generations have them.
            slice_s: Work between two looks at the rest, in seconds.
            retry_delays_s: Waits before new tries of an embedder within a slice.
            now: Seconds that only ever grow.
        """
        self._open_work, self._shelf, self._clock = open_work, shelf, clock
        self._owner, self._lease_s, self._slice_s = owner, lease_s, slice_s
        self._retry_delays_s, self._now, self._cutter = retry_delays_s, now, cutter
        self._lag = GenerationLag(open_work, now=now)
        self._todo: dict[GenerationId, deque[VersionId]] = {}
        self._away_until: dict[GenerationId, float] = {}
        self._looked_at: dict[GenerationId, float] = {}
        self._served_at: dict[GenerationId, float] = {}
        self._due: frozenset[GenerationId] = frozenset()
        """Found to need work by a look that `run_once` need not make again."""

    def is_due(self) -> bool:
        """True when a generation needs work and, as far as is known, no other worker builds it.

        Raises:
            StorageError: The database fails.
        """
        if not self._due:
            kept = self._kept()
            self._due = frozenset(each.id for each in kept if self._needs_work(each))
        return bool(self._due)

    def run_once(self, stop: threading.Event) -> bool:
        """Work on one generation for a slice, whole ones first; False when none needs it.

        Raises:
            StorageError: The database fails; all of it is tried again at the next call.
        """
        due, self._due = self._due, frozenset()
        for generation in self._kept():
            if generation.id not in due and not self._needs_work(generation):
                continue
            if self._take(generation):
                self._served_at[generation.id] = self._now()
                self._work_on(generation, stop)
                return True
            self._away_until[generation.id] = self._now() + _TAKEN_S
        return False

    def _kept(self) -> list[Generation]:
        """By turns; whole ones first: a way back that lags is refused, a construction only ends later."""
        with self._open_work() as work:
            kept = work.generations.list_kept()
        self._lag.note(kept)
        return sorted(kept, key=lambda each: (self._served_at.get(each.id, 0.0), not each.is_whole))

    def _needs_work(self, generation: Generation) -> bool:
        if self._now() < self._away_until.get(generation.id, 0.0):
            return False
        if generation.state is GenerationState.BUILDING:
            return not generation.progress.is_embedded or self._is_lagging(generation)
        return generation.is_whole and self._is_lagging(generation)

    def _is_lagging(self, generation: Generation) -> bool:
        """True when documents came meanwhile whose vectors are not there; looked at now and then."""
        if self._todo.get(generation.id):
            return True
        if self._now() - self._looked_at.get(generation.id, -_LAGGING_S) < _LAGGING_S:
            return False
        self._looked_at[generation.id] = self._now()
        lag = self._lag.look(generation)
        self._todo[generation.id] = deque(lag.versions)
        return any(lag)

    def _take(self, generation: Generation) -> bool:
        """One worker builds; what a whole one lacks is little, and computed twice at worst."""
        if generation.is_whole:
            return True
        now = self._clock.now()
        until = now + timedelta(seconds=self._lease_s)
        with self._open_work() as work:
            is_ours = work.generations.lease(generation.id, owner=self._owner, now=now, until=until)
            work.commit()
        return is_ours

    def _work_on(self, generation: Generation, stop: threading.Event) -> None:
        embedder = self._shelf.find(generation.composition.embedder)
        if embedder is None:
            self._fail(
                generation, Reason("embedder_not_configured", {"name": generation.embedder_name})
            )
            return
        filler = VectorFiller(
            self._open_work,
            embedder,
            batch_size=self._shelf.batch_size(generation.embedder_name),
            retry_delays_s=self._retry_delays_s,
        )
        try:
            self._fill(generation, filler, stop)
        except Halted:
            self._todo.pop(generation.id, None)
        except EmbedderUnavailable as error:
            reason = Reason(error.code, dict(error.params))
            self._away_until[generation.id] = self._now() + max(_AWAY_S, error.retry_after_s or 0)
            if error.transient:
                self._amend(generation.id, lambda held: replace(held, reason=reason))
            else:
                self._fail(generation, reason)

    def _fill(self, generation: Generation, filler: VectorFiller, stop: threading.Event) -> None:
        cut = generation.composition.cut
        deadline = self._now() + self._slice_s
        if not self._is_cut(generation, stop, deadline=deadline):
            return
        todo = self._todo.get(generation.id) or deque(self._lag.look(generation).versions)
        self._todo[generation.id] = todo

        def between(wait_s: float) -> None:
            self._check(generation, stop)
            if wait_s and stop.wait(wait_s):
                raise Halted
            if self._now() >= deadline:
                raise _SliceOver

        with suppress(_SliceOver):  # of a long document, what was computed is kept
            while todo and self._now() < deadline:
                with self._open_work() as work:
                    texts = work.ledger.texts_of(todo[0], cut)
                    beside = work.ledger.texts_of(todo[1], cut) if len(todo) > 1 else {}
                some = dict(list(beside.items())[:_FUTURE])
                filler.vectors_of(texts, between=between, beside=some)
                todo.popleft()
        self._note(generation, embedded=filler.embedded, is_end=not todo)

    def _is_cut(self, generation: Generation, stop: threading.Event, *, deadline: float) -> bool:
        """Cut what is not cut so yet; False when some of it is left to the next slice."""
        some = self._cutter.cut_some(
            generation.composition.cut,
            check=lambda: self._check(generation, stop),
            is_over=lambda: self._now() >= deadline,
        )
        if some.done:
            self._todo.pop(generation.id, None)
            self._note_cut(generation, kept=some.kept)
        if not some.is_whole:
            self._looked_at.pop(generation.id, None)
        return some.is_whole

    def _note_cut(self, generation: Generation, *, kept: int) -> None:
        """Write how far the cutting is, by what is left: what was done before a stop counts too."""
        with self._open_work() as work:
            left = work.cuts.count_uncut(generation.composition.cut)

        def noted(held: Generation) -> Generation:
            progress, foreseen = held.progress, held.forecast.to_cut if held.forecast else 0
            done = max(progress.cut_done, foreseen - left)
            kept_as_cut = progress.kept_as_cut + kept
            return replace(held, progress=replace(progress, cut_done=done, kept_as_cut=kept_as_cut))

        self._amend(generation.id, noted)

    def _check(self, generation: Generation, stop: threading.Event) -> None:
        if stop.is_set():
            raise Halted
        with self._open_work() as work:
            held = work.generations.find(generation.id)
        if held is None or not (held.is_whole or held.state is GenerationState.BUILDING):
            raise Halted

    def _note(self, generation: Generation, *, embedded: int, is_end: bool) -> None:
        """Write how far it is; the last text of what was missing may have brought others."""
        is_embedded = is_end and not any(self._lag.look(generation))

        def noted(held: Generation) -> Generation:
            progress = held.progress
            return replace(
                held,
                reason=None,
                progress=replace(
                    progress,
                    texts_done=progress.texts_done + embedded,
                    begun_at=progress.begun_at or self._clock.now(),
                    is_embedded=progress.is_embedded or is_embedded,
                ),
            )

        self._amend(generation.id, noted)

    def _fail(self, generation: Generation, reason: Reason) -> None:
        """End a generation that cannot be built as things are; a whole one only tells why it lags."""
        _log.warning("generation_failed", number=generation.number, code=reason.code)
        self._away_until[generation.id] = self._now() + _AWAY_S
        self._amend(
            generation.id,
            lambda held: (
                replace(held, state=GenerationState.FAILED, reason=reason)
                if held.state is GenerationState.BUILDING
                else replace(held, reason=reason)
            ),
        )

    def _amend(
        self, generation_id: GenerationId, change: Callable[[Generation], Generation]
    ) -> None:
        """Change what is kept now, unless somebody ended it meanwhile."""

        def act() -> None:
            with self._open_work() as work:
                work.lock()
                held = work.generations.find(generation_id)
                if held is None or not (held.is_whole or held.state is GenerationState.BUILDING):
                    return
                work.generations.update(change(held))
                work.commit()

        retried(act)
