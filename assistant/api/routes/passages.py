"""Passages: where they stand, and the page that shows them in their source."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from assistant.api.deps import Reader, UseCases
from assistant.api.mapping import passage_detail
from assistant.api.pages import page
from assistant.api.passage_page import passage_view
from assistant.domain.ids import ChunkId
from assistant.schemas.documents import PassageDetail

router = APIRouter(prefix="/passages", tags=["passages"])


@router.get("/{chunk_id}")
def get_passage(chunk_id: str, caller: Reader, services: UseCases) -> PassageDetail:
    """A passage, its document, and the boxes it covers on each page."""
    return passage_detail(services.documents.passage(ChunkId(chunk_id), scope=caller.scope))


@router.get("/{chunk_id}/view", response_class=HTMLResponse)
def view_passage(chunk_id: str, caller: Reader, services: UseCases) -> HTMLResponse:
    """A page that shows the source with the passage highlighted, for a tab or a frame."""
    chunk = services.documents.passage(ChunkId(chunk_id), scope=caller.scope)
    return page("passage.html", view=passage_view(chunk, services=services, scope=caller.scope))
