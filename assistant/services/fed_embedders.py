"""The embedders of the generations that are fed: what a new document is embedded with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from assistant.domain.cuts import ORDINARY
from assistant.domain.generations import GenerationState
from assistant.domain.retrieval import EmbedderIdentity
from assistant.ports.generations import EmbedderShelf
from assistant.ports.models import Embedder
from assistant.ports.repositories import UnitOfWorkFactory

_log = structlog.get_logger(__name__)

Roster = Callable[[], Sequence[Embedder]]
"""Gives the embedders of now: that of the active generation first, without which nothing is shown."""


class FedEmbedders:
    """A `Roster` told by the database: a switch is seen at the next document."""

    def __init__(self, open_work: UnitOfWorkFactory, shelf: EmbedderShelf) -> None:
        self._open_work = open_work
        self._shelf = shelf

    def __call__(self) -> tuple[Embedder, ...]:
        """The embedder of the active generation, then those of the others that are fed, each once.

        Generations of other cuts have other texts, which are embedded when they are cut.
        """
        with self._open_work() as work:
            kept = work.generations.list_kept()
        fed = [each for each in kept if each.is_whole or each.state is GenerationState.BUILDING]
        fed.sort(key=lambda each: each.state is not GenerationState.ACTIVE)
        cut = fed[0].composition.cut if fed else ORDINARY
        of_cut = [each for each in fed if each.composition.cut == cut]
        identities = dict.fromkeys(each.composition.embedder for each in of_cut)
        found = [self._found(identity) for identity in identities]
        known = tuple(embedder for embedder in found if embedder is not None)
        return known or (self._shelf.get(""),)

    def _found(self, identity: EmbedderIdentity) -> Embedder | None:
        embedder = self._shelf.find(identity)
        if embedder is None:
            _log.warning("embedder_not_configured", embedder=identity.id)
        return embedder
