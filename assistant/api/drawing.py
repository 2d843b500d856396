"""Images of pages without starving anything else: the few that are drawn wait on threads of their own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from anyio import CapacityLimiter, move_on_after, to_thread

from assistant.domain.errors import IngestionError
from assistant.domain.ids import DocumentId
from assistant.domain.tenancy import Scope
from assistant.services.documents import DocumentService

_AT_ONCE = 2
"""Threads that draw. One child does the work; the second thread has its next page ready."""
_WAIT_S = 30.0


class Drawing:
    """Page images for routes.

    Args:
        documents: What finds and draws them.
        wait_s: How long a request waits for its turn to draw, in seconds.
    """

    def __init__(self, documents: DocumentService, *, wait_s: float = _WAIT_S) -> None:
        self._documents = documents
        self._wait_s = wait_s
        self._turns = CapacityLimiter(_AT_ONCE)

    async def page_image(self, document_id: DocumentId, *, page: int, scope: Scope) -> Path:
        """The image of a page (from 1); one already drawn waits for nobody.

        Raises:
            NotFound: No such document within the scope, no such page, or a format without pages.
            IngestionError: The page cannot be drawn, or too many others are ("reader_busy").
        """
        kept = await to_thread.run_sync(
            partial(self._documents.kept_page_image, document_id, page=page, scope=scope)
        )
        if kept is not None:
            return kept
        draw = partial(self._documents.page_image, document_id, page=page, scope=scope)
        with move_on_after(self._wait_s):
            return await to_thread.run_sync(draw, limiter=self._turns)
        raise IngestionError("reader_busy")
