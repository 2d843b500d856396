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
    RETRYING = "retrying"
    """Something it needs failed in passing; it is tried again by itself at a known time."""
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
STATES_TO_READ = frozenset(
    {ItemState.PENDING, ItemState.RETRYING, ItemState.PARSING, ItemState.EMBEDDING}
)
"""Items of a file that is there and whose reading has not ended: its original is needed."""

_JOB_MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: FINAL_JOB_STATES,
    JobState.SUCCEEDED: frozenset(),
    JobState.PARTLY_FAILED: frozenset({JobState.QUEUED}),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
}


_ENDED_EARLY = frozenset(
    {ItemState.UNCHANGED, ItemState.REMOVED, ItemState.FAILED, ItemState.CANCELLED}
)
_ITEM_MOVES: Mapping[ItemState, frozenset[ItemState]] = {
    ItemState.AWAITING_FILE: frozenset(
        {ItemState.PENDING, ItemState.FAILED, ItemState.CANCELLED, ItemState.REMOVED}
    ),
    ItemState.PENDING: _ENDED_EARLY | {ItemState.PARSING},
    ItemState.RETRYING: _ENDED_EARLY | {ItemState.PARSING},
    ItemState.PARSING: _ENDED_EARLY | {ItemState.PENDING, ItemState.RETRYING, ItemState.EMBEDDING},
    ItemState.EMBEDDING: _ENDED_EARLY
    | {ItemState.PENDING, ItemState.RETRYING, ItemState.PARSING, ItemState.INDEXING},
    ItemState.INDEXING: frozenset({ItemState.INDEXED, ItemState.FAILED, ItemState.REMOVED}),
    ItemState.INDEXED: frozenset(),
    ItemState.UNCHANGED: frozenset(),
    ItemState.REMOVED: frozenset(),
    ItemState.FAILED: frozenset({ItemState.PENDING}),
    ItemState.CANCELLED: frozenset({ItemState.PENDING}),
}


def item_may_become(state: ItemState, following: ItemState) -> bool:
    """True when an item may go from one state to the other; what ended well never moves again.

    EMBEDDING → PARSING is a file begun again after its worker died; FAILED and CANCELLED → PENDING
    is a person's retry.
    """
    return following in _ITEM_MOVES[state]


def may_become(state: JobState, following: JobState) -> bool:
    """True when a job may go from one state to the other; what ended is queued again by a person's retry."""
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
    """Why it failed, or why it waits for another try; set in the states FAILED and RETRYING alone."""
    chunks: int = 0
    pages: int = 0
    attempt: int = 0
    """Number of times it was begun; capped, so that a file that kills its worker ends as failed."""
    setbacks: int = 0
    """Number of failures in passing since a person asked for it; capped, then it fails for good."""
    not_before: datetime | None = None
    """When it is tried again; set in the state RETRYING alone."""


@dataclass(frozen=True, slots=True)
class JobCounts:
    """What the items of a job amount to, those included that are forgotten."""

    states: Mapping[ItemState, int]
    """Number of items per state."""
    chunks: int = 0
    pages: int = 0
    forgotten: int = 0
    """How many of the items are only counted any more."""


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
    """Estimated time left; None while unknown or held back, and when ended."""
    next_try_at: datetime | None = None
    """When the first of the files that failed in passing is tried again; None without such files."""
    waiting_reason: Reason | None = None
    """Why that file failed in passing; None without such files."""
    held_reason: Reason | None = None
    """Why files that were read are not shown yet, which passes by itself; None while they are being shown."""
    forgotten: int = 0
    """How many of the files are only counted any more: the job ended long ago."""

    @property
    def done(self) -> int:
        """Items that have ended, in whatever way."""
        return sum(count for state, count in self.counts.items() if state in FINAL_ITEM_STATES)
