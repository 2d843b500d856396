"""What tenants use, counted in the same transactions as what is used.

Nothing here takes a `Scope`: it counts whole tenants and shows no content. Services ask first whether
the caller may know.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Protocol

from assistant.domain.ids import AnswerId, PersonId, TenantId
from assistant.domain.usage import Held, Unit


class UsageRepository(Protocol):
    """Counters by tenant and day, of the days where the tenant is."""

    def add(self, tenant_id: TenantId, *, day: date, amounts: Mapping[Unit, int]) -> None:
        """Add to counters of a day; negative amounts take back, never below zero."""
        ...

    def raise_to(self, tenant_id: TenantId, *, day: date, unit: Unit, level: int) -> None:
        """Bring a counter of a day to a level that it has not reached; a higher one stays."""
        ...

    def add_question(
        self, person_id: PersonId, *, tenant_id: TenantId, day: date, amount: int
    ) -> None:
        """Add to the questions of a person; negative amounts take back, never below zero."""
        ...

    def questions_of(self, person_id: PersonId, *, tenant_id: TenantId, day: date) -> int:
        """Questions that a person asked on a day."""
        ...

    def forget_people(self, tenant_id: TenantId, *, before: date) -> None:
        """Drop the questions of its people on days before one."""
        ...

    def totals(self, tenant_id: TenantId, *, first: date, last: date) -> dict[Unit, int]:
        """Sums over days, both ends included; units never counted are absent, levels are left out."""
        ...

    def levels(
        self, tenant_id: TenantId, *, unit: Unit, first: date, last: date
    ) -> dict[date, int]:
        """A counter on each day that has it, both ends included, and on the last one before."""
        ...

    def running(
        self,
        tenant_id: TenantId,
        *,
        person_id: PersonId | None,
        apart_from: Collection[AnswerId],
    ) -> int:
        """Answers that are under way for a tenant, or for a person of it, in every process."""
        ...

    def held(self, tenant_id: TenantId) -> Held:
        """The documents of a tenant, in all its collections."""
        ...

    def held_by_tenant(self) -> dict[TenantId, Held]:
        """The same of every tenant that has documents."""
        ...
