"""Who reads what: the SQL of scopes against a plain reading of the rules, on random organisations."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import true

from assistant.adapters.sql import chunks as chunk_queries
from assistant.adapters.sql import documents as document_queries
from assistant.adapters.sql import scopes
from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.dialect import SqlDialect
from assistant.adapters.sql.postgresql import Postgresql
from assistant.domain.ids import ChunkId, PersonId, TenantId
from assistant.domain.people import Group, PersonState
from assistant.domain.retrieval import IndexPoint
from assistant.domain.tenancy import Audience, Grant, Principal, Role, Scope
from assistant.domain.tenants import Tenant, TenantState
from assistant.testing.contracts.repositories_world import (
    EMBEDDER,
    Reader,
    make_person,
    store_live,
)
from assistant.testing.index import InMemoryChunkIndex
from tests.conftest import FULL_SCALE
from tests.databases import PostgresqlServer
from tests.towns import GROUP_HOME, HOME, PEOPLE, TENANTS, Town, towns

EXAMPLES = 300 if FULL_SCALE else 24
VECTOR = (0.5, 0.5, 0.5, 0.5)


@dataclass
class Stored:
    """A town in a database and an index."""

    database: Database
    index: InMemoryChunkIndex

    def scope_of(self, person: PersonId) -> Scope:
        principal = Principal(person, HOME[person], frozenset({Role.AGENT}))
        with self.database.unit_of_work() as work:
            return work.tenancy.scope_of(principal)

    def obtained(self, person: PersonId) -> list[set[ChunkId]]:
        """What a person gets by search, by look-up, by the list of documents; and their number."""
        scope = self.scope_of(person)
        ranking = self.index.search_dense(VECTOR, scope=scope, limit=99)
        everything = [ChunkId(point.chunk_id) for point in self.points]
        with self.database.unit_of_work() as work:
            searched = work.chunks.find_live([hit.chunk_id for hit in ranking], scope=scope)
            looked_up = work.chunks.find_live(everything, scope=scope)
            listed = work.documents.list_page(scope=scope, limit=99, offset=0)
            of_documents = {
                chunk.id
                for document in listed
                for chunk in work.chunks.list_of_document(
                    document.id, scope=scope, limit=9, offset=0
                )
            }
            count = work.documents.counts(scope=scope).chunks
        assert count == len(of_documents), "the count tells of other documents"
        assert self.index.count(scope=scope) == len(ranking)
        return [set(searched), set(looked_up), of_documents]

    @property
    def points(self) -> list[IndexPoint]:
        return list(self.index._points.values())  # pyright: ignore[reportPrivateUsage]


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blank") / "assistant.sqlite3"
    open_database(path, migrate=True).close()
    return path


Place = Callable[[], AbstractContextManager[Path | SqlDialect]]
"""An empty database of the current schema, for the length of a block."""


@contextmanager
def copied(blank: Path) -> Generator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "assistant.sqlite3"
        shutil.copy(blank, path)
        yield path


@contextmanager
def on_server(server: PostgresqlServer) -> Generator[Postgresql]:
    with server.new_database() as url:
        yield Postgresql(url)


@pytest.fixture
def place(request: pytest.FixtureRequest, blank: Path) -> Place:
    if request.param == "sqlite":
        return partial(copied, blank)
    return partial(on_server, request.getfixturevalue("postgresql"))


@contextmanager
def stored(town: Town, place: Place) -> Generator[Stored]:
    with place() as where:
        database = open_database(where, migrate=False)
        try:
            store = Stored(database, InMemoryChunkIndex(embedder=EMBEDDER))
            _fill(store, town)
            yield store
        finally:
            database.close()


def _fill(store: Stored, town: Town) -> None:
    with store.database.unit_of_work() as work:
        for tenant, parent in town.parents.items():
            work.tenancy.add_tenant(
                Tenant(tenant, tenant, parent_id=parent, state=town.states[tenant])
            )
        for person, state in town.people.items():
            work.people.add(replace(make_person(HOME[person], name=person), state=state))
        for group, home in GROUP_HOME.items():
            work.groups.add(Group(group, home, group))
        for person, group in sorted(town.members):
            work.groups.add_members(group, [person], tenant_id=GROUP_HOME[group])
        for collection in town.collections:
            work.tenancy.add_collection(collection)
        work.commit()
    for collection in town.collections:
        grants = frozenset({Grant(collection.tenant_id, collection.id)})
        reader = Reader(Scope(collection.tenant_id, PersonId("machine"), grants))
        kept = store_live(store.database.unit_of_work, reader)
        town.chunks[collection.id] = kept.chunk_ids[0]
        store.index.upsert(
            [
                IndexPoint(
                    chunk_id=kept.chunk_ids[0],
                    tenant_id=collection.tenant_id,
                    collection_id=collection.id,
                    document_id=kept.document.id,
                    version_id=kept.version.id,
                    vector=VECTOR,
                    text="taux",
                )
            ]
        )


def check(store: Stored, town: Town) -> None:
    for person in PEOPLE:
        expected = town.readable(person)
        for obtained in store.obtained(person):
            assert obtained == expected, f"{person} obtains {obtained}, may read {expected}"


def revoke(store: Stored, town: Town, *, choice: int) -> None:
    """Take away one thing: a membership, a sharing, a person or a tenant."""
    with store.database.unit_of_work() as work:
        if choice == 0 and town.members:
            person, group = min(town.members)
            town.members.discard((person, group))
            work.groups.remove_member(group, person, tenant_id=GROUP_HOME[group])
        elif choice == 1:
            narrowed = replace(
                town.collections[0],
                audience=Audience.GROUPS,
                groups=frozenset(),
                tenants=frozenset(),
            )
            town.collections[0] = narrowed
            work.tenancy.update_collection(narrowed)
        elif choice == 2:
            town.people[PEOPLE[0]] = PersonState.SUSPENDED
            suspended = make_person(TENANTS[0], name=PEOPLE[0])
            work.people.update(replace(suspended, state=PersonState.SUSPENDED))
        elif choice == 3:
            town.states[TENANTS[0]] = TenantState.CLOSED
            work.tenancy.update_tenant(Tenant(TENANTS[0], "", state=TenantState.CLOSED))
        else:
            town.parents[TENANTS[1]] = None
            work.tenancy.update_tenant(
                Tenant(TENANTS[1], "", parent_id=None, state=town.states[TENANTS[1]])
            )
        work.commit()


def rules_hold(place: Place, *, examples: int, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    @settings(
        max_examples=examples,
        phases=phases,
        report_multiple_bugs=False,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(town=towns(), choice=st.integers(0, 4))
    def hold(town: Town, choice: int) -> None:
        with stored(town, place) as store:
            check(store, town)
            before = {person: store.scope_of(person).grants for person in PEOPLE}
            revoke(store, town, choice=choice)
            check(store, town)
            for person in PEOPLE:
                assert store.scope_of(person).grants <= before[person]

    hold()


# A server makes a database for each example.
@pytest.mark.parametrize(
    ("place", "examples"), [("sqlite", EXAMPLES), ("postgresql", EXAMPLES // 4)], indirect=["place"]
)
def test_what_anybody_obtains_is_what_the_rules_say(place: Place, examples: int) -> None:
    rules_hold(place, examples=examples)


def anything(*_: object) -> object:
    """A condition that every row fulfils."""
    return true()


def drop_filter(patch: pytest.MonkeyPatch) -> None:
    for module in (chunk_queries, document_queries):
        patch.setattr(module, "within", anything)


def without_climbing(patch: pytest.MonkeyPatch) -> None:
    """Descendants one level deep only."""

    def parent_only(tenant_id: TenantId) -> object:
        parent = scopes.tenants.c.parent_id
        return (
            scopes.select(parent.label("id"))
            .where(scopes.tenants.c.id == tenant_id, parent.is_not(None))
            .cte("lineage")
        )

    patch.setattr(scopes, "lineage", parent_only)


def invert_groups(patch: pytest.MonkeyPatch) -> None:
    """Whoever is in no group reads what is open to groups."""

    def outsiders(principal: Principal) -> object:
        member = scopes.group_members
        inside = scopes.select(scopes.collection_groups.c.collection_id).join(
            member, member.c.group_id == scopes.collection_groups.c.group_id
        )
        within = inside.where(member.c.person_id == principal.person_id)
        return _collections().where(
            scopes.collections.c.audience == Audience.GROUPS,
            scopes.collections.c.id.not_in(within),
        )

    _collections = scopes._collections  # pyright: ignore[reportPrivateUsage]
    patch.setattr(scopes, "_opened_to_groups", outsiders)


def admit_everybody(patch: pytest.MonkeyPatch) -> None:
    """Neither the state of the person nor that of its tenant counts."""
    patch.setattr(scopes, "_may_read", anything)


def open_all_owners(patch: pytest.MonkeyPatch) -> None:
    """The state of the owner does not count."""
    patch.setattr(scopes, "_OPEN", list(TenantState))


@pytest.mark.parametrize(
    "plant", [drop_filter, without_climbing, invert_groups, admit_everybody, open_all_owners]
)
def test_a_planted_fault_is_caught(
    blank: Path, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        rules_hold(partial(copied, blank), examples=150, phases=(Phase.generate,))
