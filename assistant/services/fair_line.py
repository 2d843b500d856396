"""The order in which those who wait are served: tenants in turn, then people, then first come."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.domain.ids import PersonId, TenantId


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """One place in the line; no two are equal."""

    tenant_id: TenantId
    person_id: PersonId


class FairLine:
    """Who waits. Nobody is served twice while somebody of another tenant waits for a first time.

    Within a tenant the same holds of its people. Used from one thread.
    """

    def __init__(self) -> None:
        # The first key of each level is served next and then goes to the end, while it has tickets.
        self._tenants: OrderedDict[TenantId, OrderedDict[PersonId, deque[Ticket]]] = OrderedDict()
        self._places: dict[Ticket, int] | None = None

    def __len__(self) -> int:
        return sum(len(own) for people in self._tenants.values() for own in people.values())

    def join(self, ticket: Ticket) -> None:
        """Wait, behind all that its tenant and person have not had their turn since."""
        people = self._tenants.setdefault(ticket.tenant_id, OrderedDict())
        people.setdefault(ticket.person_id, deque()).append(ticket)
        self._places = None

    def leave(self, ticket: Ticket) -> bool:
        """Wait no longer; False when it did not."""
        people = self._tenants.get(ticket.tenant_id, OrderedDict())
        own = people.get(ticket.person_id, deque())
        if ticket not in own:
            return False
        own.remove(ticket)
        self._drop_empty(ticket)
        return True

    def take(self) -> Ticket | None:
        """Serve the next one; None when nobody waits."""
        if not self._tenants:
            return None
        tenant_id, people = next(iter(self._tenants.items()))
        person_id, own = next(iter(people.items()))
        ticket = own.popleft()
        people.move_to_end(person_id)
        self._tenants.move_to_end(tenant_id)
        self._drop_empty(ticket)
        return ticket

    def ahead_of(self, ticket: Ticket) -> int:
        """How many would be served before it if nobody came or left; 0 for the next one.

        Raises:
            KeyError: It does not wait.
        """
        if self._places is None:
            self._places = {each: place for place, each in enumerate(self._order())}
        return self._places[ticket]

    def _order(self) -> Iterator[Ticket]:
        rounds = {
            tenant_id: list(_in_turn([list(own) for own in people.values()]))
            for tenant_id, people in self._tenants.items()
        }
        return _in_turn(list(rounds.values()))

    def _drop_empty(self, ticket: Ticket) -> None:
        self._places = None
        people = self._tenants[ticket.tenant_id]
        if not people[ticket.person_id]:
            del people[ticket.person_id]
        if not people:
            del self._tenants[ticket.tenant_id]


def _in_turn(lines: list[list[Ticket]]) -> Iterator[Ticket]:
    """The first of each line, then the second of each, and so on."""
    for place in range(max(map(len, lines), default=0)):
        for line in lines:
            if place < len(line):
                yield line[place]
