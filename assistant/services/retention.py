"""Conversations erased once they were not used for longer than their tenant keeps them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import structlog

from assistant.domain.audit import Act
from assistant.domain.errors import AssistantError
from assistant.domain.tenancy import Principal
from assistant.domain.tenants import Tenant
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.machinery import MACHINE
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

_AT_ONCE: Final = 100
"""Conversations of one transaction, so that the write lock is soon free again."""


class RetentionKeeper:
    """Erases, once a day (UTC) and at the start, what tenants do not want to be kept.

    Any number of processes may do so at once: what one erased, the others no longer find.

    Args:
        open_work: The store.
        clock: Tells the day.
        audit: Told how many there were, by tenant.
    """

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit
        self._done_on: date | None = None

    def look(self) -> None:
        """Erase what is due, unless that was done today; a failure is logged, and tried at the next look."""
        now = self._clock.now()
        if self._done_on == now.date():
            return
        try:
            with self._open_work() as work:
                tenants = work.tenancy.list_tenants()
            for tenant in tenants:
                self._expire(tenant, now=now)
        except AssistantError as error:
            _log.warning("conversations_not_erased", code=error.code)
            return
        self._done_on = now.date()

    def _expire(self, tenant: Tenant, *, now: datetime) -> None:
        if tenant.retention_days is None:
            return
        before = now - timedelta(days=tenant.retention_days)
        while retried(lambda: self._forget(tenant, before=before)):
            continue

    def _forget(self, tenant: Tenant, *, before: datetime) -> int:
        """Erase some, and keep how many in the audit log in the same commit."""
        with self._open_work() as work:
            work.lock()
            count = work.conversations.forget_unused(
                tenant_id=tenant.id, before=before, limit=_AT_ONCE
            )
            if count:
                self._audit.record_in(
                    work,
                    Act.CONVERSATIONS_EXPIRED,
                    by=Principal(MACHINE, tenant.id, frozenset()),
                    tenant_id=tenant.id,
                    subject=tenant.id,
                    details={"conversations": count, "retention_days": tenant.retention_days or 0},
                )
                work.commit()
        return count
