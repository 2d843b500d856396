"""The open generations of a serving process: some are searched, all of them follow every change.

A search borrows the one that its tenant searches for all of its time: its vector is made by that
generation's embedder, and a switch meanwhile changes nothing for it. Whoever changes an index or the
choice of what is searched holds `steady()`; searches never wait for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import structlog

from assistant.domain.cuts import Cut
from assistant.domain.errors import ConfigurationError, Conflict
from assistant.domain.generations import (
    Generation,
    GenerationState,
)
from assistant.domain.ids import GenerationId, TenantId, VersionId, new_id
from assistant.ports.clock import Clock
from assistant.ports.generations import EmbedderShelf, IndexPlaces
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.generation_choice import Choice
from assistant.services.generation_opening import Opener
from assistant.services.generation_remains import Remains
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

Decide = Callable[[UnitOfWork], Sequence[GenerationId]]
"""Checks and writes who searches what, in the transaction of a switch; raises to refuse.

Gives the generations that are searched by more tenants from then on, but for the active one.
"""


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
        self._opener = Opener(open_work, places, shelf, sleep=sleep)
        self._remains = Remains(open_work, places, sleep=sleep, grace_s=grace_s)
        self._changing = threading.RLock()
        self._opened: dict[GenerationId, OpenedGeneration] = {}
        self._choice: Choice | None = None

    @property
    def active(self) -> OpenedGeneration:
        """The generation that tenants without a choice of their own search from now on.

        Raises:
            Conflict: None is open yet.
        """
        return self._chosen.active

    @property
    def searched(self) -> tuple[OpenedGeneration, ...]:
        """All generations that are searched by somebody, the active one first."""
        return self._chosen.searched

    def of(self, tenant_id: TenantId | None) -> OpenedGeneration:
        """What a tenant searches from now on; None is any tenant without a choice of its own."""
        return self._chosen.of(tenant_id)

    @property
    def _chosen(self) -> Choice:
        if self._choice is None:
            raise Conflict("generation_unknown")
        return self._choice

    def open(self) -> None:
        """Open every whole generation; the first start makes the first one, of the index there is.

        Raises:
            ConfigurationError: The embedder of the active one is not in the settings
                ("index_other_embedder"), or as the engine says.
            IndexUnavailable: The index of the active one cannot be read.
        """
        generation = retried(self._first)
        active = self._opened[generation.id] = self._opener.open(generation)
        self._choice = Choice(active)
        self.look()

    def borrow(self, tenant_id: TenantId | None = None) -> AbstractContextManager[Searched]:
        """The index and the embedder for one search of a tenant, from its first act to its last."""
        return self.of(tenant_id).borrowed()

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

    @property
    def cut(self) -> Cut:
        """How documents are cut for the generation that is searched."""
        return self.active.cut

    def everyone(self) -> list[OpenedGeneration]:
        """All open generations, the active one first."""
        return [self.active, *self._followers()]

    def is_behind(self, generation_id: GenerationId) -> bool:
        """True while a generation is not known to hold exactly what is live."""
        opened = self._opened.get(generation_id)
        return opened is None or opened.is_behind

    def follow(self, version_id: VersionId) -> bool:
        """Add a version to all but the active one; those that nobody searches take it if they can.

        Returns:
            False when one that is searched lacks vectors of it: it is not to be shown yet.

        Raises:
            IndexUnavailable: One that is searched cannot take it now.
        """
        searched = self.searched
        for opened in self._followers():
            if opened not in searched:
                opened.follow(version_id, open_work=self._open_work)
            elif not opened.take(version_id, open_work=self._open_work):
                return False
        return True

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

    def look(self, *, is_stopped: Callable[[], bool] = lambda: False) -> None:
        """Take over what the database tells: open, close, switch and erase accordingly.

        Args:
            is_stopped: True when the process ends: what is left to erase waits for the next start.

        Raises:
            StorageError: The database fails; all of it is tried again at the next call.
        """
        with self._changing:
            with self._open_work() as work:
                choices = work.generations.choices()
                kept = work.generations.list_kept()
            for generation in kept:
                if _is_fed(generation) and generation.id not in self._opened:
                    opened = self._opener.try_open(generation)
                    if opened is not None:
                        self._opened[generation.id] = opened
            self._choice = self._chosen.following(kept, choices, opened=self._opened)
            fed = {generation.id for generation in kept if _is_fed(generation)}
            for generation_id in [each for each in self._opened if each not in fed]:
                self._opened.pop(generation_id).close(discard=True)
        self._remains.look(kept, cut=self.cut, is_stopped=is_stopped)

    def switch(self, decide: Decide) -> None:
        """Change who searches what, in one step and with nothing missing.

        Searches under way end on what they began with. No document changes between the comparison of
        the indexes with the database and the commit.

        Args:
            decide: The change; called again when an index has to catch up first.

        Raises:
            Conflict: A generation is not open here ("generation_not_whole"), or does not catch up with
                the changes ("generation_behind").
        """
        self._look_again(decide)
        deadline = time.monotonic() + _MOST_BEHIND_S
        for _ in range(_TRIES):
            with self._changing:
                behind = self._switched(decide)
                if not behind:
                    return
                for opened in behind:
                    while opened.is_behind and time.monotonic() < deadline:
                        opened.catch_up(open_work=self._open_work, seconds=_STEP_S)
            if time.monotonic() > deadline:
                break
        raise Conflict("generation_behind")

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

    def _followers(self) -> list[OpenedGeneration]:
        active = self._chosen.active
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

    def _look_again(self, decide: Decide) -> None:
        """Ask the indexes of a change again what they hold: their server may have lost some.

        That takes seconds of a large index, in which no document changes here but others may write.
        """
        with self._changing:
            with self._open_work() as work:
                work.lock()
                wanted = self._wanted(decide, work)
            for opened in wanted:
                opened.look_again()

    def _wanted(self, decide: Decide, work: UnitOfWork) -> list[OpenedGeneration]:
        """The generations of a change that is made in a transaction."""
        wanted = [self._opened.get(each) for each in decide(work)]
        found = [each for each in wanted if each is not None]
        if len(found) < len(wanted):
            raise Conflict("generation_not_whole")
        return found

    def _switched(self, decide: Decide) -> list[OpenedGeneration]:
        """Commit a change of who searches what; the generations that have to catch up first, if any."""
        with self._open_work() as work:
            work.lock()
            found = self._wanted(decide, work)
            behind = [each for each in found if each.is_behind or each.differs(work)]
            if behind:
                for opened in behind:
                    opened.is_behind = True
                return behind
            active = work.generations.active()
            if active is not None:
                work.ledger.set_active_index(active.composition.embedder.id)
            kept, choices = work.generations.list_kept(), work.generations.choices()
            work.commit()
        self._choice = self._chosen.following(kept, choices, opened=self._opened)
        return []


def _is_fed(generation: Generation) -> bool:
    is_filling = generation.state is GenerationState.BUILDING
    return generation.is_whole or (is_filling and generation.progress.is_embedded)
