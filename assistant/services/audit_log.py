"""The audit log of a process, wired together."""

from __future__ import annotations

from assistant.domain.audit import Act
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail, HeadSink
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.audit_checking import ChainChecker
from assistant.services.audit_heads import HeadKeeper
from assistant.services.audit_reading import AuditReader
from assistant.services.audit_trail import NOBODY, ChainAuditTrail, CountingAuditTrail


class AuditLog:
    """Where acts are told, who reads them, and who notes the head.

    Args:
        open_work: The store.
        clock: Tells when.
        spare: Takes the acts that the store does not.
        sink: Where heads go.
    """

    def __init__(
        self, open_work: UnitOfWorkFactory, clock: Clock, *, spare: AuditTrail, sink: HeadSink
    ) -> None:
        self.trail = CountingAuditTrail(ChainAuditTrail(open_work, clock, spare=spare), clock)
        self.reader = AuditReader(open_work, audit=self.trail)
        self.checker = ChainChecker(open_work, audit=self.trail, sink=sink)
        self.keeper = HeadKeeper(open_work, clock, sink=sink, counts=self.trail)

    def refused(self, code: str, *, status: int, by: Principal | None) -> None:
        """Tell that a request was refused; repetitions are counted.

        Args:
            code: Why, as the problem says.
            status: 401 or 403.
            by: Who asked; None when nobody knows.
        """
        who = by or NOBODY
        self.trail.record(
            Act.REFUSED,
            by=who,
            tenant_id=who.tenant_id,
            details={"code": code, "status": status},
        )
