"""Random organisations as plain data, and what their people may read, told by the rules alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from assistant.domain.ids import ChunkId, CollectionId, GroupId, PersonId, TenantId
from assistant.domain.people import PersonState
from assistant.domain.tenancy import Audience, Collection
from assistant.domain.tenants import TenantState

TENANTS = [TenantId(f"t{number}") for number in range(4)]
PEOPLE = [PersonId(f"p{number}") for number in range(4)]
"""The nth person is of the nth tenant, but for the last: a colleague of the first."""
HOME = {person: TENANTS[number % 3] for number, person in enumerate(PEOPLE)}
GROUPS = [GroupId(f"g{number}") for number in range(3)]
GROUP_HOME = {group: TENANTS[number % 2] for number, group in enumerate(GROUPS)}
OPEN = {TenantState.ACTIVE, TenantState.SUSPENDED}


@dataclass
class Town:
    """A random instance, as plain data."""

    parents: dict[TenantId, TenantId | None]
    states: dict[TenantId, TenantState]
    people: dict[PersonId, PersonState]
    members: set[tuple[PersonId, GroupId]]
    collections: list[Collection]
    chunks: dict[CollectionId, ChunkId] = field(default_factory=dict[CollectionId, ChunkId])

    def above(self, tenant_id: TenantId) -> set[TenantId]:
        found: set[TenantId] = set()
        parent = self.parents[tenant_id]
        while parent is not None and parent not in found:
            found.add(parent)
            parent = self.parents[parent]
        return found

    def reads(self, person: PersonId, collection: Collection) -> bool:
        """The rules, as one would tell them."""
        home, owner = HOME[person], collection.tenant_id
        if self.people[person] is not PersonState.ACTIVE:
            return False
        if self.states[home] not in OPEN or self.states[owner] not in OPEN:
            return False
        match collection.audience:
            case Audience.TENANT:
                return home == owner
            case Audience.GROUPS:
                return home == owner and any(
                    (person, group) in self.members for group in collection.groups
                )
            case Audience.EVERYONE:
                return True
            case Audience.TENANTS:
                return home == owner or home in collection.tenants
            case Audience.DESCENDANTS:
                return home == owner or owner in self.above(home)

    def readable(self, person: PersonId) -> set[ChunkId]:
        return {self.chunks[each.id] for each in self.collections if self.reads(person, each)}


@st.composite
def collection_of(draw: st.DrawFn, number: int) -> Collection:
    owner = draw(st.sampled_from([TENANTS[0], *TENANTS]))
    audience = draw(st.sampled_from([Audience.DESCENDANTS, *Audience]))
    own_groups = [group for group in GROUPS if GROUP_HOME[group] == owner]
    others = [tenant for tenant in TENANTS if tenant != owner]
    groups = draw(st.sets(st.sampled_from(own_groups))) if own_groups else set[GroupId]()
    return Collection(
        CollectionId(f"c{number}"),
        owner,
        f"Collection {number}",
        audience=audience,
        groups=frozenset(groups) if audience is Audience.GROUPS else frozenset(),
        tenants=frozenset(draw(st.sets(st.sampled_from(others))))
        if audience is Audience.TENANTS
        else frozenset(),
    )


@st.composite
def towns(draw: st.DrawFn) -> Town:
    parents: dict[TenantId, TenantId | None] = {TENANTS[0]: None}
    for number, tenant in enumerate(TENANTS[1:], start=1):
        parents[tenant] = draw(st.sampled_from([TENANTS[number - 1], None, *TENANTS[:number]]))
    mostly = st.sampled_from([TenantState.ACTIVE] * 6 + list(TenantState))
    active = st.sampled_from([PersonState.ACTIVE] * 6 + list(PersonState))
    joinable = [(p, g) for p in PEOPLE for g in GROUPS if HOME[p] == GROUP_HOME[g]]
    return Town(
        parents=parents,
        states={tenant: draw(mostly) for tenant in TENANTS},
        people={person: draw(active) for person in PEOPLE},
        members=draw(st.sets(st.sampled_from(joinable))),
        collections=[draw(collection_of(number)) for number in range(draw(st.integers(1, 5)))],
    )
