"""Failures of one file: in passing, to be tried again by itself, or for good."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, StorageError, UpstreamError
from ingest.errors import IngestError, ReaderBusy, ScratchFull

_PASSING_STORAGE = frozenset({"storage_error", "database_locked", "database_unreachable"})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file was not read or embedded."""

    reason: Reason
    is_passing: bool = False
    """True when the same file may well succeed later, without anybody doing anything to it."""
    wait_s: float | None = None
    """What the failing service asks to wait, in seconds."""

    @property
    def is_of_queue(self) -> bool:
        """True when the file was not begun at all, as others were being read: it only waits longer."""
        return self.reason.code == _BUSY


_BUSY = "reader_busy"
NOT_BEGUN = Failure(Reason(_BUSY, {}), is_passing=True)
"""Of a file whose turn to be read did not come."""


def failure_of(error: AssistantError | IngestError) -> Failure:
    """What an error means for the file it happened to."""
    reason = Reason(error.code, dict(error.params))
    if isinstance(error, UpstreamError):
        return Failure(reason, error.transient, error.retry_after_s)
    is_passing = isinstance(error, ReaderBusy | ScratchFull) or (
        isinstance(error, StorageError) and error.code in _PASSING_STORAGE
    )
    return Failure(reason, is_passing)
