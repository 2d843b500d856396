"""Passages: where they stand, and the page that shows them in their source."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse

from assistant.api.deps import DrawingDep, Reader, UseCases
from assistant.api.mapping import passage_detail
from assistant.api.pages import page
from assistant.api.passage_page import drawn_passage, passage_view
from assistant.domain.ids import ChunkId
from assistant.schemas.documents import PassageDetail

router = APIRouter(prefix="/passages", tags=["passages"])


@router.get("/{chunk_id}")
def get_passage(chunk_id: str, caller: Reader, services: UseCases) -> PassageDetail:
    """A passage, its document, and the boxes it covers on each page."""
    return passage_detail(services.documents.passage(ChunkId(chunk_id), scope=caller.scope))


@router.get("/{chunk_id}/view", response_class=HTMLResponse)
async def view_passage(
    chunk_id: str,
    caller: Reader,
    services: UseCases,
    drawing: DrawingDep,
    opened: Annotated[int | None, Query(alias="page", ge=1)] = None,
) -> HTMLResponse:
    """A page that shows the source with the passage highlighted, for a tab or a frame.

    It opens at the given page of the source where the passage stands on it, else at the first one.
    """
    find = partial(services.documents.passage, ChunkId(chunk_id), scope=caller.scope)
    chunk = await run_in_threadpool(find)
    drawn = await drawn_passage(chunk, drawing=drawing, scope=caller.scope)

    def show() -> HTMLResponse:
        view = passage_view(
            chunk, drawn=drawn, services=services, scope=caller.scope, opened=opened
        )
        return page("passage.html", view=view)

    return await run_in_threadpool(show)
