"""One open index of a generation: who searches it, what it holds, and how it catches up."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from assistant.domain.cuts import Cut
from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, Conflict
from assistant.domain.generations import Generation
from assistant.domain.ids import GenerationId, VersionId
from assistant.domain.retrieval import IndexPoint
from assistant.ports.index import ChunkIndex
from assistant.ports.models import Embedder
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory

_log = structlog.get_logger(__name__)

UPSERT_POINTS = 200
"""Points of one call; the engine holds the interpreter meanwhile (about 14 ms)."""
_LONGEST_PAUSE_S = 0.05
_RETRY_S = 5.0
_AT_ONCE = 8
"""Versions caught up with in one reading of the database."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What one search uses from its beginning to its end: never the index of another embedder."""

    number: int
    """Of the generation."""
    index: ChunkIndex
    embedder: Embedder


class OpenedGeneration:
    """The index of one generation in this process.

    What it holds is counted here, so that being whole is told without reading the engine.
    """

    def __init__(
        self,
        generation: Generation,
        *,
        index: ChunkIndex,
        embedder: Embedder,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.id: GenerationId = generation.id
        self.searched = Searched(generation.number, index, embedder)
        self.cut: Cut = generation.composition.cut
        self.is_behind = True
        """It may differ from what is live; only `catch_up` finds that it does not."""
        self.trouble: Reason | None = None
        """Why its engine took something not when it was last asked; None when it took it."""
        self._held = index.held_versions()
        self._todo: deque[VersionId] | None = None
        self._retry_at = 0.0
        self._sleep = sleep
        self._lock = threading.Lock()
        self._readers = 0
        self._is_closing, self._is_discarded = False, False

    @property
    def index(self) -> ChunkIndex:
        """The index."""
        return self.searched.index

    @property
    def points(self) -> int:
        """Points that it holds."""
        return sum(self._held.values())

    @property
    def is_due(self) -> bool:
        """True when it is behind and worth another try."""
        return self.is_behind and time.monotonic() >= self._retry_at

    @contextmanager
    def borrowed(self) -> Generator[Searched]:
        """Keep the index open for the time of a search."""
        with self._lock:
            self._readers += 1
        try:
            yield self.searched
        finally:
            with self._lock:
                self._readers -= 1
                is_last = self._is_closing and not self._readers
            if is_last:
                self.index.close(discard=self._is_discarded)

    def close(self, *, discard: bool = False) -> None:
        """Close the index once nobody searches it.

        Args:
            discard: It is to be erased: writing what is in memory would only make searches wait.
        """
        with self._lock:
            self._is_closing, self._is_discarded = True, discard
            is_free = not self._readers
        if is_free:
            self.index.close(discard=discard)

    def follow(self, version_id: VersionId, *, open_work: UnitOfWorkFactory) -> bool:
        """Add a version; False when it could not be, and is to be caught up with."""
        with open_work() as work:
            points, is_whole = self._points(work, [version_id])
        return self._upsert(points) and is_whole

    def take(self, version_id: VersionId, *, open_work: UnitOfWorkFactory) -> bool:
        """Add a version before it is shown; False while vectors of it are missing.

        Raises:
            IndexUnavailable: The engine fails.
        """
        try:
            with open_work() as work:
                points = self._points_of(work, version_id)
        except Conflict:
            return False
        self._put(points)
        return True

    def drop(self, version_id: VersionId) -> bool:
        """Remove a version; False when it could not be, and is to be caught up with."""
        try:
            self.remove(version_id)
        except AssistantError as error:
            return self._refused(error)
        return True

    def remove(self, version_id: VersionId) -> None:
        """Remove a version. Raises as the engine does."""
        self.index.remove_version(version_id)
        self._held.pop(version_id, None)

    def note(self, version_id: VersionId, *, points: int) -> None:
        """Count what somebody else added to the index."""
        self._held[version_id] = points

    def catch_up(self, *, open_work: UnitOfWorkFactory, seconds: float) -> bool:
        """Go on bringing the index in line with what is live, for about some seconds.

        Returns:
            True when something was changed. `is_behind` tells whether something is left.

        Raises:
            StorageError: The database cannot be read.
        """
        if self._todo is None:
            with open_work() as work:
                self._todo = deque(self._differences(work))
            self.is_behind = bool(self._todo)
        deadline, did_something, is_right = time.monotonic() + seconds, False, True
        while self._todo and time.monotonic() < deadline:
            some = [self._todo.popleft() for _ in range(min(_AT_ONCE, len(self._todo)))]
            is_right = self._bring_in_line(some, open_work=open_work) and is_right
            did_something = True
        if not self._todo:
            self._todo = None
            self._retry_at = 0.0 if is_right else time.monotonic() + _RETRY_S
        return did_something

    def differs(self, work: UnitOfWork) -> bool:
        """True when it lacks something that is live, or holds something that is not."""
        return bool(self._differences(work))

    def look_again(self) -> None:
        """Compare with what is live at the next chance: another process may have changed it."""
        self._held = self.index.held_versions()
        self.is_behind, self._todo, self._retry_at = True, None, 0.0

    def _bring_in_line(
        self, version_ids: Sequence[VersionId], *, open_work: UnitOfWorkFactory
    ) -> bool:
        """Remove what it holds of some versions, then add what is live of them."""
        held = [each for each in version_ids if each in self._held]
        dropped = [self.drop(each) for each in held]
        with open_work() as work:
            live = work.ledger.live_among(version_ids)
            points, is_whole = self._points(work, [each for each in version_ids if each in live])
        return self._upsert(points) and is_whole and all(dropped)

    def _points(
        self, work: UnitOfWork, version_ids: Sequence[VersionId]
    ) -> tuple[list[IndexPoint], bool]:
        """The points of some versions; False when some lack vectors, or are still to be cut."""
        found: list[IndexPoint] = []
        is_whole = True
        for version_id in version_ids:
            try:
                found += self._points_of(work, version_id)
            except Conflict as error:
                is_whole = self._fall_behind(error.code)
        return found, is_whole

    def _points_of(self, work: UnitOfWork, version_id: VersionId) -> list[IndexPoint]:
        embedder_id = self.searched.embedder.identity.id
        return work.ledger.points_of(version_id, embedder_id=embedder_id, cut=self.cut)

    def _upsert(self, points: Sequence[IndexPoint]) -> bool:
        try:
            self._put(points)
        except AssistantError as error:
            return self._refused(error)
        self.trouble = None
        return True

    def _put(self, points: Sequence[IndexPoint]) -> None:
        """Add points in small calls, with a pause for searches after each. Raises as the engine does."""
        for start in range(0, len(points), UPSERT_POINTS):
            begun = time.monotonic()
            self.index.upsert(points[start : start + UPSERT_POINTS])
            self._sleep(min(_LONGEST_PAUSE_S, time.monotonic() - begun))
        self._held.update(Counter(point.version_id for point in points))

    def _differences(self, work: UnitOfWork) -> list[VersionId]:
        """Versions of which it holds too much or too little; those to be removed first."""
        expected = work.ledger.live_versions(self.cut)
        live = {each: chunks for each, chunks in expected.items() if chunks}
        strays = [each for each, points in self._held.items() if points > live.get(each, 0)]
        return [*strays, *(each for each in live if self._held.get(each, 0) < live[each])]

    def _refused(self, error: AssistantError) -> bool:
        self.trouble = Reason(error.code, dict(error.params))
        return self._fall_behind(error.code)

    def _fall_behind(self, code: str) -> bool:
        _log.warning("generation_behind", number=self.searched.number, code=code)
        self.is_behind = True
        return False
