"""The open generations of a serving process: one is searched, the others follow every change.

A search borrows the one that is active for all of its time: its vector is made by that generation's
embedder, and a switch meanwhile changes nothing for it. Whoever changes an index or the choice of
the active one holds `steady()`; searches never wait for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import structlog

from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, ConfigurationError, Conflict
from assistant.domain.generations import (
    WITHOUT_INDEX,
    Generation,
    GenerationState,
)
from assistant.domain.ids import GenerationId, VersionId, new_id
from assistant.ports.clock import Clock
from assistant.ports.generations import EmbedderShelf, IndexPlaces
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.machinery import MACHINE
from assistant.services.opened_generations import OpenedGeneration, Searched
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

_STEP_S = 0.3
"""Of catching up, between two looks at what waits for the active index."""
_TRIES = 20
"""How often a switch looks again, when documents keep changing."""
_MOST_BEHIND_S = 5.0
"""How long a switch catches up at most."""
_GRACE_S = 3.0
"""Between the removal of a generation and that of its index: other processes let go of it meanwhile."""
_VECTORS_AT_ONCE = 2000


class GenerationRoom:
    """Opens, feeds, switches and closes the indexes of generations. Safe from several threads."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        places: IndexPlaces,
        shelf: EmbedderShelf,
        clock: Clock,
        *,
        sleep: Callable[[float], object] = time.sleep,
        grace_s: float = _GRACE_S,
    ) -> None:
        """Prepare; `open` opens.

        Args:
            open_work: The store.
            places: Where indexes stand.
            shelf: The embedders of the settings.
            clock: Tells when a generation was built.
            sleep: Waits between calls of an engine, so that searches pass.
            grace_s: How long the index of a removed generation is left alone.
        """
        self._open_work, self._places, self._shelf, self._clock = open_work, places, shelf, clock
        self._sleep, self._grace_s = sleep, grace_s
        self._changing = threading.RLock()
        self._opened: dict[GenerationId, OpenedGeneration] = {}
        self._active: OpenedGeneration | None = None
        self._leaving: dict[GenerationId, float] = {}

    @property
    def active(self) -> OpenedGeneration:
        """The generation that is searched from now on.

        Raises:
            Conflict: None is open yet.
        """
        if self._active is None:
            raise Conflict("generation_unknown")
        return self._active

    def open(self) -> None:
        """Open every whole generation; the first start makes the first one, of the index there is.

        Raises:
            ConfigurationError: The embedder of the active one is not in the settings
                ("index_other_embedder"), or as the engine says.
            IndexUnavailable: The index of the active one cannot be read.
        """
        generation = retried(self._first)
        self._active = self._open_one(generation)
        self.look()

    def borrow(self) -> AbstractContextManager[Searched]:
        """The index and the embedder for one search, from its first act to its last."""
        return self.active.borrowed()

    def borrow_of(self, generation_id: GenerationId) -> AbstractContextManager[Searched]:
        """As `borrow`, of any whole generation.

        Raises:
            Conflict: It is not open here ("generation_not_whole").
        """
        opened = self._opened.get(generation_id)
        if opened is None:
            raise Conflict("generation_not_whole")
        return opened.borrowed()

    @contextmanager
    def steady(self) -> Generator[None]:
        """Let no switch come between, and nobody else change an index."""
        with self._changing:
            yield

    def everyone(self) -> list[OpenedGeneration]:
        """All open generations, the active one first."""
        return [self.active, *self._followers()]

    def is_behind(self, generation_id: GenerationId) -> bool:
        """True while a generation is not known to hold exactly what is live."""
        opened = self._opened.get(generation_id)
        return opened is None or opened.is_behind

    def follow(self, version_id: VersionId) -> None:
        """Add a version to all generations but the active one, as far as their vectors are there."""
        for opened in self._followers():
            opened.follow(version_id, open_work=self._open_work)

    def note(self, version_id: VersionId, *, points: int) -> None:
        """Count what was added to the active one."""
        self.active.note(version_id, points=points)

    def step(self) -> bool:
        """Go on catching up, a little; False when there was nothing to do.

        Raises:
            StorageError: The database fails; all of it is tried again at the next call.
        """
        did_something = False
        for opened in self._followers():
            if not opened.is_due:
                continue
            with self._changing:
                did_something = self._catch_up(opened) or did_something
        return did_something

    def look(self) -> None:
        """Take over what the database tells: open, close, switch and erase accordingly.

        Raises:
            StorageError: The database fails; all of it is tried again at the next call.
        """
        with self._changing:
            with self._open_work() as work:
                kept = work.generations.list_kept()
            for generation in kept:
                if _is_fed(generation) and generation.id not in self._opened:
                    self._open_or_leave(generation)
            self._take_over(kept)
            fed = {generation.id for generation in kept if _is_fed(generation)}
            for generation_id in [each for each in self._opened if each not in fed]:
                self._opened.pop(generation_id).close(discard=True)
        for generation in kept:
            if generation.state in WITHOUT_INDEX:
                self._erase_when_left(generation)
            else:
                self._leaving.pop(generation.id, None)

    def switch(
        self, generation_id: GenerationId, *, decide: Callable[[UnitOfWork], Generation]
    ) -> None:
        """Make a whole generation the searched one, in one step and with nothing missing.

        Searches under way end on the former one. No document changes between the comparison of the
        index with the database and the commit.

        Args:
            generation_id: The generation.
            decide: Checks and records the act in the transaction of the switch; raises to refuse.

        Raises:
            Conflict: It is not open here ("generation_not_whole"), or does not catch up with the
                changes ("generation_behind").
        """
        opened = self._opened.get(generation_id)
        if opened is None:
            raise Conflict("generation_not_whole")
        deadline = time.monotonic() + _MOST_BEHIND_S
        for _ in range(_TRIES):
            with self._changing:
                while opened.is_behind and time.monotonic() < deadline:
                    opened.catch_up(open_work=self._open_work, seconds=_STEP_S)
                if self._switched(opened, decide=decide):
                    self._active = opened
                    return
            if time.monotonic() > deadline:
                break
        raise Conflict("generation_behind")

    def look_again(self) -> None:
        """Compare every follower with the database anew: another process may have fed it."""
        with self._changing:
            for opened in self._followers():
                opened.look_again()

    def flush(self) -> None:
        """Write to disk what the engines hold in memory."""
        for opened in self.everyone():
            opened.index.flush()

    def close(self) -> None:
        """Close everything; idempotent. Nobody searches any more."""
        with self._changing:
            for opened in self._opened.values():
                opened.close()
            self._opened.clear()

    def _first(self) -> Generation:
        """The active generation, made of the index in use when there is none."""
        with self._open_work() as work:
            active = work.generations.active()
            if active is not None:
                return active
            work.lock()
            active = work.generations.active() or self._made_first(work)
            work.commit()
        return active

    def _made_first(self, work: UnitOfWork) -> Generation:
        default = self._shelf.get("").identity
        built = work.ledger.active_index() or default.id
        found = next(
            (
                (name, embedder.identity)
                for name in self._shelf.names()
                if (embedder := self._shelf.get(name)).identity.id == built
            ),
            None,
        )
        if found is None:
            raise ConfigurationError("index_other_embedder", built=built, asked=default.id)
        name, identity = found
        number = work.generations.next_number()
        now = self._clock.now()
        generation = Generation(
            id=GenerationId(new_id()),
            number=number,
            embedder_name=name,
            composition=self._places.composition(identity),
            place=self._places.name(number, embedder=identity),
            state=GenerationState.ACTIVE,
            created_by=MACHINE,
            created_at=now,
            built_at=now,
            switched_at=now,
        )
        work.generations.add(generation)
        return generation

    def _open_one(self, generation: Generation) -> OpenedGeneration:
        identity = generation.composition.embedder
        embedder = self._shelf.find(identity)
        if embedder is None:
            asked = self._shelf.get("").identity.id
            raise ConfigurationError("index_other_embedder", built=identity.id, asked=asked)
        index = self._places.open(generation)
        opened = OpenedGeneration(generation, index=index, embedder=embedder, sleep=self._sleep)
        self._opened[generation.id] = opened
        return opened

    def _open_or_leave(self, generation: Generation) -> None:
        """Open one that is not searched; what fails is told and tried again."""
        try:
            self._open_one(generation)
        except AssistantError as error:
            _log.warning("generation_not_opened", number=generation.number, code=error.code)
            reason = Reason(error.code, dict(error.params))
            retried(lambda: self._tell(generation.id, reason))

    def _followers(self) -> list[OpenedGeneration]:
        active = self._active
        return [each for each in list(self._opened.values()) if each is not active]

    def _catch_up(self, opened: OpenedGeneration) -> bool:
        did_something = opened.catch_up(open_work=self._open_work, seconds=_STEP_S)
        retried(lambda: self._note(opened))
        return did_something

    def _note(self, opened: OpenedGeneration) -> None:
        """Tell how full the index of a generation under construction is, and that it is whole."""
        with self._open_work() as work:
            found = work.generations.find(opened.id)
            if found is None or found.state is not GenerationState.BUILDING:
                return
            work.lock()
            found = work.generations.find(opened.id)
            if found is None or found.state is not GenerationState.BUILDING:
                return
            progress = replace(found.progress, chunks_done=opened.points)
            noted = replace(found, progress=progress, reason=opened.trouble or found.reason)
            if not opened.is_behind:
                now = self._clock.now()
                noted = replace(noted, state=GenerationState.BUILT, built_at=now, reason=None)
            work.generations.update(noted)
            work.commit()

    def _tell(self, generation_id: GenerationId, reason: Reason) -> None:
        """Tell why a generation under construction does not get on."""
        with self._open_work() as work:
            work.lock()
            found = work.generations.find(generation_id)
            is_building = found is not None and found.state is GenerationState.BUILDING
            if found is not None and is_building and found.reason != reason:
                work.generations.update(replace(found, reason=reason))
                work.commit()

    def _take_over(self, kept: list[Generation]) -> None:
        """Search what another process switched to."""
        for generation in kept:
            opened = self._opened.get(generation.id)
            if generation.state is GenerationState.ACTIVE and opened is not None:
                self._active = opened

    def _switched(
        self, opened: OpenedGeneration, *, decide: Callable[[UnitOfWork], Generation]
    ) -> bool:
        with self._open_work() as work:
            work.lock()
            generation = decide(work)
            if opened.differs(work):
                opened.is_behind = True
                return False
            work.generations.switch(generation, now=self._clock.now())
            work.ledger.set_active_index(generation.composition.embedder.id)
            work.commit()
        return True

    def _erase_when_left(self, generation: Generation) -> None:
        """Delete the index of a generation that ended, once no process can be searching it."""
        since = self._leaving.setdefault(generation.id, time.monotonic())
        if time.monotonic() - since < self._grace_s:
            return
        self._places.erase(generation.place)
        if generation.state is GenerationState.REMOVED:
            self._forget_vectors(generation)
        retried(lambda: self._note_erased(generation.id))
        del self._leaving[generation.id]

    def _forget_vectors(self, generation: Generation) -> None:
        """Delete the vectors that no other generation uses, few at a time."""
        embedder = generation.composition.embedder

        def forget() -> int:
            with self._open_work() as work:
                others = work.generations.list_kept()
                if any(
                    each.id != generation.id and each.composition.embedder.id == embedder.id
                    for each in others
                ):
                    return 0
                count = work.generations.forget_vectors(embedder.id, limit=_VECTORS_AT_ONCE)
                work.commit()
            return count

        while retried(forget):
            self._sleep(0.05)

    def _note_erased(self, generation_id: GenerationId) -> None:
        with self._open_work() as work:
            work.lock()
            found = work.generations.find(generation_id)
            if found is not None and found.state in WITHOUT_INDEX:
                work.generations.update(replace(found, is_erased=True))
                work.commit()


def _is_fed(generation: Generation) -> bool:
    is_filling = generation.state is GenerationState.BUILDING and generation.progress.is_embedded
    return generation.is_whole or is_filling
