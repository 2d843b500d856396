# ruff: noqa: S101, S106, D102 - suites assert, and the name of a test is its sentence
"""What the repositories of people, groups, invitations and keys promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import GroupId, InvitationId, KeyId, PersonId, TenantId
from assistant.domain.people import ApiKey, Group, Invitation, PersonState
from assistant.domain.tenancy import Permission, Role
from assistant.domain.tenants import Charter, Tenant, TenantState
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    Reader,
    RepositoryContract,
    World,
    make_person,
)

LATER = NOON + timedelta(minutes=5)
AGENT = frozenset({Role.AGENT})


class PeopleContract(RepositoryContract):
    """Promises of `PeopleRepository`."""

    def test_keeps_every_field(self, open_work: UnitOfWorkFactory, world: World) -> None:
        person = replace(
            make_person(world.here.tenant_id, name="Zoé", roles=frozenset(Role)),
            state=PersonState.SUSPENDED,
            charter_version=4,
            seen_at=LATER,
        )
        with open_work() as work:
            work.people.add(person)
            work.commit()

        with open_work() as work:
            own, other = world.here.tenant_id, world.there.tenant_id
            assert work.people.find(person.id, tenant_id=own) == person
            assert work.people.find(person.id, tenant_id=other) is None
            assert work.people.find_by_email(person.email, tenant_id=own) == person
            assert work.people.find_by_email(person.email, tenant_id=other) is None
            assert work.people.list_page(tenant_id=own, limit=9, offset=1) == [person]
            assert work.people.list_by_email(person.email) == [person]
            assert work.people.list_by_email("") == []

    def test_a_change_keeps_what_is_not_its_own(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        person = make_person(world.here.tenant_id, name="zoe")
        changed = replace(person, name="Zoé", email="", roles=AGENT, charter_version=2)
        with open_work() as work:
            work.people.add(person)
            work.people.note_seen(person.id, at=LATER)
            work.people.update(replace(changed, created_at=LATER))
            assert work.people.find(person.id, tenant_id=person.tenant_id) == replace(
                changed, seen_at=LATER
            )
            with pytest.raises(NotFound):
                work.people.update(replace(person, tenant_id=world.there.tenant_id))

    def test_an_address_is_of_one_person_of_a_tenant(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first = make_person(world.here.tenant_id, name="zoe")
        elsewhere = replace(first, id=PersonId("b"), tenant_id=world.there.tenant_id)
        nameless = [
            replace(first, id=PersonId(name), email="") for name in ("without", "without too")
        ]
        with open_work() as work:
            for person in (first, elsewhere, *nameless):
                work.people.add(person)
            work.commit()
            assert work.people.list_by_email(first.email) == [first, elsewhere]

        with open_work() as work, pytest.raises(Conflict):
            work.people.add(replace(first, id=PersonId("c")))

    def test_a_standing_tells_what_the_tenant_says(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        charter = Charter(2, "Charte")
        tenant = Tenant(world.here.tenant_id, "Ici", state=TenantState.SUSPENDED, charter=charter)
        with open_work() as work:
            work.tenancy.update_tenant(tenant)
            standing = work.people.standing(world.here.person_id)
            assert work.people.standing(PersonId("unknown")) is None
        assert standing is not None
        assert standing.person.id == world.here.person_id
        assert (standing.tenant_state, standing.charter) == (TenantState.SUSPENDED, charter)
        assert standing.principal().is_read_only

    def test_deletion_takes_memberships_and_credentials_along(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        own = world.here.tenant_id
        with open_work() as work:
            work.groups.add(Group(GroupId("g"), own, "Finances"))
            work.groups.add_members(GroupId("g"), [world.here.person_id], tenant_id=own)
            work.keys.add(key_of(world.here))
            work.invitations.put(invitation_of(world.here))
            work.people.delete(world.here.person_id, tenant_id=world.there.tenant_id)
            assert work.people.find(world.here.person_id, tenant_id=own)
            work.people.delete(world.here.person_id, tenant_id=own)
            assert work.groups.members(GroupId("g"), tenant_id=own) == []
            assert work.keys.list_all(tenant_id=own, person_id=None) == []
            assert work.invitations.list_all(tenant_id=own) == []


class GroupContract(RepositoryContract):
    """Promises of `GroupRepository`."""

    @pytest.fixture
    def group(self, open_work: UnitOfWorkFactory, world: World) -> Group:
        """A stored group of here, with its reader."""
        group = Group(GroupId("g"), world.here.tenant_id, "Marchés")
        with open_work() as work:
            work.groups.add(group)
            work.groups.add_members(group.id, [world.here.person_id], tenant_id=group.tenant_id)
            work.commit()
        return group

    def test_is_found_within_its_tenant(
        self, open_work: UnitOfWorkFactory, world: World, group: Group
    ) -> None:
        first = Group(GroupId("a"), group.tenant_id, "Finances")
        own, other = group.tenant_id, world.there.tenant_id
        with open_work() as work:
            work.groups.add(first)
            assert work.groups.find(group.id, tenant_id=own) == group
            assert work.groups.find(group.id, tenant_id=other) is None
            assert work.groups.list_all(tenant_id=own) == [first, group]
            assert work.groups.groups_of(world.here.person_id, tenant_id=own) == [group]
            assert work.groups.groups_of(world.here.person_id, tenant_id=other) == []

    def test_a_name_is_of_one_group_of_a_tenant(
        self, open_work: UnitOfWorkFactory, world: World, group: Group
    ) -> None:
        with open_work() as work:
            work.groups.add(Group(GroupId("b"), world.there.tenant_id, group.name))
            work.groups.rename(replace(group, name="Achats"))
            work.groups.rename(group)
            work.commit()
        with open_work() as work, pytest.raises(Conflict):
            work.groups.add(Group(GroupId("c"), group.tenant_id, group.name))
        with open_work() as work, pytest.raises(NotFound):
            work.groups.rename(replace(group, tenant_id=world.there.tenant_id))

    def test_members_come_and_go(
        self, open_work: UnitOfWorkFactory, world: World, group: Group
    ) -> None:
        own = group.tenant_id
        zoe = make_person(own, name="zoe")
        with open_work() as work:
            work.people.add(zoe)
            work.groups.add_members(group.id, [zoe.id, world.here.person_id], tenant_id=own)
            assert [each.id for each in work.groups.members(group.id, tenant_id=own)] == [
                world.here.person_id,
                zoe.id,
            ]
            assert work.groups.members(group.id, tenant_id=world.there.tenant_id) == []
            work.groups.remove_member(group.id, zoe.id, tenant_id=world.there.tenant_id)
            work.groups.remove_member(group.id, world.here.person_id, tenant_id=own)
            assert work.groups.members(group.id, tenant_id=own) == [zoe]

    def test_a_provider_names_groups_beside_those_given_here(
        self, open_work: UnitOfWorkFactory, world: World, group: Group
    ) -> None:
        own, person_id = group.tenant_id, world.here.person_id
        others = [Group(GroupId(name), own, name) for name in ("a", "b")]

        def named(*groups: Group, provider: str = "keycloak") -> list[Group]:
            with open_work() as work:
                ids = [each.id for each in groups]
                work.groups.take_named(person_id, ids, provider=provider, tenant_id=own)
                work.commit()
            with open_work() as work:
                return work.groups.groups_of(person_id, tenant_id=own)

        with open_work() as work:
            for each in others:
                work.groups.add(each)
            work.commit()
        first, second = others
        assert named(first, group) == [group, first]
        assert named(second) == [group, second]
        assert named(first, provider="other") == [group, first, second]
        assert named() == [group, first]

    def test_a_provider_names_no_foreign_group(
        self, open_work: UnitOfWorkFactory, world: World, group: Group
    ) -> None:
        there = world.there
        with open_work() as work, pytest.raises(Conflict):
            work.groups.take_named(
                there.person_id, [group.id], provider="keycloak", tenant_id=there.tenant_id
            )

    def test_a_foreign_person_is_no_member(
        self, open_work: UnitOfWorkFactory, world: World, group: Group
    ) -> None:
        with open_work() as work, pytest.raises(Conflict):
            work.groups.add_members(group.id, [world.there.person_id], tenant_id=group.tenant_id)

    def test_only_its_tenant_deletes_it(
        self, open_work: UnitOfWorkFactory, world: World, group: Group
    ) -> None:
        with open_work() as work:
            work.groups.delete(group.id, tenant_id=world.there.tenant_id)
            assert work.groups.find(group.id, tenant_id=group.tenant_id)
            work.groups.delete(group.id, tenant_id=group.tenant_id)
            assert work.groups.find(group.id, tenant_id=group.tenant_id) is None
            assert work.groups.members(group.id, tenant_id=group.tenant_id) == []


class InvitationContract(RepositoryContract):
    """Promises of `InvitationRepository`."""

    @pytest.fixture
    def invitation(self, open_work: UnitOfWorkFactory, world: World) -> Invitation:
        """A stored invitation of here, good until LATER."""
        invitation = invitation_of(world.here)
        with open_work() as work:
            work.invitations.put(invitation)
            work.commit()
        return invitation

    def test_one_of_many_threads_gets_it(
        self, open_work: UnitOfWorkFactory, invitation: Invitation
    ) -> None:
        def take(_: int) -> Invitation | None:
            with open_work() as work:
                taken = work.invitations.take(invitation.code_hash, now=NOON)
                work.commit()
            return taken

        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(take, range(24)))
        assert [each for each in taken if each is not None] == [invitation]

    def test_expires_but_is_still_listed(
        self, open_work: UnitOfWorkFactory, world: World, invitation: Invitation
    ) -> None:
        own, other = world.here.tenant_id, world.there.tenant_id
        with open_work() as work:
            assert work.invitations.take("unknown", now=NOON) is None
            assert work.invitations.take(invitation.code_hash, now=LATER) is None
            assert work.invitations.list_all(tenant_id=own) == [invitation]
            assert work.invitations.list_all(tenant_id=other) == []
            assert work.invitations.find(invitation.id, tenant_id=own) == invitation
            assert work.invitations.find(invitation.id, tenant_id=other) is None

    def test_a_new_one_takes_the_place_of_the_old(
        self, open_work: UnitOfWorkFactory, world: World, invitation: Invitation
    ) -> None:
        again = replace(invitation, id=InvitationId("again"), code_hash="again")
        with open_work() as work:
            work.invitations.put(again)
            assert work.invitations.take(invitation.code_hash, now=NOON) is None
            assert work.invitations.list_all(tenant_id=world.here.tenant_id) == [again]

    def test_only_its_tenant_withdraws_it(
        self, open_work: UnitOfWorkFactory, world: World, invitation: Invitation
    ) -> None:
        with open_work() as work:
            work.invitations.delete(invitation.id, tenant_id=world.there.tenant_id)
            assert work.invitations.find(invitation.id, tenant_id=invitation.tenant_id)
            work.invitations.delete(invitation.id, tenant_id=invitation.tenant_id)
            assert work.invitations.take(invitation.code_hash, now=NOON) is None


class KeyContract(RepositoryContract):
    """Promises of `KeyRepository`."""

    @pytest.fixture
    def key(self, open_work: UnitOfWorkFactory, world: World) -> ApiKey:
        """A stored key of here, good until LATER."""
        key = key_of(world.here)
        with open_work() as work:
            work.keys.add(key)
            work.commit()
        return key

    def test_is_found_until_it_expires(self, open_work: UnitOfWorkFactory, key: ApiKey) -> None:
        with open_work() as work:
            assert work.keys.find(key.secret_hash, now=NOON) == key
            assert work.keys.find(key.secret_hash, now=LATER) is None
            assert work.keys.find("unknown", now=NOON) is None
            work.keys.note_used(key.id, at=LATER)
            assert work.keys.find(key.secret_hash, now=NOON) == replace(key, used_at=LATER)

    def test_is_listed_within_its_tenant_and_person(
        self, open_work: UnitOfWorkFactory, world: World, key: ApiKey
    ) -> None:
        own, other = world.here.tenant_id, world.there.tenant_id
        with open_work() as work:
            find = work.keys.list_all
            assert find(tenant_id=own, person_id=None) == [key]
            assert find(tenant_id=own, person_id=key.person_id) == [key]
            assert find(tenant_id=own, person_id=PersonId("colleague")) == []
            assert find(tenant_id=other, person_id=None) == []

    def test_only_who_owns_it_ends_it(
        self, open_work: UnitOfWorkFactory, world: World, key: ApiKey
    ) -> None:
        own = world.here.tenant_id
        with open_work() as work:
            end = work.keys.delete
            assert not end(key.id, tenant_id=world.there.tenant_id, person_id=None)
            assert not end(key.id, tenant_id=own, person_id=PersonId("colleague"))
            assert end(key.id, tenant_id=own, person_id=key.person_id)
            assert work.keys.find(key.secret_hash, now=NOON) is None

    def test_all_of_a_person_end_at_once(
        self, open_work: UnitOfWorkFactory, world: World, key: ApiKey
    ) -> None:
        other = replace(key_of(world.there), id=KeyId("other"), secret_hash="other")
        with open_work() as work:
            work.keys.add(other)
            assert work.keys.delete_of(key.person_id) == 1
            assert work.keys.find(key.secret_hash, now=NOON) is None
            assert work.keys.find("other", now=NOON) == other

    def test_needs_its_person(self, open_work: UnitOfWorkFactory, world: World) -> None:
        stray = replace(key_of(world.here), tenant_id=TenantId("tenant-there"))
        with open_work() as work, pytest.raises(Conflict):
            work.keys.add(stray)


def invitation_of(reader: Reader) -> Invitation:
    """An invitation good until LATER."""
    return Invitation(
        id=InvitationId("invitation"),
        tenant_id=reader.tenant_id,
        person_id=reader.person_id,
        code_hash="hash",
        created_by=PersonId("admin"),
        created_at=NOON,
        expires_at=LATER,
    )


def key_of(reader: Reader) -> ApiKey:
    """A key good until LATER."""
    return ApiKey(
        id=KeyId("key"),
        tenant_id=reader.tenant_id,
        person_id=reader.person_id,
        name="Site de la mairie",
        prefix="ar_12345678",
        secret_hash="secret",
        permissions=frozenset({Permission.ASK, Permission.READ}),
        created_at=NOON,
        expires_at=LATER,
    )
