"""Ingestion jobs: what they hold, and which changes of state are legal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.documents import Reason
from assistant.domain.ids import (
    CollectionId,
    DocumentId,
    JobId,
    JobItemId,
    PersonId,
    TenantId,
    VersionId,
)


class JobKind(StrEnum):
    """Why a job exists."""

    INGEST = "ingest"
    """Files of a folder or an upload."""
    REINDEX = "reindex"
    """Documents already known, read again from the file store."""


class JobState(StrEnum):
    """State of a whole job."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    """State of one file of a job."""

    AWAITING_FILE = "awaiting_file"
    """Announced; its content has not been received."""
    PENDING = "pending"
    PARSING = "parsing"
    EMBEDDING = "embedding"
    INDEXING = "indexing"
    """Complete in the database; the serving process is adding it to the index."""
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    """The source no longer holds it; its document was deleted."""
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_JOB_STATES = frozenset(
    {JobState.SUCCEEDED, JobState.PARTLY_FAILED, JobState.FAILED, JobState.CANCELLED}
)
FINAL_ITEM_STATES = frozenset(
    {
        ItemState.INDEXED,
        ItemState.UNCHANGED,
        ItemState.REMOVED,
        ItemState.FAILED,
        ItemState.CANCELLED,
    }
)

_JOB_MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: FINAL_JOB_STATES | {JobState.QUEUED},
    JobState.SUCCEEDED: frozenset(),
    JobState.PARTLY_FAILED: frozenset({JobState.QUEUED}),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
}


def may_become(state: JobState, following: JobState) -> bool:
    """True when a job may go from one state to the other; RUNNING → QUEUED is a lost lease."""
    return following in _JOB_MOVES[state]


def final_state(counts: Mapping[ItemState, int]) -> JobState:
    """The state of a job all of whose items have ended.

    Args:
        counts: Number of items per state; every state present is final.

    Returns:
        FAILED when every item failed, PARTLY_FAILED when some did, CANCELLED when none failed
        and some were cancelled, else SUCCEEDED (also for a job without items).

    Raises:
        ValueError: Some item has not ended.
    """
    present = {state for state, count in counts.items() if count}
    if not present <= FINAL_ITEM_STATES:
        raise ValueError("some item has not ended")
    if present == {ItemState.FAILED}:
        return JobState.FAILED
    if ItemState.FAILED in present:
        return JobState.PARTLY_FAILED
    if ItemState.CANCELLED in present:
        return JobState.CANCELLED
    return JobState.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Job:
    """One request to bring the index in line with some files."""

    id: JobId
    tenant_id: TenantId
    collection_id: CollectionId
    kind: JobKind
    source: str
    """Label of the source, as in its documents."""
    state: JobState
    created_by: PersonId
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False
    attempt: int = 0
    """Number of times a worker has taken it."""


@dataclass(frozen=True, slots=True)
class JobItem:
    """One file of a job."""

    id: JobItemId
    job_id: JobId
    ordinal: int
    """Position in the job, from 0."""
    name: str
    """Name of the file relative to its source."""
    state: ItemState
    sha256: str
    """Announced content, hexadecimal; empty for a removal."""
    size_bytes: int
    document_id: DocumentId | None = None
    version_id: VersionId | None = None
    reason: Reason | None = None
    """Set if and only if the state is FAILED."""
    chunks: int = 0
    pages: int = 0
    attempt: int = 0
    """Number of times it was begun; capped, so that a file that kills its worker ends as failed."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is, computed from its items."""

    total: int
    counts: Mapping[ItemState, int]
    chunks: int
    pages: int
    elapsed_s: float
    """Since the first start, until now or the end."""
    files_per_s: float | None
    """None until a first file has ended."""
    left_s: float | None
    """Estimated time left; None while unknown or when ended."""

    @property
    def done(self) -> int:
        """Items that have ended, in whatever way."""
        return sum(count for state, count in self.counts.items() if state in FINAL_ITEM_STATES)
