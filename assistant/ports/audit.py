"""Where acts that have to be accounted for are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from assistant.domain.audit import Act
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Principal

Details = Mapping[str, str | int]


class AuditTrail(Protocol):
    """Keeps acts. Safe to call from several threads; a failure never undoes the act."""

    def record(
        self,
        act: Act,
        *,
        by: Principal,
        tenant_id: TenantId,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        """Keep an act that has been done.

        Args:
            act: What was done.
            by: Who did it.
            tenant_id: The tenant it concerns.
            subject: Id of the thing it was done to; never a name or a text.
            details: What else tells it; ids, states and counts only.
        """
        ...
