"""What whole generations lack of documents that came meanwhile, without reading all passages each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import GenerationId, VersionId
from assistant.ports.cuts import VersionMark
from assistant.ports.repositories import UnitOfWorkFactory

_FULL_S: Final = 3600.0
"""Between two looks at every version: a database may have lost vectors."""


class Lag(NamedTuple):
    """What a generation lacks."""

    versions: tuple[VersionId, ...]
    """Those some of whose vectors are missing."""
    is_uncut: bool
    """True when some version is not cut as it has them."""


class _Known(NamedTuple):
    mark: VersionMark
    looked_at: float
    """When every version was looked at."""


class GenerationLag:
    """Looks beyond the last version up to which a generation was whole.

    Versions are numbered as they are kept, READY, and become LIVE in any order: what is passed over
    ends before the oldest READY one. Of LIVE ones a whole generation never loses what it needs, but
    by a damage of the database.
    """

    def __init__(self, open_work: UnitOfWorkFactory, *, now: Callable[[], float]) -> None:
        """Prepare.

        Args:
            open_work: The database.
            now: Seconds that only ever grow.
        """
        self._open_work, self._now = open_work, now
        self._known: dict[GenerationId, _Known] = {}
        self._states: dict[GenerationId, GenerationState] = {}

    def note(self, kept: Sequence[Generation]) -> None:
        """Have every version looked at again when generations were made, switched or removed."""
        states = {each.id: each.state for each in kept}
        if states != self._states:
            self._known.clear()
            self._states = states

    def look(self, generation: Generation) -> Lag:
        """What it lacks now."""
        known = self._known.get(generation.id)
        if known is not None and self._now() - known.looked_at >= _FULL_S:
            known = None
        since = known.mark if known is not None else None
        made = generation.composition
        with self._open_work() as work:
            mark = work.cuts.settled_version()  # before the looks: what comes later is beyond
            missing = work.generations.missing(made.embedder.id, made.cut, since=since)
            uncut = work.cuts.uncut(made.cut, limit=1, since=since)
        lag = Lag(missing.versions, bool(uncut))
        if mark is not None and lag == Lag((), False):
            looked_at = known.looked_at if known is not None else self._now()
            self._known[generation.id] = _Known(mark, looked_at)
        return lag
