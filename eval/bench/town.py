"""An instance of many organisations, made up: tenants, people, groups, shared collections, passages.

Sizes are as uneven as those of a region: a few large organisations, and hundreds of small communes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.domain.ids import CollectionId, GroupId, PersonId, TenantId
from assistant.domain.people import Group, Person, PersonState
from assistant.domain.retrieval import IndexPoint
from assistant.domain.tenancy import Audience, Collection, Principal, Role
from assistant.domain.tenants import Tenant
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from eval.bench.filled import CHUNKS_OF_DOCUMENT, NOW, made_chunk, made_document, made_version
from eval.bench.search import CHUNKS, Synthesis

TENANTS = 500
PEOPLE = 20_000
DOCUMENTS = CHUNKS // CHUNKS_OF_DOCUMENT
REGION, LARGEST, SMALLEST = 0, 1, TENANTS - 1
"""Numbers of tenants. The region is above all others, at one or two steps."""
_BETWEEN = 10
"""Tenants right below the region; the others are below those."""
_OF_REGION = 200
"""Documents that the region shares with all below it."""
_EVERYONES = 10
"""Collections that everyone reads, of five documents each."""
_LISTED = 100
"""Collections shared with five tenants by name, of one document each."""
_AT_LEAST = 2
"""Documents that all the people of a tenant read, whatever its size."""
_PEOPLE_OF_GROUP = 40
_TENANTS_OF_COMMIT = 25
_DOCUMENTS_OF_COMMIT = 50
_SEED = 20261126


@dataclass(slots=True)
class Town:
    """The whole instance as plain data."""

    tenants: list[Tenant] = field(default_factory=list[Tenant])
    people: dict[TenantId, list[Person]] = field(default_factory=dict[TenantId, list[Person]])
    groups: dict[TenantId, list[Group]] = field(default_factory=dict[TenantId, list[Group]])
    members: dict[GroupId, list[PersonId]] = field(default_factory=dict[GroupId, list[PersonId]])
    holdings: list[tuple[Collection, int]] = field(default_factory=list[tuple[Collection, int]])
    """Each collection with the number of its documents."""

    def ungrouped(self, number: int) -> Principal:
        """A person of a tenant who is in no group."""
        return principal_of(self.people[self.tenants[number].id][0])


def principal_of(person: Person) -> Principal:
    """Who calls when this person does."""
    return Principal(person.id, person.tenant_id, person.roles)


def made_town() -> Town:
    """The instance; always the same."""
    chance = random.Random(_SEED)
    town = Town()
    headcounts = shares(PEOPLE, least=2, steepness=1.0)
    shared = _OF_REGION + 5 * _EVERYONES + _LISTED
    documents = shares(DOCUMENTS - shared, least=_AT_LEAST, steepness=1.2)
    for number in range(TENANTS):
        _add_tenant(town, number, people=headcounts[number], chance=chance)
        _add_collections(town, number, documents=documents[number])
    _share(town, chance)
    return town


def shares(total: int, *, least: int, steepness: float) -> list[int]:
    """A total shared out among the tenants, the first one's part the largest after the region's."""
    weights = [1 / (rank + 3) ** steepness for rank in range(TENANTS)]
    left = total - least * TENANTS
    parts = [least + int(left * weight / sum(weights)) for weight in weights]
    parts[LARGEST] += total - sum(parts)
    return parts


def _add_tenant(town: Town, number: int, *, people: int, chance: random.Random) -> None:
    parent = None if number == REGION else REGION
    if number > _BETWEEN:
        parent = 1 + number % _BETWEEN
    above = None if parent is None else town.tenants[parent].id
    tenant = Tenant(TenantId(f"tenant-{number:03}"), f"Commune {number}", parent_id=above)
    town.tenants.append(tenant)
    town.people[tenant.id] = [_person(tenant, n) for n in range(people)]
    count = 1 + people // _PEOPLE_OF_GROUP
    own = [Group(GroupId(f"{tenant.id}-g{n:02}"), tenant.id, f"Service {n}") for n in range(count)]
    town.groups[tenant.id] = own
    for person in town.people[tenant.id][1:]:
        for group in chance.sample(own, min(count, chance.randint(1, 3))):
            town.members.setdefault(group.id, []).append(person.id)


def _add_collections(town: Town, number: int, *, documents: int) -> None:
    """One that the whole tenant reads, and one for each group, which share the rest of its documents."""
    tenant = town.tenants[number]
    town.holdings.append((Collection(_collection(tenant, "own"), tenant.id, "Actes"), _AT_LEAST))
    own = town.groups[tenant.id]
    for n, group in enumerate(own):
        held = (documents - _AT_LEAST + n) // len(own)
        collection = Collection(
            _collection(tenant, f"group-{n:02}"),
            tenant.id,
            group.name,
            audience=Audience.GROUPS,
            groups=frozenset({group.id}),
        )
        town.holdings.append((collection, held))


def _share(town: Town, chance: random.Random) -> None:
    region = town.tenants[REGION]
    town.holdings.append(
        (
            Collection(
                _collection(region, "below"), region.id, "Guides", audience=Audience.DESCENDANTS
            ),
            _OF_REGION,
        )
    )
    for n in range(_EVERYONES):
        owner = town.tenants[20 + 7 * n]
        place = _collection(owner, "everyone")
        town.holdings.append((Collection(place, owner.id, "Ouvert", audience=Audience.EVERYONE), 5))
    # neither the largest nor the smallest tenant: what those read has to be equal
    others = town.tenants[LARGEST + 1 : SMALLEST]
    for n in range(_LISTED):
        owner, *readers = chance.sample(others, 6)
        place = _collection(owner, f"listed-{n:02}")
        listed = frozenset(each.id for each in readers)
        shared = Collection(place, owner.id, "Communs", audience=Audience.TENANTS, tenants=listed)
        town.holdings.append((shared, 1))


def fill(town: Town, stores: Sequence[UnitOfWorkFactory], *, index: ChunkIndex) -> None:
    """Keep the instance in each store, and its passages in one index; vectors stay in the index only."""
    for open_work in stores:
        for start in range(0, TENANTS, _TENANTS_OF_COMMIT):
            with open_work() as work:
                _keep_people(work, town, town.tenants[start : start + _TENANTS_OF_COMMIT])
                work.commit()
        with open_work() as work:
            for collection, _ in town.holdings:
                work.tenancy.add_collection(collection)
            work.commit()
    synthesis = Synthesis(1)
    wanted = [collection for collection, count in town.holdings for _ in range(count)]
    for start in range(0, len(wanted), _DOCUMENTS_OF_COMMIT):
        batch = wanted[start : start + _DOCUMENTS_OF_COMMIT]
        _keep_documents(batch, stores, first=start, synthesis=synthesis, index=index)


def _keep_people(work: UnitOfWork, town: Town, tenants: Sequence[Tenant]) -> None:
    for tenant in tenants:
        work.tenancy.add_tenant(tenant)
        for person in town.people[tenant.id]:
            work.people.add(person)
        for group in town.groups[tenant.id]:
            work.groups.add(group)
            members = town.members.get(group.id, [])
            work.groups.add_members(group.id, members, tenant_id=tenant.id)


def _keep_documents(
    collections: Sequence[Collection],
    stores: Sequence[UnitOfWorkFactory],
    *,
    first: int,
    synthesis: Synthesis,
    index: ChunkIndex,
) -> None:
    """A document of 20 passages in each of these collections."""
    documents = [made_document(each, number=first + n) for n, each in enumerate(collections)]
    versions = [made_version(document) for document in documents]
    ordinals = range(CHUNKS_OF_DOCUMENT)
    chunks = [
        [made_chunk(each, ordinal=n, synthesis=synthesis) for n in ordinals] for each in versions
    ]
    for open_work in stores:
        with open_work() as work:
            for document, version, own in zip(documents, versions, chunks, strict=True):
                work.documents.add(document)
                work.ledger.add_version(version, own)
                work.ledger.make_live(version.id, now=NOW)
            work.commit()
    for version, own in zip(versions, chunks, strict=True):
        index.upsert(
            [
                IndexPoint(
                    chunk_id=chunk.id,
                    tenant_id=version.tenant_id,
                    collection_id=version.collection_id,
                    document_id=version.document_id,
                    version_id=version.id,
                    vector=synthesis.vector(),
                    text=chunk.text,
                    document_texts=() if chunk.ordinal else [each.text for each in own],
                )
                for chunk in own
            ]
        )


def _collection(tenant: Tenant, name: str) -> CollectionId:
    return CollectionId(f"{tenant.id}-{name}")


def _person(tenant: Tenant, number: int) -> Person:
    person_id = PersonId(f"{tenant.id}-p{number:04}")
    return Person(
        id=person_id,
        tenant_id=tenant.id,
        name=f"Agent {number}",
        email=f"{person_id}@exemple.fr",
        roles=frozenset({Role.AGENT}),
        state=PersonState.ACTIVE,
        created_at=NOW,
    )
