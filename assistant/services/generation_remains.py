"""What a generation leaves when it has ended: its index, the chunks and the vectors that only it used."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from assistant.domain.generations import WITHOUT_INDEX, Generation, GenerationState
from assistant.domain.ids import GenerationId
from assistant.ports.generations import IndexPlaces
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.transactions import retried

_VECTORS_AT_ONCE = 2000
_VERSIONS_AT_ONCE = 50
_DOCUMENTS_AT_ONCE = 100
_PAUSE_S = 0.05


class Remains:
    """Deletes them, few at a time."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        places: IndexPlaces,
        *,
        sleep: Callable[[float], object],
        grace_s: float,
    ) -> None:
        """Prepare.

        Args:
            open_work: The store.
            places: Where indexes stand.
            sleep: Waits between two transactions.
            grace_s: How long the index of an ended generation is left alone: other processes let go
                of it meanwhile.
        """
        self._open_work, self._places = open_work, places
        self._sleep, self._grace_s = sleep, grace_s
        self._leaving: dict[GenerationId, float] = {}

    def see_to(self, generation: Generation) -> None:
        """Delete what is left of a generation that ended, once no process can be searching it."""
        if generation.state not in WITHOUT_INDEX:
            self._leaving.pop(generation.id, None)
            return
        since = self._leaving.setdefault(generation.id, time.monotonic())
        if time.monotonic() - since < self._grace_s:
            return
        self._places.erase(generation.place)
        if generation.state is GenerationState.REMOVED:
            self._repeat(lambda work: _forget_chunks(work, generation))
            self._repeat(lambda work: _forget_vectors(work, generation))
        retried(lambda: self._note_erased(generation.id))
        del self._leaving[generation.id]

    def recount(self) -> None:
        """Tell documents how many passages people see of them, after a switch to another cut."""
        last = ""

        def act() -> str:
            with self._open_work() as work:
                found = work.cuts.recount(after=last, limit=_DOCUMENTS_AT_ONCE)
                work.commit()
            return found

        while last := retried(act):
            self._sleep(_PAUSE_S)

    def _repeat(self, forget: Callable[[UnitOfWork], int]) -> None:
        def act() -> int:
            with self._open_work() as work:
                count = forget(work)
                if count:
                    work.commit()
            return count

        while retried(act):
            self._sleep(_PAUSE_S)

    def _note_erased(self, generation_id: GenerationId) -> None:
        with self._open_work() as work:
            work.lock()
            found = work.generations.find(generation_id)
            if found is not None and found.state in WITHOUT_INDEX:
                work.generations.update(replace(found, is_erased=True))
                work.commit()


def _others(work: UnitOfWork, generation: Generation) -> list[Generation]:
    return [each for each in work.generations.list_kept() if each.id != generation.id]


def _forget_chunks(work: UnitOfWork, generation: Generation) -> int:
    """Delete some chunks of its cut, unless another one has the same."""
    cut = generation.composition.cut
    if any(each.composition.cut == cut for each in _others(work, generation)):
        return 0
    return work.cuts.forget(cut, limit=_VERSIONS_AT_ONCE)


def _forget_vectors(work: UnitOfWork, generation: Generation) -> int:
    """Delete some vectors of its embedder, but those of texts that others search by it."""
    made = generation.composition
    cuts = [
        each.composition.cut
        for each in _others(work, generation)
        if each.composition.embedder == made.embedder
    ]
    if made.cut in cuts:
        return 0
    return work.generations.forget_vectors(made.embedder.id, limit=_VECTORS_AT_ONCE, but=cuts)
