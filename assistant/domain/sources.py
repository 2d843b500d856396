"""Sources of documents: where files come from, when they are looked at, and what a look found."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from assistant.domain.documents import Reason
from assistant.domain.ids import CollectionId, PersonId, SourceId, SourceRunId, TenantId

LABEL_PREFIX = "source:"
"""Of the label that documents of a source bear; its id follows."""
REMOVED_ALWAYS = 3
"""Documents that a run may remove whatever the share, unless they are all that the source has."""
DEFAULT_REMOVAL_PERCENT = 20
MOST_NAMES = 50
"""Names of each kind that an outcome tells."""

WITHHOLDING = "file_withheld"
WITHHELD = frozenset({"file_slow", WITHHOLDING})
"""Codes of files that their place does not give although it answers."""

_PASSING = frozenset(
    {
        "reading_cancelled",
        "file_never_sent",
        "content_changed",
        "file_changing",
        "file_locked",
        "file_missing",
        "file_unreadable",
        *WITHHELD,
        "reader_busy",
        "scanner_unavailable",
        "disk_full",
        "original_lost",
    }
)
_PASSING_KINDS = ("embedder_", "quota_", "database_", "storage_", "webdav_")


class SourceKind(StrEnum):
    """How the files of a source are reached."""

    FOLDER = "folder"
    """A folder of the server, below one that its operator opened."""
    WEBDAV = "webdav"
    """A folder of a WebDAV server, such as Nextcloud."""
    PUSH = "push"
    """A program sends them."""


class Rhythm(StrEnum):
    """How often a source is looked at by itself."""

    MANUAL = "manual"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a source is looked at by itself, on the clock of its tenant."""

    rhythm: Rhythm = Rhythm.MANUAL
    at: time = time(2)
    """For DAILY and WEEKLY; hours and minutes."""
    weekday: int = 0
    """For WEEKLY: 0 is Monday."""

    def next_after(self, moment: datetime, *, time_zone: str) -> datetime | None:
        """The next time after an aware moment; None when nobody is waited for.

        A time that the change to summer time leaves out comes an hour later on that day.
        """
        if self.rhythm is Rhythm.MANUAL:
            return None
        if self.rhythm is Rhythm.HOURLY:
            return moment + timedelta(hours=1)
        zone = ZoneInfo(time_zone)
        day = moment.astimezone(zone).date()
        for ahead in range(9):
            found = datetime.combine(day + timedelta(days=ahead), self.at, zone)
            is_day = self.rhythm is Rhythm.DAILY or found.weekday() == self.weekday
            if is_day and found.timestamp() > moment.timestamp():
                return datetime.fromtimestamp(found.timestamp(), moment.tzinfo)
        raise AssertionError


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents of a collection come from."""

    id: SourceId
    tenant_id: TenantId
    collection_id: CollectionId
    kind: SourceKind
    name: str
    address: str
    """Absolute path of a folder, or URL; empty for PUSH."""
    created_by: PersonId
    created_at: datetime
    user: str = ""
    """For WEBDAV."""
    has_password: bool = False
    """True when a password is kept; it is never shown."""
    include: tuple[str, ...] = ()
    """Patterns of names; a file that none fits is ignored. Empty takes all."""
    exclude: tuple[str, ...] = ()
    """Patterns of names that are ignored."""
    schedule: Schedule = Schedule()
    removal_percent: int = DEFAULT_REMOVAL_PERCENT
    """Share of its documents, in percent, above which a removal waits for a person."""
    next_run_at: datetime | None = None
    """When the schedule starts the next run; None before the first run, and for MANUAL."""
    first_synced_at: datetime | None = None
    """When its documents were first in line with it: its schedule counts from then on."""

    @property
    def label(self) -> str:
        """What its documents and jobs name as their source."""
        return f"{LABEL_PREFIX}{self.id}"

    def must_ask(self, *, removed: int, known: int) -> bool:
        """True when a person has to approve the removal of some of its documents.

        Args:
            removed: How many would go.
            known: How many it has.
        """
        if not removed:
            return False
        if removed >= known:
            return True
        return exceeds_share(removed=removed, known=known, percent=self.removal_percent)


@dataclass(frozen=True, slots=True)
class ErasedFile:
    """A file of a source whose document was erased: looks pass over it until a person lets it in."""

    id: str
    """Hash of its name, see `erased_digest`; the name is kept nowhere."""
    erased_at: datetime


def erased_digest(source_id: SourceId, name: str) -> str:
    """The id of the file of a name, as its document bears it, among those erased of a source.

    Its key is no secret: a name that is guessed is recognised. It hides names from a glance, and makes
    the same name another id in each source.
    """
    return hmac.new(source_id.encode(), name.encode(), sha256).hexdigest()


def exceeds_share(*, removed: int, known: int, percent: int) -> bool:
    """True when removals are more than a few, and more than a share of the documents that are known."""
    return removed > REMOVED_ALWAYS and removed * 100 > known * percent


class RunKind(StrEnum):
    """What a look at a source is for."""

    PLAN = "plan"
    """To tell what would change; nothing does."""
    SYNC = "sync"
    """To bring the documents in line."""


class RunState(StrEnum):
    """How far a look at a source is."""

    QUEUED = "queued"
    RUNNING = "running"
    AWAITING_APPROVAL = "awaiting_approval"
    """It would remove more than its source may by itself; nothing was changed."""
    DONE = "done"
    FAILED = "failed"
    """Nothing could be looked at; `reason` says why."""
    APPROVED = "approved"
    """It waited, a person approved it, and another run carries it out."""
    REFUSED = "refused"
    REPLACED = "replaced"
    """It waited, and a newer look took its place."""
    CANCELLED = "cancelled"
    """A person stopped it; what it had submitted stays."""


OPEN_RUNS = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.AWAITING_APPROVAL})
"""States of which a source has at most one at a time."""


class Finding(StrEnum):
    """What a look tells of a file."""

    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"
    """A known content under another name: the document is kept."""
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    IGNORED = "ignored"
    """Left out by the patterns."""
    UNREADABLE = "unreadable"
    """It cannot be opened, or has a name that cannot be kept; what is known of it stays."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a look at a source found, or is finding."""

    counts: dict[Finding, int] = field(default_factory=dict[Finding, int])
    names: dict[Finding, tuple[str, ...]] = field(default_factory=dict[Finding, tuple[str, ...]])
    """The first names of each kind, at most `MOST_NAMES`; a renamed one as "old → new"."""
    faults: tuple[tuple[str, str], ...] = ()
    """Name and code of the first that could not be taken or listed."""
    is_complete: bool = True
    """False when a part could not be listed: nothing is removed then."""
    read_bytes: int = 0
    """Size of what is new or changed."""
    estimated_s: float | None = None
    """How long its reading would take, from past jobs; None when there are none."""
    removal: str = ""
    """Names what a person has to approve: the very set of documents that would be removed, or the one
    content that many changed files took."""
    jobs: tuple[str, ...] = ()
    """Jobs that read what changed."""
    kept_back: int = 0
    """Documents that are missing and were kept: the listing is not complete, or a file that cannot be
    sent may be one of them."""

    def count(self, finding: Finding) -> int:
        """How many files; 0 when none was."""
        return self.counts.get(finding, 0)


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One look at a source."""

    id: SourceRunId
    source_id: SourceId
    tenant_id: TenantId
    kind: RunKind
    state: RunState
    asked_by: PersonId
    """`MACHINE` for the schedule."""
    asked_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: RunOutcome = RunOutcome()
    reason: Reason | None = None
    """Set if and only if it failed."""
    approved_removal: str = ""
    """The set of removals that a person approved, as in `RunOutcome.removal`; empty for none."""
    decided_by: PersonId | None = None
    decided_at: datetime | None = None
    attempt: int = 0
    """Times that it was begun since it last got something done."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What is remembered of a file, so that an unchanged one is not read again."""

    name: str
    size_bytes: int
    stamp: str
    """Equal as long as the file is; empty when it cannot be trusted yet."""
    sha256: str
    """Of its content, hexadecimal; empty when it was not taken."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A document of a source with what is remembered of its file."""

    name: str
    sha256: str
    size_bytes: int
    stamp: str
    """Empty when its content is not the one that was remembered: it is looked at again."""
    fault: str = ""
    """Code of the reason for which its last content was not taken; empty when there is none."""

    @property
    def is_to_retry(self) -> bool:
        """True when it was not read for a reason that may have gone."""
        return self.fault in _PASSING or self.fault.startswith(_PASSING_KINDS)
