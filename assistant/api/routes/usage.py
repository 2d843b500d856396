"""What tenants used, for their administrators and those of the platform."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query

from assistant.api.conversations_out import quota_out
from assistant.api.deps import Manager, UseCases
from assistant.domain.costs import CURRENCY, UsageRow, total_of
from assistant.domain.ids import TenantId
from assistant.schemas.usage import QuotaUseOut, UsageOut, UsageRowOut, UsageTotalOut

router = APIRouter(prefix="/usage", tags=["usage"])


@router.get("")
def get_usage(
    principal: Manager,
    services: UseCases,
    month: Annotated[str, Query(pattern="^[0-9]{4}-[0-9]{2}$")],
    tenant_id: Annotated[str | None, Query()] = None,
) -> UsageOut:
    """Usage and cost of a month, such as "2026-11": of one's tenant, or of all for the platform's."""
    report = services.usage.report(
        month,
        tenant_id=None if tenant_id is None else TenantId(tenant_id),
        principal=principal,
    )
    grouped = groupby(report.rows, key=lambda row: (row.tenant_id, row.tenant))
    return UsageOut(
        month=str(report.month),
        currency=CURRENCY,
        rows=[_row_out(row) for row in report.rows],
        totals=[
            UsageTotalOut(tenant_id=key, tenant=name, total=_plain(total_of(own)))
            for (key, name), own in grouped
        ],
        total=_plain(total_of(report.rows)),
    )


@router.get("/quotas")
def get_quotas(
    principal: Manager, services: UseCases, tenant_id: Annotated[str | None, Query()] = None
) -> list[QuotaUseOut]:
    """What a tenant used of its bounds, and when they begin anew; one's own without `tenant_id`."""
    wanted = None if tenant_id is None else TenantId(tenant_id)
    found = services.usage.quotas.of_tenant(wanted, principal=principal)
    return [quota_out(each) for each in found]


def _row_out(row: UsageRow) -> UsageRowOut:
    return UsageRowOut(
        tenant_id=row.tenant_id,
        tenant=row.tenant,
        unit=row.unit.value,
        quantity=_plain(row.quantity),
        price=_plain(row.price),
        amount=_plain(row.amount),
    )


def _plain(value: Decimal) -> str:
    """All digits, never an exponent."""
    return f"{value:f}"
