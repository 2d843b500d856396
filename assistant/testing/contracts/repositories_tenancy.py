# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repositories of tenants, collections and estates promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.answers import NumberedEvent, TextDelta
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import CollectionId, GroupId, PersonId, TenantId
from assistant.domain.jobs import ItemState
from assistant.domain.people import Group
from assistant.domain.tenancy import Audience, Collection, Grant, Principal, Role
from assistant.domain.tenants import Charter, Quotas, Tenant, TenantKind, TenantState
from assistant.domain.usage import Unit
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    Reader,
    RepositoryContract,
    World,
    add_reader,
    make_answer,
    make_conversation,
    make_messages,
    store_job,
    store_live,
)

FULL = Tenant(
    id=TenantId("full"),
    name="Communauté de communes",
    kind=TenantKind.EPCI,
    siren="200054781",
    sirets=frozenset({"20005478100022", "20005478100014"}),
    parent_id=TenantId("tenant-here"),
    state=TenantState.SUSPENDED,
    state_since=NOON,
    colour="#123456",
    time_zone="Indian/Reunion",
    welcome="Bienvenue",
    charter=Charter(3, "Je lis avant de citer."),
    retention_days=90,
    quotas=Quotas(questions_per_day=500, storage_mb=0),
    allowed_models=("mistral-small", "é"),
)
"""A tenant with every field set."""


class TenancyContract(RepositoryContract):
    """Promises of `TenancyRepository`."""

    def test_lists_oldest_first(self, open_work: UnitOfWorkFactory, world: World) -> None:
        with open_work() as work:
            work.tenancy.add_tenant(Tenant(TenantId("a"), "Dernière venue"))
            work.commit()

        with open_work() as work:
            found = [tenant.id for tenant in work.tenancy.list_tenants()]
        assert found == [world.here.tenant_id, world.there.tenant_id, "a"]

    def test_scope_holds_the_collections_of_the_own_tenant(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        roles = frozenset({Role.AGENT})
        principal = Principal(PersonId("here"), world.here.tenant_id, roles)

        with open_work() as work:
            assert work.tenancy.scope_of(principal) == world.here.scope
            stranger = replace(principal, tenant_id=TenantId("unknown"))
            assert work.tenancy.scope_of(stranger).is_empty

    def test_a_taken_id_conflicts(self, open_work: UnitOfWorkFactory, world: World) -> None:
        with open_work() as work, pytest.raises(Conflict):
            work.tenancy.add_tenant(Tenant(world.here.tenant_id, "Autre"))

    def test_a_collection_needs_its_tenant(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        collection = Collection(world.here.collection_id, TenantId("unknown"), "Actes")
        with open_work() as work, pytest.raises(Conflict):
            work.tenancy.add_collection(collection)

    def test_a_tenant_keeps_every_field(self, open_work: UnitOfWorkFactory, world: World) -> None:
        with open_work() as work:
            work.tenancy.add_tenant(FULL)
            work.commit()

        with open_work() as work:
            assert work.tenancy.find_tenant(FULL.id) == FULL
            assert work.tenancy.list_tenants()[-1] == FULL
            assert work.tenancy.tenant_of_siret("20005478100022") == FULL
            assert work.tenancy.tenant_of_siret("20005478100030") is None
            assert work.tenancy.children_of(world.here.tenant_id) == [FULL.id]
            assert work.tenancy.oldest_tenant() == world.here.tenant_id

    def test_a_tenant_is_replaced_whole(self, open_work: UnitOfWorkFactory, world: World) -> None:
        blank = Tenant(FULL.id, "Renommée", sirets=frozenset({"20005478100022"}))
        with open_work() as work:
            work.tenancy.add_tenant(FULL)
            work.tenancy.update_tenant(blank)
            work.commit()

        with open_work() as work:
            assert work.tenancy.find_tenant(FULL.id) == blank
            with pytest.raises(NotFound):
                work.tenancy.update_tenant(Tenant(TenantId("unknown"), ""))

    @pytest.mark.parametrize(
        "twin",
        [
            replace(FULL, id=TenantId("twin"), sirets=frozenset()),
            replace(FULL, id=TenantId("twin"), siren=""),
        ],
    )
    def test_a_number_is_of_one_tenant(
        self, open_work: UnitOfWorkFactory, world: World, twin: Tenant
    ) -> None:
        with open_work() as work:
            work.tenancy.add_tenant(FULL)
            work.commit()

        with open_work() as work, pytest.raises(Conflict):
            work.tenancy.add_tenant(twin)

    def test_lineage_climbs_to_the_top_and_ends_in_a_circle(
        self, open_work: UnitOfWorkFactory
    ) -> None:
        ids = [TenantId(name) for name in ("a", "b", "c", "d")]
        parents = [None, *ids[:-1]]
        with open_work() as work:
            for tenant_id, parent in zip(ids, parents, strict=True):
                work.tenancy.add_tenant(Tenant(tenant_id, "", parent_id=parent))
            assert work.tenancy.lineage_of(ids[3]) == {"a", "b", "c"}
            assert work.tenancy.lineage_of(ids[0]) == frozenset()
            work.tenancy.update_tenant(Tenant(ids[0], "", parent_id=ids[2]))
            assert work.tenancy.lineage_of(ids[3]) == {"a", "b", "c"}

    def test_a_logo_is_replaced_and_removed(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        own = world.here.tenant_id
        with open_work() as work:
            assert work.tenancy.logo_of(own) is None
            work.tenancy.set_logo(own, image=b"a")
            work.tenancy.set_logo(own, image=b"b")
            assert work.tenancy.logo_of(own) == b"b"
            assert work.tenancy.logo_of(world.there.tenant_id) is None
            work.tenancy.set_logo(own, image=None)
            assert work.tenancy.logo_of(own) is None

    def test_a_collection_keeps_every_field(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        own, other = world.here.tenant_id, world.there.tenant_id
        group = Group(GroupId("g"), own, "Finances")
        grouped = Collection(
            CollectionId("x"), own, "Budget", "Interne", Audience.GROUPS, frozenset({group.id})
        )
        shared = replace(
            grouped, groups=frozenset(), audience=Audience.TENANTS, tenants=frozenset({other})
        )
        with open_work() as work:
            work.groups.add(group)
            work.tenancy.add_collection(grouped)
            work.commit()

        with open_work() as work:
            find = work.tenancy.find_collection
            assert find(grouped.id, tenant_id=own) == grouped
            assert find(grouped.id, tenant_id=other) is None
            work.tenancy.update_collection(shared)
            assert work.tenancy.list_collections(tenant_id=own)[-1] == shared

    def test_a_foreign_group_opens_nothing(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        with open_work() as work:
            work.groups.add(Group(GroupId("g"), world.there.tenant_id, "Finances"))
            work.commit()
        opened = Collection(
            CollectionId("x"),
            world.here.tenant_id,
            "Budget",
            audience=Audience.GROUPS,
            groups=frozenset({GroupId("g")}),
        )
        with open_work() as work, pytest.raises(Conflict):
            work.tenancy.add_collection(opened)

    def test_a_collection_in_use_stays(self, open_work: UnitOfWorkFactory, world: World) -> None:
        store_live(open_work, world.here)
        own = world.here.tenant_id
        empty = Collection(CollectionId("x"), own, "Vide")
        with open_work() as work:
            work.tenancy.add_collection(empty)
            delete = work.tenancy.delete_collection
            assert not delete(world.here.collection_id, tenant_id=own)
            assert not delete(empty.id, tenant_id=world.there.tenant_id)
            assert delete(empty.id, tenant_id=own)
            assert not delete(empty.id, tenant_id=own)

    def test_readable_collections_begin_with_the_own_ones(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        later = add_reader(open_work, "later")
        scope = replace(later.scope, grants=later.scope.grants | world.here.scope.grants)
        with open_work() as work:
            found = [each.id for each in work.tenancy.list_readable(scope=scope)]
            assert found == [later.collection_id, world.here.collection_id]
            assert work.tenancy.list_readable(scope=world.nobody) == []
            assert work.tenancy.list_readable(scope=world.crossed) == []

    def test_owners_administer_what_they_do_not_read(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        closed = Collection(
            CollectionId("x"), world.here.tenant_id, "Budget", audience=Audience.GROUPS
        )
        principal = Principal(world.here.person_id, world.here.tenant_id, frozenset())
        with open_work() as work:
            work.tenancy.add_collection(closed)
            owned = work.tenancy.owned_scope(principal)
            assert work.tenancy.scope_of(principal) == world.here.scope
        assert owned.grants == world.here.scope.grants | {Grant(closed.tenant_id, closed.id)}


class EstateContract(RepositoryContract):
    """Promises of `EstateRepository`."""

    def test_shutting_ends_sessions_and_answers_of_one_tenant(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        mine, other = make_answer(world.here), make_answer(world.there)
        with open_work() as work:
            work.answers.add(mine)
            work.answers.add(other)
            work.estates.shut(world.here.tenant_id)
            assert work.answers.is_cancel_requested(mine.id)
            assert not work.answers.is_cancel_requested(other.id)

    def test_open_jobs_are_those_that_have_not_ended(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        store_job(open_work, world.there)
        with open_work() as work:
            assert [each.id for each in work.estates.open_jobs(world.here.tenant_id)] == [job.id]

    def test_what_only_one_tenant_holds_is_counted_and_nothing_is_left_of_it(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        fill(open_work, world.here)
        fill(open_work, world.there)
        other = world.there.tenant_id
        before_other = remains(open_work, other, texts=[], contents=[])
        with open_work() as work:
            texts = work.estates.texts_of(world.here.tenant_id)
            contents = work.estates.contents_of(world.here.tenant_id)
        before = remains(open_work, world.here.tenant_id, texts=texts, contents=contents)

        erase(open_work, world.here, now_versions=1)

        assert len(texts) == 2
        assert len(contents) == 2
        for table in ("documents", "versions", "chunks", "people", "group_members", "answers",
                      "answer_events", "messages", "job_items", "vectors", "usage_days",
                      "person_days"):  # fmt: skip
            assert before[table] > 0, table
        after = remains(open_work, world.here.tenant_id, texts=texts, contents=contents)
        assert {table: count for table, count in after.items() if count} == {}
        assert remains(open_work, other, texts=[], contents=[]) == before_other
        with open_work() as work:
            assert work.tenancy.find_tenant(world.here.tenant_id) is None
            assert work.tenancy.find_tenant(other) is not None

    def test_only_an_erased_tenant_is_forgotten(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        with open_work() as work:
            work.estates.forget_tenant(world.here.tenant_id)
            assert work.tenancy.find_tenant(world.here.tenant_id) is not None

    @pytest.mark.parametrize("kept", ["vectors", "contents"])
    def test_what_an_erasure_forgot_is_counted(
        self, open_work: UnitOfWorkFactory, world: World, kept: str
    ) -> None:
        stored = store_live(open_work, world.here, texts=["Un texte à part."])
        own = world.here.tenant_id
        with open_work() as work:
            texts, contents = work.estates.texts_of(own), work.estates.contents_of(own)
            work.estates.retire(own, now=NOON)
            if kept == "contents":
                work.ledger.forget_version(stored.version.id)
            work.estates.clear(own)
            work.commit()

        left = remains(open_work, own, texts=texts, contents=contents)
        assert left[kept] == 1


def fill(open_work: UnitOfWorkFactory, reader: Reader) -> None:
    """Store some of everything for a reader; one text that every tenant has, one of its own."""
    name = reader.person_id
    store_live(open_work, reader, name=f"{name}.pdf", texts=["Texte commun.", f"Texte de {name}."])
    store_job(open_work, reader, states=[ItemState.INDEXED])
    conversation = make_conversation(reader)
    answer = make_answer(reader, conversation_id=conversation.id)
    group = Group(GroupId(f"group-{name}"), reader.tenant_id, "Groupe")
    with open_work() as work:
        work.conversations.add(conversation)
        work.answers.add(answer)
        for message in make_messages(answer, conversation_id=conversation.id):
            work.conversations.add_message(message)
        work.answers.append_events(answer.id, [NumberedEvent(1, TextDelta("a"))])
        work.groups.add(group)
        work.groups.add_members(group.id, [reader.person_id], tenant_id=reader.tenant_id)
        work.usage.add(reader.tenant_id, day=NOON.date(), amounts={Unit.QUESTIONS: 1})
        work.usage.add_question(
            reader.person_id, tenant_id=reader.tenant_id, day=NOON.date(), amount=1
        )
        work.commit()


def erase(open_work: UnitOfWorkFactory, reader: Reader, *, now_versions: int) -> None:
    """What the service does, without files and index."""
    with open_work() as work:
        tenant = work.tenancy.find_tenant(reader.tenant_id)
        assert tenant is not None
        work.tenancy.update_tenant(replace(tenant, state=TenantState.DELETED))
        retired = work.estates.retire(reader.tenant_id, now=NOON + timedelta(hours=1))
        assert len(retired) == now_versions
        work.commit()
    with open_work() as work:
        for version_id in retired:
            work.ledger.forget_version(version_id)
        work.estates.clear(reader.tenant_id)
        for sha256 in work.ledger.unused_files(limit=99):
            work.ledger.forget_file(sha256)
        work.estates.forget_tenant(reader.tenant_id)
        work.commit()


def remains(
    open_work: UnitOfWorkFactory, tenant_id: TenantId, *, texts: list[str], contents: list[str]
) -> dict[str, int]:
    """What is left of a tenant, by table."""
    with open_work() as work:
        return work.estates.remains(tenant_id, texts=texts, contents=contents)
