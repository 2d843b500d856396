"""Which open generation each tenant searches: one value, exchanged as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assistant.domain.generations import Generation, GenerationState, TenantChoice
from assistant.domain.ids import GenerationId, TenantId
from assistant.services.opened_generations import OpenedGeneration


@dataclass(frozen=True, slots=True)
class Choice:
    """Who searches what in this process."""

    active: OpenedGeneration
    others: Mapping[TenantId, OpenedGeneration] = field(
        default_factory=dict[TenantId, OpenedGeneration]
    )
    """Of the tenants that search another one than the active one."""

    def of(self, tenant_id: TenantId | None) -> OpenedGeneration:
        """What a tenant searches; None is any tenant without a choice of its own."""
        return self.active if tenant_id is None else self.others.get(tenant_id, self.active)

    @property
    def searched(self) -> tuple[OpenedGeneration, ...]:
        """All that are searched by somebody, the active one first, each once."""
        return tuple(dict.fromkeys([self.active, *self.others.values()]))

    def following(
        self,
        kept: Iterable[Generation],
        choices: Iterable[TenantChoice],
        *,
        opened: Mapping[GenerationId, OpenedGeneration],
    ) -> Choice:
        """What the database tells, as far as this process has it open.

        A tenant gets a generation of its own once that is known to be whole, and has the active one
        until then: it never misses documents for an index that was lost.

        Args:
            kept: All generations that have an index.
            choices: The tenants that search another one than the active one.
            opened: The generations that are open here.
        """
        active_id = next((each.id for each in kept if each.state is GenerationState.ACTIVE), None)
        active = opened.get(active_id) if active_id else None
        others: dict[TenantId, OpenedGeneration] = {}
        for each in choices:
            own = opened.get(each.generation_id)
            if own is not None and (not own.is_behind or self.of(each.tenant_id) is own):
                others[each.tenant_id] = own
        return Choice(active or self.active, others)
