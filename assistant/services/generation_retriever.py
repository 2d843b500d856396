"""Searches of what each tenant searches, each by one generation from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable

from assistant.answering.retriever import Retriever
from assistant.domain.retrieval import Retrieval
from assistant.domain.tenancy import Scope
from assistant.services.generation_room import GenerationRoom
from assistant.services.opened_generations import Searched


class GenerationRetriever:
    """As `Retriever`, over the generation of the asking tenant when a search begins."""

    def __init__(self, room: GenerationRoom, retriever_of: Callable[[Searched], Retriever]) -> None:
        self._room = room
        self._retriever_of = retriever_of

    def retrieve(
        self, text: str, *, scope: Scope, limit: int, for_answer: bool = False
    ) -> Retrieval:
        """The live chunks of the scope that fit a text best; see `Retriever.retrieve`."""
        with self._room.borrow(scope.tenant_id) as searched:
            return self._retriever_of(searched).retrieve(
                text, scope=scope, limit=limit, for_answer=for_answer
            )
