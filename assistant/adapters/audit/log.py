"""Acts as lines of the service's own log."""

from __future__ import annotations

import logging

import structlog

from assistant.domain.audit import Act
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Principal
from assistant.ports.audit import Details
from assistant.ports.repositories import UnitOfWork

_log = structlog.wrap_logger(
    None,
    # an act is no warning, and is told at whatever level the rest of the log is kept
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
)


class LogAuditTrail:
    """Implements `AuditTrail`: ids only, kept as long as the log is."""

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
        """Write an act; a log knows no transactions, so one that is undone stays written."""
        del work
        self.record(act, by=by, tenant_id=tenant_id, subject=subject, details=details)

    def record(
        self,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        """Write an act."""
        _log.info(
            "audit",
            act=act.value,
            by=by.person_id,
            by_tenant=by.tenant_id,
            by_key=by.is_key,
            tenant_id=tenant_id,
            subject=subject,
            **(details or {}),
        )
