"""The progress and the evaluation of a generation as JSON, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from assistant.domain.generations import Progress
from assistant.domain.ids import QuestionSetId, TenantId
from assistant.domain.trials import MeasureChange, SetTrial, Trial

_Json = dict[str, Any]


def dump_progress(progress: Progress) -> _Json:
    """As plain values."""
    return {**asdict(progress), "begun_at": _dump_time(progress.begun_at)}


def load_progress(data: _Json) -> Progress:
    """As it was dumped."""
    return Progress(
        cut_done=data.get("cut_done", 0),
        kept_as_cut=data.get("kept_as_cut", 0),
        texts_done=data["texts_done"],
        chunks_done=data["chunks_done"],
        begun_at=_load_time(data["begun_at"]),
        is_embedded=data["is_embedded"],
    )


def dump_trial(trial: Trial) -> _Json:
    """As plain values."""
    return {
        **asdict(trial),
        "started_at": trial.started_at.isoformat(),
        "ended_at": _dump_time(trial.ended_at),
    }


def load_trial(data: _Json) -> Trial:
    """As it was dumped."""
    return Trial(
        against=data["against"],
        started_at=datetime.fromisoformat(data["started_at"]),
        asked=data["asked"],
        total=data["total"],
        ended_at=_load_time(data["ended_at"]),
        sets=tuple(_load_set(each) for each in data["sets"]),
        held_up_by=data.get("held_up_by", ""),
    )


def _load_set(data: _Json) -> SetTrial:
    return SetTrial(
        set_id=QuestionSetId(data["set_id"]),
        tenant_id=TenantId(data["tenant_id"]),
        revision=data["revision"],
        questions=data["questions"],
        changes=tuple(MeasureChange(**each) for each in data["changes"]),
        against=data.get("against"),
    )


def _dump_time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _load_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
