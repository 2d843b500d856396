"""Opens the indexes of generations; one that cannot be opened is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, ConfigurationError
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import GenerationId
from assistant.ports.generations import EmbedderShelf, IndexPlaces
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.opened_generations import OpenedGeneration
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

_FIRST_WAIT_S = 1.0
"""After a first failure; twice as long after each further one."""
_LONGEST_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class _Wait:
    until: float
    seconds: float


class Opener:
    """Opens indexes with their embedders; used by one thread at a time."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        places: IndexPlaces,
        shelf: EmbedderShelf,
        *,
        sleep: Callable[[float], object],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            open_work: The store.
            places: Where indexes stand.
            shelf: The embedders of the settings.
            sleep: Waits between calls of an engine, so that searches pass.
            now: Seconds of a clock that never goes back.
        """
        self._open_work, self._places, self._shelf = open_work, places, shelf
        self._sleep, self._now = sleep, now
        self._waits: dict[GenerationId, _Wait] = {}

    def open(self, generation: Generation) -> OpenedGeneration:
        """Open one.

        Raises:
            ConfigurationError: Its embedder is not in the settings ("index_other_embedder"), or as the
                engine says.
            IndexUnavailable: Its index cannot be read.
        """
        identity = generation.composition.embedder
        embedder = self._shelf.find(identity)
        if embedder is None:
            asked = self._shelf.get("").identity.id
            raise ConfigurationError("index_other_embedder", built=identity.id, asked=asked)
        index = self._places.open(generation)
        return OpenedGeneration(generation, index=index, embedder=embedder, sleep=self._sleep)

    def try_open(self, generation: Generation) -> OpenedGeneration | None:
        """Open one that may wait; None while it cannot be, which is told and tried again later."""
        wait = self._waits.get(generation.id, _Wait(until=0.0, seconds=_FIRST_WAIT_S / 2))
        if self._now() < wait.until:
            return None
        try:
            opened = self.open(generation)
        except AssistantError as error:
            _log.warning("generation_not_opened", number=generation.number, code=error.code)
            seconds = min(_LONGEST_WAIT_S, 2 * wait.seconds)
            self._waits[generation.id] = _Wait(self._now() + seconds, seconds)
            if generation.state is GenerationState.BUILDING:
                reason = Reason(error.code, dict(error.params))
                retried(lambda: self._tell(generation.id, reason))
            return None
        self._waits.pop(generation.id, None)
        return opened

    def _tell(self, generation_id: GenerationId, reason: Reason) -> None:
        """Tell why a generation under construction does not get on."""
        with self._open_work() as work:
            if _untold(work, generation_id, reason) is None:
                return
            work.lock()
            found = _untold(work, generation_id, reason)
            if found is not None:
                work.generations.update(replace(found, reason=reason))
                work.commit()


def _untold(work: UnitOfWork, generation_id: GenerationId, reason: Reason) -> Generation | None:
    """A generation under construction that tells another reason."""
    found = work.generations.find(generation_id)
    if found is None or found.state is not GenerationState.BUILDING or found.reason == reason:
        return None
    return found
