"""What a generation leaves when it has ended: its index, the chunks and the vectors that only it used."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.generations import WITHOUT_INDEX, Generation, GenerationState
from assistant.domain.ids import GenerationId
from assistant.ports.generations import IndexPlaces
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.transactions import retried

_VECTORS_AT_ONCE = 2000
_VERSIONS_AT_ONCE = 50
_DOCUMENTS_AT_ONCE = 100
_PAUSE_S = 0.05
_SLICE_S = 2.0
"""Of one look, as others are seen to meanwhile."""

IsOver = Callable[[], bool]
"""True when the rest is to be left for later."""
_Act = Callable[[UnitOfWork, Generation, str], str]
"""Deletes some beyond a key; gives the last key, empty when all are done."""


@dataclass
class _Leaving:
    """How far the deletion is of what a generation leaves."""

    since: float
    is_index_erased: bool = False
    acts: list[_Act] = field(default_factory=lambda: [*_ACTS])
    after: str = ""


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
        self._leaving: dict[GenerationId, _Leaving] = {}
        self._counted_cut: Cut | None = ORDINARY
        """By which documents tell the number of their passages; told anew after a start."""
        self._recounting: tuple[Cut | None, str] = None, ""

    def look(self, kept: Sequence[Generation], *, cut: Cut, is_stopped: IsOver) -> None:
        """Delete and count what switches leave to do, for a while: the next look goes on.

        Args:
            kept: The generations there are.
            cut: That of the searched one: documents tell how many passages people see of them.
            is_stopped: True when the process ends.
        """
        deadline = time.monotonic() + _SLICE_S

        def is_over() -> bool:
            return is_stopped() or time.monotonic() > deadline

        for generation in kept:
            self._see_to(generation, is_over=is_over)
        if self._counted_cut != cut:
            self._counted_cut = cut if self._recount(cut, is_over=is_over) else None

    def _see_to(self, generation: Generation, *, is_over: IsOver) -> None:
        """Delete what is left of a generation that ended, once no process can be searching it."""
        if generation.state not in WITHOUT_INDEX:
            self._leaving.pop(generation.id, None)
            return
        leaving = self._leaving.setdefault(generation.id, _Leaving(time.monotonic()))
        if time.monotonic() - leaving.since < self._grace_s:
            return
        if not leaving.is_index_erased:
            self._places.erase(generation.place)
            leaving.is_index_erased = True
        if generation.state is GenerationState.REMOVED:
            while leaving.acts and not is_over():
                self._go_on(generation, leaving)
            if leaving.acts:
                return
        retried(lambda: self._note_erased(generation.id))
        del self._leaving[generation.id]

    def _recount(self, cut: Cut, *, is_over: IsOver) -> bool:
        """Count the passages of documents anew; False when some are left to the next call."""
        begun, after = self._recounting
        last = after if begun == cut else ""

        def act() -> str:
            with self._open_work() as work:
                found = work.cuts.recount(after=last, limit=_DOCUMENTS_AT_ONCE)
                work.commit()
            return found

        while not is_over():
            last = retried(act)
            self._recounting = cut, last
            if not last:
                return True
            self._sleep(_PAUSE_S)
        return False

    def _go_on(self, generation: Generation, leaving: _Leaving) -> None:
        forget = leaving.acts[0]

        def act() -> str:
            with self._open_work() as work:
                last = forget(work, generation, leaving.after)
                work.commit()
            return last

        leaving.after = retried(act)
        if not leaving.after:
            del leaving.acts[0]
            return
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


def _forget_chunks(work: UnitOfWork, generation: Generation, after: str) -> str:
    """Delete some chunks of its cut, unless another one has the same."""
    cut = generation.composition.cut
    if any(each.composition.cut == cut for each in _others(work, generation)):
        return ""
    return work.cuts.forget(cut, after=after, limit=_VERSIONS_AT_ONCE)


def _forget_vectors(work: UnitOfWork, generation: Generation, after: str) -> str:
    """Delete some vectors of its embedder, but those of texts that others search by it."""
    made = generation.composition
    cuts = [
        each.composition.cut
        for each in _others(work, generation)
        if each.composition.embedder == made.embedder
    ]
    if made.cut in cuts:
        return ""
    return work.generations.forget_vectors(
        made.embedder.id, after=after, limit=_VECTORS_AT_ONCE, but=cuts
    )


_ACTS: tuple[_Act, ...] = (_forget_chunks, _forget_vectors)
