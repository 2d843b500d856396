"""What tenants used in a month and what they owe for it; and the daily note of what they keep."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from assistant.domain.costs import UsageRow, quantity_of, stored_quantity
from assistant.domain.errors import InvalidInput
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Principal
from assistant.domain.tenants import Tenant, TenantState
from assistant.domain.usage import Month, Unit, day_of
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.quota_use import QuotaReader
from assistant.services.roles import administered_tenant

_NOTED_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The usage of one or all tenants in a month."""

    month: Month
    rows: tuple[UsageRow, ...]
    """By tenant, oldest first; every unit of each."""


class UsageService:
    """Tells administrators what was used. Blocking."""

    def __init__(
        self, open_work: UnitOfWorkFactory, clock: Clock, *, prices: Mapping[Unit, Decimal]
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._prices = prices
        self.quotas = QuotaReader(open_work, clock)

    def report(
        self, month: str, *, tenant_id: TenantId | None, principal: Principal
    ) -> UsageReport:
        """What was used in a month, so far when it has not ended.

        Args:
            month: As "2026-11".
            tenant_id: A tenant; None takes all for the platform's administrators, else the own one.
            principal: Who asks.

        Raises:
            InvalidInput: No such month ("month_refused").
            NotFound: The tenant is unknown or foreign.
            Forbidden: The principal administers nothing.
        """
        try:
            wanted = Month.parse(month)
        except ValueError:
            raise InvalidInput("month_refused") from None
        with self._open_work() as work:
            tenants = _tenants(work, tenant_id, principal=principal)
            rows = [row for tenant in tenants for row in self._rows(work, tenant, month=wanted)]
        return UsageReport(wanted, tuple(rows))

    def _rows(self, work: UnitOfWork, tenant: Tenant, *, month: Month) -> list[UsageRow]:
        totals = work.usage.totals(tenant.id, first=month.first, last=month.last)
        quantities = {unit: quantity_of(unit, totals.get(unit, 0)) for unit in Unit}
        levels = work.usage.levels(
            tenant.id, unit=Unit.STORED_BYTES, first=month.first, last=month.last
        )
        today = day_of(self._clock.now(), time_zone=tenant.time_zone)
        quantities[Unit.STORED_BYTES] = stored_quantity(levels, month=month, until=today)
        return [
            UsageRow(
                tenant_id=tenant.id,
                tenant=tenant.name,
                unit=unit,
                quantity=quantity,
                price=self._prices.get(unit, Decimal(0)),
            )
            for unit, quantity in quantities.items()
        ]


class StorageMeter:
    """Notes each hour what every tenant keeps; the most of a day counts."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock
        self._noted_at: float | None = None

    def note(self) -> None:
        """Note it, unless that was done within the hour. Blocking."""
        if self._noted_at is not None and time.monotonic() - self._noted_at < _NOTED_EVERY_S:
            return
        now = self._clock.now()
        with self._open_work() as work:
            held = work.usage.held_by_tenant()
            for tenant in work.tenancy.list_tenants():
                # A tenant that keeps nothing any more is told so, or its last level would stay.
                size_bytes = held[tenant.id].size_bytes if tenant.id in held else 0
                if tenant.state is not TenantState.DELETED:
                    work.usage.raise_to(
                        tenant.id,
                        day=day_of(now, time_zone=tenant.time_zone),
                        unit=Unit.STORED_BYTES,
                        level=size_bytes,
                    )
            work.commit()
        self._noted_at = time.monotonic()


def _tenants(work: UnitOfWork, tenant_id: TenantId | None, *, principal: Principal) -> list[Tenant]:
    if tenant_id is None and principal.is_platform_admin:
        found = work.tenancy.list_tenants()
        return [each for each in found if each.state is not TenantState.DELETED]
    wanted = principal.tenant_id if tenant_id is None else tenant_id
    return [administered_tenant(work, wanted, principal=principal)]
