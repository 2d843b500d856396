"""Sources and looks at them as wire models, and what is written of them as drafts."""

from __future__ import annotations

from datetime import time

from assistant.api.errors import spoken
from assistant.domain.sources import Rhythm, Schedule, SourceRun
from assistant.schemas.sources import (
    ErasedFileOut,
    FaultOut,
    ScheduleModel,
    SourceChangeIn,
    SourceOut,
    SourceRunOut,
    SourceTestIn,
)
from assistant.services.machinery import MACHINE
from assistant.services.source_drafts import SourceDraft, SourceStatus

_TOO_LARGE = "source_file_too_large"


def draft_of(asked: SourceChangeIn) -> SourceDraft:
    """What is written of a source."""
    return SourceDraft(
        name=asked.name,
        address=asked.address,
        user=asked.user,
        password=None if asked.password is None else asked.password.get_secret_value(),
        include=tuple(asked.include),
        exclude=tuple(asked.exclude),
        schedule=Schedule(
            Rhythm(asked.schedule.rhythm),
            time.fromisoformat(asked.schedule.at),
            asked.schedule.weekday,
        ),
        removal_percent=asked.removal_percent,
    )


def tried_draft(asked: SourceTestIn) -> SourceDraft:
    """What is to be tried, as the draft of a source without a name."""
    password = None if asked.password is None else asked.password.get_secret_value()
    return SourceDraft("", asked.address, user=asked.user, password=password)


def source_out(status: SourceStatus) -> SourceOut:
    """A source and how it stands."""
    source, schedule = status.source, status.source.schedule
    return SourceOut(
        id=source.id,
        label=source.label,
        collection_id=source.collection_id,
        kind=source.kind.value,
        name=source.name,
        address=source.address,
        user=source.user,
        has_password=source.has_password,
        include=list(source.include),
        exclude=list(source.exclude),
        schedule=ScheduleModel(
            rhythm=schedule.rhythm.value,
            at=schedule.at.strftime("%H:%M"),
            weekday=schedule.weekday,
        ),
        removal_percent=source.removal_percent,
        created_at=source.created_at,
        next_run_at=source.next_run_at,
        open_run=None if status.open_run is None else run_out(status.open_run),
        last_run=None if status.last_run is None else run_out(status.last_run),
        erased=[ErasedFileOut(id=each.id, erased_at=each.erased_at) for each in status.erased],
        erased_count=status.erased_count,
    )


def run_out(run: SourceRun) -> SourceRunOut:
    """A look at a source."""
    outcome, reason = run.outcome, run.reason
    return SourceRunOut(
        id=run.id,
        kind=run.kind.value,
        state=run.state.value,
        asked_at=run.asked_at,
        by_schedule=run.asked_by == MACHINE,
        started_at=run.started_at,
        finished_at=run.finished_at,
        counts={finding.value: count for finding, count in outcome.counts.items()},
        names={finding.value: list(names) for finding, names in outcome.names.items()},
        faults=[_fault_out(name, code) for name, code in outcome.faults],
        is_complete=outcome.is_complete,
        kept_back=outcome.kept_back,
        read_bytes=outcome.read_bytes,
        estimated_s=outcome.estimated_s,
        jobs=list(outcome.jobs),
        reason_code=None if reason is None else reason.code,
        reason=None if reason is None else spoken(reason.code, params=reason.params),
    )


def _fault_out(name: str, code: str) -> FaultOut:
    said = _TOO_LARGE if code == "file_too_large" else code
    return FaultOut(name=name, code=code, detail=spoken(said, params={}))
