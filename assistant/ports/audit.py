"""Where acts that have to be accounted for are told, kept, and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from assistant.domain.audit import Act
from assistant.domain.audit_chain import AuditEntry, Head
from assistant.domain.ids import PersonId, TenantId
from assistant.domain.tenancy import Principal

if TYPE_CHECKING:
    from assistant.ports.repositories import UnitOfWork

Details = Mapping[str, str | int]


class AuditTrail(Protocol):
    """Keeps acts. Safe to call from several threads."""

    def record_in(
        self,
        work: UnitOfWork,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        """Keep an act with the change that it is, in one transaction: neither stands without the other.

        Args:
            work: Holds the change, and is committed by its caller.
            act: What is done.
            by: Who does it.
            tenant_id: The tenant it concerns.
            subject: Id of the thing it is done to; never a name or a text.
            details: What else tells it; ids, states and counts only. The value of `person_id` is kept
                as a pseudonym.

        Raises:
            StorageError: It cannot be kept; the change must not be committed.
        """
        ...

    def record(
        self,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        """Keep an act that changes nothing here, such as a refusal or a look; never fails.

        Args: as those of `record_in`. No unit of work of the caller may be open: this opens its own.
        """
        ...


@dataclass(frozen=True, slots=True)
class AuditScope:
    """Whose entries a reader may see."""

    tenant_id: TenantId | None
    """None for those of all tenants, and of none."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; what is left out does not matter."""

    since: datetime | None = None
    """From this time on."""
    until: datetime | None = None
    """Before this time."""
    acts: frozenset[str] = frozenset()
    """Empty for all."""
    is_refused: bool | None = None
    """True for refusals of access, False for all else."""
    person: str = ""
    """Pseudonym of who did it, or whom it was done to; empty for everybody."""


class AuditRepository(Protocol):
    """The table of entries, and the pseudonyms in it. Nothing here changes or removes an entry."""

    def append(self, entry: AuditEntry) -> AuditEntry:
        """Keep an entry as the next one, with its number and hashes; nobody else writes meanwhile."""
        ...

    def pseudonym_of(self, person_id: PersonId) -> str | None:
        """What stands for a person in entries, made at its first act; None when there is no such person."""
        ...

    def person_of(self, pseudonym: str, *, scope: AuditScope) -> PersonId | None:
        """Who a pseudonym stands for; None when unknown, foreign, or erased since."""
        ...

    def last(self) -> AuditEntry | None:
        """The end of the chain; for the machinery."""
        ...

    def last_of(self, act: Act) -> AuditEntry | None:
        """The last entry of an act, whoever it concerns; for the machinery."""
        ...

    def find(self, number: int) -> AuditEntry | None:
        """One entry of the chain; for the machinery."""
        ...

    def walk_on(self, *, after: int, limit: int) -> list[AuditEntry]:
        """The entries with a greater number, in order; for the machinery."""
        ...

    def page(
        self, wanted: AuditFilter, *, scope: AuditScope, before: str, limit: int
    ) -> list[AuditEntry]:
        """Entries of a scope, newest first.

        Args:
            wanted: Which of them.
            scope: Whose.
            before: Id of the entry that they precede; empty for the newest. An id that is not of the
                scope finds nothing.
            limit: How many at most.
        """
        ...

    def stretch(
        self, wanted: AuditFilter, *, scope: AuditScope, after: int, limit: int
    ) -> list[AuditEntry]:
        """Entries of a scope with a greater number, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class NotedHeads:
    """What a second sink holds."""

    heads: tuple[Head, ...]
    """Oldest first."""
    damaged_lines: tuple[int, ...] = ()
    """Lines, from 1, that are no heads."""


class HeadSink(Protocol):
    """Where heads of the chain are noted, apart from its table. Only ever added to."""

    def append(self, head: Head) -> None:
        """Note a head, durably. Raises `StorageError` ("heads_unwritable")."""
        ...

    def noted(self) -> NotedHeads:
        """All that was noted; nothing before the first. Raises `StorageError` ("heads_unreadable")."""
        ...
