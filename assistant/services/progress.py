"""How far a job is, computed from its items."""

from __future__ import annotations

from datetime import datetime

from assistant.domain.jobs import (
    FINAL_ITEM_STATES,
    FINAL_JOB_STATES,
    ItemState,
    Job,
    JobCounts,
    JobProgress,
)

_WORKED = (ItemState.INDEXING, ItemState.INDEXED, ItemState.FAILED)


def progress_of(job: Job, counted: JobCounts, *, now: datetime) -> JobProgress:
    """Progress of a job; its rate counts the files that took work, not the unchanged ones."""
    counts = counted.states
    total = sum(counts.values())
    done = sum(counts.get(state, 0) for state in FINAL_ITEM_STATES)
    worked = sum(counts.get(state, 0) for state in _WORKED)
    has_ended = job.state in FINAL_JOB_STATES
    elapsed = _elapsed_s(job, now=now)
    rate = worked / elapsed if worked and elapsed > 0 else None
    left = None
    if rate is not None and not has_ended:
        left = max(0, total - done - counts.get(ItemState.INDEXING, 0)) / rate
    return JobProgress(
        total=total,
        counts=counts,
        chunks=counted.chunks,
        pages=counted.pages,
        elapsed_s=elapsed,
        files_per_s=rate,
        left_s=left,
        forgotten=counted.forgotten if has_ended else 0,
    )


def _elapsed_s(job: Job, *, now: datetime) -> float:
    if job.started_at is None:
        return 0.0
    return max(0.0, ((job.finished_at or now) - job.started_at).total_seconds())
