"""Sources of documents: places, schedules, plans and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, SecretStr

from assistant.schemas.wire import Wire

SourceKindName = Literal["folder", "webdav", "push"]
RhythmName = Literal["manual", "hourly", "daily", "weekly"]
RunKindName = Literal["plan", "sync"]
RunStateName = Literal[
    "queued",
    "running",
    "awaiting_approval",
    "done",
    "failed",
    "approved",
    "refused",
    "replaced",
    "cancelled",
]
FindingName = Literal[
    "added", "changed", "renamed", "removed", "unchanged", "ignored", "unreadable"
]


class ScheduleModel(Wire):
    """When a source is looked at by itself, on the clock of its tenant."""

    rhythm: RhythmName = "manual"
    at: str = Field(default="02:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    """Hours and minutes, for "daily" and "weekly"."""
    weekday: int = Field(default=0, ge=0, le=6)
    """For "weekly"; 0 is Monday."""


class SourceChangeIn(Wire):
    """A source as it is to be; its kind and collection stay."""

    name: str
    address: str = ""
    """Full path of a folder that the operator opened, or address of a WebDAV folder; none for "push"."""
    user: str = ""
    """For "webdav"."""
    password: SecretStr | None = Field(default=None, max_length=500)
    """For "webdav"; never told again. Null keeps the one that is kept, while address and user stay."""
    include: list[str] = Field(default_factory=list, max_length=100)
    """Patterns of names; empty takes all."""
    exclude: list[str] = Field(default_factory=list, max_length=100)
    """Patterns of names that are left out."""
    schedule: ScheduleModel = ScheduleModel()
    removal_percent: int = Field(default=20, ge=0, le=100)
    """Share of its documents above which a removal waits for a person."""


class SourceIn(SourceChangeIn):
    """A new source."""

    kind: SourceKindName
    collection_id: str | None = None
    """Where its documents go; null takes the oldest collection."""


class SourceTestIn(Wire):
    """A way to a place, to be tried."""

    kind: SourceKindName
    address: str = ""
    user: str = ""
    password: SecretStr | None = Field(default=None, max_length=500)
    source_id: str | None = None
    """A source whose kept password is used when none is given."""


class SourceTested(Wire):
    """A place that answered."""

    names: list[str]
    """Some names right in it; none when it is empty."""


class SourcePlaces(Wire):
    """What the operator opened to one's tenant."""

    folders: list[str]
    webdav_hosts: list[str]


class FaultOut(Wire):
    """A file that could not be taken, or a folder that could not be listed."""

    name: str
    code: str
    detail: str
    """Why, in French."""


class SourceRunOut(Wire):
    """One look at a source."""

    id: str
    kind: RunKindName
    state: RunStateName
    asked_at: datetime
    by_schedule: bool
    started_at: datetime | None
    finished_at: datetime | None
    counts: dict[FindingName, int]
    """Files of each kind; those with none are left out."""
    names: dict[FindingName, list[str]]
    """The first names of each kind."""
    faults: list[FaultOut]
    is_complete: bool
    """False when a part could not be listed: nothing was removed."""
    kept_back: int
    """Documents whose files are missing, and which stay since the listing is not complete."""
    read_bytes: int
    estimated_s: float | None
    """How long reading would take, from past jobs; null when there are none."""
    jobs: list[str]
    """Ids of the jobs that read what changed."""
    reason_code: str | None
    reason: str | None
    """Why it failed, in French."""


class ErasedFileOut(Wire):
    """A file whose document was erased: looks pass over it. Its name is kept nowhere."""

    id: str
    erased_at: datetime


class SourceOut(Wire):
    """A source and how it stands; its password is never told."""

    id: str
    label: str
    """What its documents and jobs name as their source; a program that sends files gives it."""
    collection_id: str
    kind: SourceKindName
    name: str
    address: str
    user: str
    has_password: bool
    include: list[str]
    exclude: list[str]
    schedule: ScheduleModel
    removal_percent: int
    created_at: datetime
    next_run_at: datetime | None
    """When its schedule starts the next run; null before its first one."""
    open_run: SourceRunOut | None
    """Queued, under way, or waiting for approval."""
    last_run: SourceRunOut | None
    """The last one that ended."""
    erased: list[ErasedFileOut] = Field(default=[])
    """Files that are not taken again since their documents were erased: the newest hundred, the newest first."""
    erased_count: int = 0
    """All of them."""
