"""What became of a passage since an answer cited it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
