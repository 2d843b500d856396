"""Acts kept in the chain, changes with what they change, and repeated looks and refusals counted.

What changes nothing has no transaction to be part of: what of it could not be kept goes to a spare
trail, so that a busy database neither hides a refusal nor turns it into a failure.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from assistant.domain.audit import ABOUT_PEOPLE, REFUSALS, REPEATED, Act
from assistant.domain.audit_chain import AuditEntry, details_text, plain_id, time_text
from assistant.domain.ids import PersonId, TenantId, new_id
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail, Details
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.machinery import MACHINE
from assistant.services.transactions import retried

NOBODY: Final = Principal(PersonId(""), TenantId(""), frozenset())
"""Who calls without being known."""
WINDOW: Final = timedelta(minutes=5)
"""How long the repetitions of an act are counted before one entry tells their number."""
MOST_KINDS: Final = 1000
"""Repeated acts of one actor on one tenant told apart in a window; beyond, without what they were on."""
MOST_IN_ALL: Final = 100_000
"""Kinds in memory, of all actors; beyond, looks are each kept and refusals counted without an actor."""
_PERSON: Final = "person_id"
_OTHERS: Final = "others"
_Kind = tuple[object, ...]
_Whose = tuple[TenantId, PersonId]
"""On which tenant, and by whom."""

_log = structlog.get_logger(__name__)


class ChainAuditTrail:
    """Implements `AuditTrail` over the table of entries. Blocking.

    Args:
        open_work: The store; one writer at a time, so that processes never fork the chain.
        clock: Tells when.
        spare: Takes what the store does not.
    """

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, spare: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._spare = spare

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
        """Keep an act with the change that it is. Raises `StorageError`."""
        told = _Told(act, by, tenant_id, subject, dict(details or {}))
        work.audit.append(_entry(work, told, now=self._clock.now()))

    def record(
        self,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        """Keep an act that changes nothing; logged instead when that fails."""
        told = _Told(act, by, tenant_id, subject, dict(details or {}))
        now = self._clock.now()
        try:
            retried(lambda: self._append(told, now=now))
        except Exception as error:  # noqa: BLE001 - it happened, whatever becomes of its entry
            _log.error("audit_not_recorded", act=act.value, kind=type(error).__name__)
            self._spare.record(act, by=by, tenant_id=tenant_id, subject=subject, details=details)

    def _append(self, told: _Told, *, now: datetime) -> None:
        with self._open_work() as work:
            work.lock()
            work.audit.append(_entry(work, told, now=now))
            work.commit()


@dataclass(frozen=True, slots=True)
class _Told:
    act: Act
    by: Principal
    tenant_id: TenantId
    subject: str
    details: dict[str, str | int]


def _entry(work: UnitOfWork, told: _Told, *, now: datetime) -> AuditEntry:
    by, details = told.by, dict(told.details)
    if by.tenant_id and by.tenant_id != told.tenant_id:
        details["by_tenant"] = by.tenant_id
    if by.is_key:
        details["by_key"] = 1
    if _PERSON in details:
        details["person"] = _pseudonym(work, str(details.pop(_PERSON)))
    is_person = told.act in ABOUT_PEOPLE
    return AuditEntry(
        number=0,
        id=new_id(),
        time=time_text(now),
        act=told.act.value,
        tenant=plain_id(told.tenant_id),
        actor=MACHINE if by.person_id == MACHINE else _pseudonym(work, by.person_id),
        subject=_pseudonym(work, told.subject) if is_person else _thing(work, told.subject),
        details=details_text(details),
    )


def _pseudonym(work: UnitOfWork, person_id: str) -> str:
    """What stands for a person; nothing for one that is gone."""
    return (work.audit.pseudonym_of(PersonId(person_id)) or "") if person_id else ""


def _thing(work: UnitOfWork, subject: str) -> str:
    """The id of a thing; should it be that of a person all the same, the pseudonym."""
    return _pseudonym(work, subject) or plain_id(subject)


@dataclass(slots=True)
class _Count:
    told: _Told
    begun: datetime
    more: int = 0


class CountingAuditTrail:
    """Implements `AuditTrail` before another one: a flood of one act costs two entries a window.

    The first of a kind is kept at once. Its repetitions are counted, and one entry with `count` and
    `seconds` tells of them once the window is over. The same act, by and on the same, with the same
    details, is of one kind. Beyond `MOST_KINDS` of one actor on one tenant, its further acts are counted
    by act (`others`), without subject and details: nobody's acts hide those of somebody else.

    Args:
        trail: Takes what is kept.
        clock: Tells when.
        most_in_all: Kinds in memory, of all actors.
    """

    def __init__(self, trail: AuditTrail, clock: Clock, *, most_in_all: int = MOST_IN_ALL) -> None:
        self._trail = trail
        self._clock = clock
        self._most_in_all = most_in_all
        self._counts: dict[_Kind, _Count] = {}
        self._open = Counter[_Whose]()
        self._lock = threading.Lock()

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
        """Keep an act with the change that it is; none is only counted. Raises `StorageError`."""
        self._trail.record_in(
            work, act, by=by, tenant_id=tenant_id, subject=subject, details=details
        )

    def record(
        self,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        """Keep or count an act."""
        told = _Told(act, by, tenant_id, subject, dict(details or {}))
        if act not in REPEATED or not self._is_counted(told):
            self._pass_on(told)
        self.flush()

    def flush(self, *, all_of_them: bool = False) -> None:
        """Tell what was counted in windows that are over, or at the end in all of them."""
        now = self._clock.now()
        for count in self._ended(now, all_of_them=all_of_them):
            if count.more:
                told = count.told
                seconds = max(0, round((now - count.begun).total_seconds()))
                recap = {**told.details, "count": count.more, "seconds": seconds}
                self._pass_on(_Told(told.act, told.by, told.tenant_id, told.subject, recap))

    def _ended(self, now: datetime, *, all_of_them: bool) -> list[_Count]:
        ended: list[_Count] = []
        with self._lock:
            while self._counts:
                key = next(iter(self._counts))  # the oldest: nothing behind it is over before it
                if not all_of_them and abs(now - self._counts[key].begun) < WINDOW:
                    break
                count = self._counts.pop(key)
                ended.append(count)
                self._close(_whose(count.told))
        return ended

    def _close(self, whose: _Whose) -> None:
        self._open[whose] -= 1
        if not self._open[whose]:
            del self._open[whose]

    def _is_counted(self, told: _Told) -> bool:
        """True when the entry at the end of a window tells of the act; False to keep it now."""
        with self._lock:
            if (known := self._counts.get(_kind(told))) is not None:
                known.more += 1
                return True
            if self._open[_whose(told)] >= MOST_KINDS:
                self._count_rest(_Told(told.act, told.by, told.tenant_id, "", {_OTHERS: 1}))
                return True
            if len(self._counts) >= self._most_in_all:
                return self._is_counted_beyond(told)
            self._begin(told, more=0)
            return False

    def _is_counted_beyond(self, told: _Told) -> bool:
        if told.act not in REFUSALS:
            return False  # who looked at what is never left untold
        self._count_rest(_Told(told.act, NOBODY, NOBODY.tenant_id, "", {_OTHERS: 1}))
        return True

    def _count_rest(self, told: _Told) -> None:
        if (known := self._counts.get(_kind(told))) is None:
            self._begin(told, more=1)
        else:
            known.more += 1

    def _begin(self, told: _Told, *, more: int) -> None:
        self._counts[_kind(told)] = _Count(told, self._clock.now(), more)
        self._open[_whose(told)] += 1

    def _pass_on(self, told: _Told) -> None:
        self._trail.record(
            told.act,
            by=told.by,
            tenant_id=told.tenant_id,
            subject=told.subject,
            details=told.details,
        )


def _whose(told: _Told) -> _Whose:
    return (told.tenant_id, told.by.person_id)


def _kind(told: _Told) -> _Kind:
    by = told.by
    facts = tuple(sorted(told.details.items()))
    return (told.act, by.person_id, by.is_key, told.tenant_id, told.subject, facts)
