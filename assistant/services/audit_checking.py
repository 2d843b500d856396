"""The chain of audit entries verified on request, and what is known of it since."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from assistant.domain.audit import Act
from assistant.domain.audit_chain import AuditEntry, Verdict
from assistant.domain.errors import Conflict, StorageError
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail, HeadSink, NotedHeads
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.audit_reading import audit_scope, verify
from assistant.services.roles import require_platform_admin


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along the chain found, as the entry about it keeps it."""

    at: datetime
    is_whole: bool
    entries: int
    """How many held, from the first on."""
    fault: int
    """Number of the first that did not; 0 without."""
    lost_heads: int


@dataclass(frozen=True, slots=True)
class ChainState:
    """What is known of the chain without walking along it."""

    verified: Verification | None
    """None when nobody had it verified."""
    head_noted_at: datetime | None
    """None when no head was noted, or heads cannot be read."""
    are_heads_readable: bool


class ChainChecker:
    """Verifies the chain for administrators, one walk at a time. Blocking.

    Args:
        open_work: The store.
        audit: Keeps what each walk found, as an act of who asked for it.
        sink: Holds the heads.
    """

    def __init__(self, open_work: UnitOfWorkFactory, *, audit: AuditTrail, sink: HeadSink) -> None:
        self._open_work = open_work
        self._audit = audit
        self._sink = sink
        self._walking = threading.Lock()

    def state(self, *, principal: Principal) -> ChainState:
        """When the chain was verified last, and when its head was noted apart.

        Raises:
            Forbidden: Neither administrator nor auditor.
        """
        audit_scope(principal, tenant_id=None)
        return self._state(self._noted())

    def check(self, *, principal: Principal) -> ChainState:
        """Walk along the whole chain now, against the heads that were noted apart; the walk is an act.

        Raises:
            Forbidden: The principal does not administer the platform ("platform_forbidden").
            Conflict: Somebody else's walk is under way ("audit_verifying").
            StorageError: What was found cannot be recorded.
        """
        require_platform_admin(principal)
        if not self._walking.acquire(blocking=False):
            raise Conflict("audit_verifying")
        try:
            noted = self._noted()
            verdict = verify(self._open_work, heads=noted.heads if noted else ())
            self._keep(verdict, principal=principal)
            return self._state(noted)
        finally:
            self._walking.release()

    def _noted(self) -> NotedHeads | None:
        try:
            return self._sink.noted()
        except StorageError:
            return None

    def _keep(self, verdict: Verdict, *, principal: Principal) -> None:
        with self._open_work() as work:
            self._audit.record_in(
                work,
                Act.AUDIT_VERIFIED,
                by=principal,
                tenant_id=principal.tenant_id,
                details={
                    "whole": int(verdict.is_whole),
                    "entries": verdict.entries,
                    "fault": 0 if verdict.fault is None else verdict.fault.number,
                    "lost_heads": len(verdict.lost_heads),
                },
            )
            work.commit()

    def _state(self, noted: NotedHeads | None) -> ChainState:
        with self._open_work() as work:
            last = work.audit.last_of(Act.AUDIT_VERIFIED)
        heads = noted.heads if noted else ()
        return ChainState(
            verified=None if last is None else _verification(last),
            head_noted_at=heads[-1].moment if heads else None,
            are_heads_readable=noted is not None and not noted.damaged_lines,
        )


def _verification(entry: AuditEntry) -> Verification:
    facts = entry.facts
    return Verification(
        at=entry.moment,
        is_whole=facts.get("whole") == 1,
        entries=int(facts.get("entries", 0)),
        fault=int(facts.get("fault", 0)),
        lost_heads=int(facts.get("lost_heads", 0)),
    )
