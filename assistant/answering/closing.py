"""How iterators and futures are given up, also while their reader is being cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio


async def close(events: AsyncIterator[object]) -> None:
    """Close an iterator that can be closed, at once."""
    closing = getattr(events, "aclose", None)
    if closing is not None:
        with anyio.CancelScope(shield=True):
            await closing()


async def abandon(coming: asyncio.Future[Any] | None) -> None:
    """Cancel what is awaited, if anything, and wait a second at most until it has stopped."""
    if coming is None or coming.done():
        return
    coming.cancel()
    with anyio.CancelScope(shield=True):
        await asyncio.wait({coming}, timeout=1)
