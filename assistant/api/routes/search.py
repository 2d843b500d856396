"""Search: passages without an answer."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.api.deps import Reader, UseCases
from assistant.api.mapping import search_result
from assistant.domain.ids import new_id
from assistant.schemas.search import SearchIn, SearchOut
from assistant.services.access import narrowed

router = APIRouter(tags=["search"])


@router.post("/search")
def search(asked: SearchIn, caller: Reader, services: UseCases) -> SearchOut:
    """The best passages for a text, best first."""
    scope = narrowed(caller.scope, asked.collections)
    hits = services.search.search(asked.query, limit=asked.limit, scope=scope)
    return SearchOut(
        id=asked.id or new_id(),
        query=asked.query,
        results=[search_result(hit) for hit in hits],
    )
