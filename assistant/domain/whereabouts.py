"""What became of a passage since an answer cited it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.documents import SourceChunk
from assistant.domain.ids import ChunkId


class CitedState(StrEnum):
    """Whether a cited passage can still be opened."""

    LIVE = "live"
    """The words that were cited are in the version served now."""
    REPLACED = "replaced"
    """A newer version of the document is served, without these words."""
    DELETED = "deleted"
    """The document is gone."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a cited passage is now."""

    state: CitedState
    chunk_id: ChunkId | None = None
    """What to open: the same words, or the beginning of the newer version; None when there is nothing."""
    deleted_at: datetime | None = None
    """None too for what was deleted before such dates were kept."""


def same_place(cited: SourceChunk, passages: Sequence[SourceChunk]) -> SourceChunk | None:
    """The passage of the same version, cut otherwise since, where what was cited stands now.

    Args:
        cited: As it was cut.
        passages: Those of its version as they are cut now, in order.

    Returns:
        The first that holds all its words; else the one that shares most of its blocks; None when
        none does.
    """
    words = " ".join(cited.text.split())
    for each in passages:
        if words in " ".join(each.text.split()):
            return each
    best = max(passages, key=lambda each: _shared_blocks(cited, each), default=None)
    return best if best is not None and _shared_blocks(cited, best) > 0 else None


def _shared_blocks(one: SourceChunk, other: SourceChunk) -> int:
    first = max(one.locator.first_block, other.locator.first_block)
    return 1 + min(one.locator.last_block, other.locator.last_block) - first
