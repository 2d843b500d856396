"""Rows of sources and their runs to the domain's dataclasses, and back."""

from __future__ import annotations

from datetime import time
from typing import Any

from sqlalchemy import Row

from assistant.adapters.sql.rows import Fields, fields_of, reason_fields, reason_of
from assistant.domain.sources import Finding, RunOutcome, Schedule, Source, SourceRun

FILE_FIELDS = ("name", "size_bytes", "stamp", "sha256")
"""Of what is remembered of a file, as its table has them."""
_FIXED = ("id", "tenant_id", "collection_id", "kind", "created_by", "created_at")
_CHANGEABLE = ("name", "address", "user", "removal_percent", "next_run_at", "first_synced_at")
_RUN = (
    "id", "source_id", "tenant_id", "kind", "state", "asked_by", "asked_at", "started_at",
    "finished_at", "approved_removal", "decided_by", "decided_at", "attempt",
)  # fmt: skip
RUN_MUTABLE = ("state", "started_at", "finished_at", "decided_by", "decided_at", "attempt")
_OUTCOME = ("is_complete", "read_bytes", "estimated_s", "removal", "kept_back")


def source_columns(source: Source, *, is_new: bool = False) -> Fields:
    """The columns of a source but its password; those that never change only when it is new."""
    columns = fields_of(source, (*_FIXED, *_CHANGEABLE) if is_new else _CHANGEABLE)
    schedule = source.schedule
    return {
        **columns,
        "include": list(source.include),
        "exclude": list(source.exclude),
        "rhythm": schedule.rhythm,
        "at_minute": schedule.at.hour * 60 + schedule.at.minute,
        "weekday": schedule.weekday,
    }


def source_of(row: Row[Any]) -> Source:
    """The source of a row, without its password."""
    at = time(*divmod(row.at_minute, 60))
    return Source(
        **fields_of(row, (*_FIXED, *_CHANGEABLE)),
        has_password=bool(row.sealed),
        include=tuple(row.include),
        exclude=tuple(row.exclude),
        schedule=Schedule(row.rhythm, at, row.weekday),
    )


def run_columns(run: SourceRun, *, is_new: bool = False) -> Fields:
    """The columns of a run; those that never change only when it is new."""
    return {
        **fields_of(run, _RUN if is_new else RUN_MUTABLE),
        "outcome": outcome_fields(run.outcome),
        **reason_fields(run.reason),
    }


def run_of(row: Row[Any]) -> SourceRun:
    """The run of a row."""
    return SourceRun(**fields_of(row, _RUN), outcome=outcome_of(row.outcome), reason=reason_of(row))


def outcome_fields(outcome: RunOutcome) -> Fields:
    """What is kept of an outcome."""
    return {
        **fields_of(outcome, _OUTCOME),
        "counts": {finding.value: count for finding, count in outcome.counts.items()},
        "names": {finding.value: list(names) for finding, names in outcome.names.items()},
        "faults": [list(each) for each in outcome.faults],
        "jobs": list(outcome.jobs),
    }


def outcome_of(kept: Fields) -> RunOutcome:
    """The outcome that was kept."""
    return RunOutcome(
        **{name: kept[name] for name in _OUTCOME},
        counts={Finding(word): count for word, count in kept["counts"].items()},
        names={Finding(word): tuple(names) for word, names in kept["names"].items()},
        faults=tuple((name, code) for name, code in kept["faults"]),
        jobs=tuple(kept["jobs"]),
    )
