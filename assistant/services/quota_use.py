"""How much of its bounds a person or a tenant has used, and when the counters begin anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Principal
from assistant.domain.tenants import Tenant
from assistant.domain.usage import MODEL_TOKENS, Month, Unit, begin_of, day_of
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.roles import administered_tenant, found_tenant
from ingest.limits import MEGABYTE


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """One bound, by its name in `Quotas`."""

    name: str
    used: int
    """Rounded up, in the unit of the bound."""
    limit: int | None
    """None when it is open."""
    resets_at: datetime | None
    """When it begins anew, in UTC; None for what is kept or under way."""


class QuotaReader:
    """Tells how much was used. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    def of_person(self, principal: Principal) -> list[QuotaUse]:
        """What the caller used of the bounds of a person.

        Raises:
            NotFound: Its tenant is gone.
        """
        now = self._clock.now()
        with self._open_work() as work:
            tenant = found_tenant(work, principal.tenant_id, principal=principal)
            today = day_of(now, time_zone=tenant.time_zone)
            person_id, quotas = principal.person_id, tenant.quotas
            asked = work.usage.questions_of(person_id, tenant_id=tenant.id, day=today)
            running = work.usage.running(tenant.id, person_id=person_id, apart_from=())
        tomorrow = begin_of(today + timedelta(days=1), time_zone=tenant.time_zone)
        return [
            QuotaUse("questions_per_person", asked, quotas.questions_per_person, tomorrow),
            QuotaUse("concurrent_per_person", running, quotas.concurrent_per_person, None),
        ]

    def of_tenant(self, tenant_id: TenantId | None, *, principal: Principal) -> list[QuotaUse]:
        """What a tenant used of its own bounds; None takes the caller's.

        Raises:
            NotFound: The tenant is unknown or foreign.
            Forbidden: The principal does not administer it.
        """
        now = self._clock.now()
        with self._open_work() as work:
            wanted = tenant_id or principal.tenant_id
            tenant = administered_tenant(work, wanted, principal=principal)
            today = day_of(now, time_zone=tenant.time_zone)
            return [*_counted(work, tenant, today=today), *_held(work, tenant)]


def _counted(work: UnitOfWork, tenant: Tenant, *, today: date) -> Iterator[QuotaUse]:
    month, quotas = Month.of(today), tenant.quotas
    daily = work.usage.totals(tenant.id, first=today, last=today)
    monthly = work.usage.totals(tenant.id, first=month.first, last=month.last)
    tomorrow = begin_of(today + timedelta(days=1), time_zone=tenant.time_zone)
    next_month = begin_of(month.last + timedelta(days=1), time_zone=tenant.time_zone)
    asked = daily.get(Unit.QUESTIONS, 0)
    tokens, of_month = (
        sum(each.get(unit, 0) for unit in MODEL_TOKENS) for each in (daily, monthly)
    )
    yield QuotaUse("questions_per_day", asked, quotas.questions_per_day, tomorrow)
    yield QuotaUse("tokens_per_day", tokens, quotas.tokens_per_day, tomorrow)
    yield QuotaUse("tokens_per_month", of_month, quotas.tokens_per_month, next_month)


def _held(work: UnitOfWork, tenant: Tenant) -> Iterator[QuotaUse]:
    quotas, held = tenant.quotas, work.usage.held(tenant.id)
    running = work.usage.running(tenant.id, person_id=None, apart_from=())
    yield QuotaUse("documents", held.documents, quotas.documents, None)
    yield QuotaUse("storage_mb", -(-held.size_bytes // MEGABYTE), quotas.storage_mb, None)
    yield QuotaUse("concurrent_answers", running, quotas.concurrent_answers, None)
