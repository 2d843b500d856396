"""What an administrator writes of a source, checked; and how a source stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assistant.domain.errors import Conflict, InvalidInput, NotFound
from assistant.domain.ids import SourceId
from assistant.domain.sources import (
    DEFAULT_REMOVAL_PERCENT,
    ErasedFile,
    Schedule,
    Source,
    SourceKind,
    SourceRun,
)
from assistant.domain.tenancy import Scope
from assistant.ports.repositories import UnitOfWork
from assistant.services.names import is_printable
from assistant.services.tenants import checked_name

_MOST_PATTERNS = 100
_PATTERN_CHARS = 200
_MOST_ERASED = 100
"""Erased files that are told one by one."""


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """What an administrator writes of a source."""

    name: str
    address: str = ""
    user: str = ""
    password: str | None = None
    """None keeps the one that is kept."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schedule: Schedule = field(default_factory=Schedule)
    removal_percent: int = DEFAULT_REMOVAL_PERCENT


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source and how it stands."""

    source: Source
    open_run: SourceRun | None
    """Queued, under way, or waiting for approval."""
    last_run: SourceRun | None
    """The last one that ended."""
    erased: tuple[ErasedFile, ...] = ()
    """Files that looks pass over since their documents were erased: the newest, the newest first."""
    erased_count: int = 0
    """All of them."""


def written(source: Source, draft: SourceDraft) -> Source:
    """The source as a draft writes it, but for its place, which is checked apart.

    Raises:
        InvalidInput: The name ("name_refused"), a pattern ("source_pattern_refused"), the share
            ("source_percent_refused") or the schedule ("source_schedule_refused") is refused.
    """
    if not 0 <= draft.removal_percent <= 100:
        raise InvalidInput("source_percent_refused")
    if not 0 <= draft.schedule.weekday <= 6:
        raise InvalidInput("source_schedule_refused")
    is_push = source.kind is SourceKind.PUSH
    return replace(
        source,
        name=checked_name(draft.name),
        address="" if is_push else draft.address.strip(),
        user=draft.user.strip() if source.kind is SourceKind.WEBDAV else "",
        include=_patterns(draft.include),
        exclude=_patterns(draft.exclude),
        schedule=Schedule() if is_push else draft.schedule,
        removal_percent=draft.removal_percent,
    )


def require_free_name(work: UnitOfWork, source: Source, *, scope: Scope) -> None:
    """Raises `Conflict` ("source_name_taken") when another source of the tenant has its name."""
    others = work.sources.list_all(scope=scope)
    if any(each.name == source.name and each.id != source.id for each in others):
        raise Conflict("source_name_taken")


def goes_elsewhere(before: Source, after: Source) -> bool:
    """True when a password that was given for one place would be sent to another, or for another name."""
    return (before.address, before.user) != (after.address, after.user)


def found_source(work: UnitOfWork, source_id: SourceId, *, scope: Scope) -> Source:
    """A source of the scope. Raises `NotFound`."""
    source = work.sources.find(source_id, scope=scope)
    if source is None:
        raise NotFound
    return source


def status_of(work: UnitOfWork, source: Source, *, scope: Scope) -> SourceStatus:
    """How a source stands."""
    runs = work.sources.runs(source.id, scope=scope, limit=2)
    open_run = work.sources.open_run(source.id, scope=scope)
    ended = (each for each in runs if open_run is None or each.id != open_run.id)
    erased = work.sources.erased(source.id, scope=scope, limit=_MOST_ERASED)
    count = len(erased)
    if count == _MOST_ERASED:
        count = work.sources.count_erased(source.id, scope=scope)
    return SourceStatus(source, open_run, next(ended, None), tuple(erased), count)


def _patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    kept = tuple(each.strip() for each in patterns if each.strip())
    refused = [
        each
        for place, each in enumerate(kept)
        if place >= _MOST_PATTERNS or len(each) > _PATTERN_CHARS or not is_printable(each)
    ]
    if refused:
        raise InvalidInput("source_pattern_refused", pattern=refused[0][:50])
    return kept
