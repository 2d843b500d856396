"""The embedders of the generations that are fed: what a new document is embedded with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from assistant.domain.cuts import ORDINARY
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.retrieval import EmbedderIdentity
from assistant.ports.generations import EmbedderShelf
from assistant.ports.models import Embedder
from assistant.ports.repositories import UnitOfWorkFactory

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fed:
    """The embedders that a new document is embedded with."""

    searched: tuple[Embedder, ...]
    """Those of the generations that are searched, without which nothing is shown; never empty."""
    others: tuple[Embedder, ...] = ()
    """Those of generations that merely follow."""


Roster = Callable[[], Fed]
"""Gives the embedders of now."""


class FedEmbedders:
    """A `Roster` told by the database: a switch is seen at the next document."""

    def __init__(self, open_work: UnitOfWorkFactory, shelf: EmbedderShelf) -> None:
        self._open_work = open_work
        self._shelf = shelf

    def __call__(self) -> Fed:
        """Each embedder once, that of the active generation first.

        Generations of other cuts have other texts, which are embedded when they are cut.
        """
        with self._open_work() as work:
            chosen = {each.generation_id for each in work.generations.choices()}
            kept = work.generations.list_kept()
        fed = [each for each in kept if each.is_whole or each.state is GenerationState.BUILDING]
        fed.sort(key=lambda each: each.state is not GenerationState.ACTIVE)
        cut = fed[0].composition.cut if fed else ORDINARY
        of_cut = [each for each in fed if each.composition.cut == cut]
        is_searched = {
            each.id: each.state is GenerationState.ACTIVE or each.id in chosen for each in of_cut
        }
        searched = self._embedders(each for each in of_cut if is_searched[each.id])
        others = self._embedders(each for each in of_cut if not is_searched[each.id])
        return Fed(
            searched or (self._shelf.get(""),),
            tuple(each for each in others if each not in searched),
        )

    def _embedders(self, generations: Iterable[Generation]) -> tuple[Embedder, ...]:
        identities = dict.fromkeys(each.composition.embedder for each in generations)
        found = [self._found(identity) for identity in identities]
        return tuple(embedder for embedder in found if embedder is not None)

    def _found(self, identity: EmbedderIdentity) -> Embedder | None:
        embedder = self._shelf.find(identity)
        if embedder is None:
            _log.warning("embedder_not_configured", embedder=identity.id)
        return embedder
