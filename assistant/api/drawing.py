"""Images of pages without starving anything else: the few that are drawn wait on threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from anyio import CapacityLimiter, move_on_after, to_thread

from assistant.domain.documents import SourceChunk
from assistant.domain.errors import IngestionError
from assistant.domain.ids import DocumentId
from assistant.domain.tenancy import Scope
from assistant.services.documents import DocumentService
from ingest.model import Box

_T = TypeVar("_T")

_AT_ONCE = 2
"""Threads that draw. One child does the work; the second thread has its next page ready."""
_WAIT_S = 30.0
_PRINTS_AT_ONCE = 1
"""A deck takes a minute at worst: pages of other documents are drawn meanwhile."""


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
        self._prints = CapacityLimiter(_PRINTS_AT_ONCE)

    async def page_image(
        self, document_id: DocumentId, *, page: int, scope: Scope, managed: Scope | None = None
    ) -> Path:
        """The image of a page or slide (from 1); one already drawn waits for nobody.

        Raises:
            NotFound: No such document within the scope, no such page, or a format without pages.
            IngestionError: The page cannot be drawn, or too many others are ("reader_busy").
        """
        documents = self._documents
        find = partial(documents.kept_page_image, document_id, page=page)
        kept = await to_thread.run_sync(partial(find, scope=scope, managed=managed))
        if kept is not None:
            return kept
        must_print = partial(documents.must_print, document_id, scope=scope, managed=managed)
        if await to_thread.run_sync(must_print):
            print_deck = partial(documents.print_deck, document_id, scope=scope, managed=managed)
            await self._in_turn(print_deck, turns=self._prints)
        draw = partial(documents.page_image, document_id, page=page, scope=scope, managed=managed)
        return await self._in_turn(draw, turns=self._turns)

    async def slide_boxes(self, chunk: SourceChunk, *, scope: Scope) -> tuple[Box, ...]:
        """Where the words of a passage stand on its slide, whose image was drawn before.

        Raises:
            NotFound: No such document within the scope, or it is no deck.
            IngestionError: The slide cannot be searched, or too much else is drawn ("reader_busy").
        """
        find = partial(self._documents.slide_boxes, chunk, scope=scope)
        return await self._in_turn(find, turns=self._turns)

    async def _in_turn(self, act: Callable[[], _T], *, turns: CapacityLimiter) -> _T:
        with move_on_after(self._wait_s):
            return await to_thread.run_sync(act, limiter=turns)
        raise IngestionError("reader_busy")
