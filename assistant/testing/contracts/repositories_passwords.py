# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repository of passwords, their links and failed attempts promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.errors import Conflict
from assistant.domain.ids import PersonId
from assistant.domain.passwords import Password, PasswordLink
from assistant.domain.throttling import Failures
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    Reader,
    RepositoryContract,
    World,
)

LATER = NOON + timedelta(hours=24)


def password_of(reader: Reader) -> Password:
    """A password of a person of the world."""
    return Password(reader.person_id, reader.tenant_id, hash="$argon2id$1", set_at=NOON)


class PasswordContract(RepositoryContract):
    """Promises of `PasswordRepository`."""

    @pytest.fixture
    def link(self, open_work: UnitOfWorkFactory, world: World) -> PasswordLink:
        """A stored link of here, good until LATER."""
        here = world.here
        link = PasswordLink("code", here.person_id, here.tenant_id, PersonId("by"), NOON, LATER)
        with open_work() as work:
            work.passwords.put_link(link)
            work.commit()
        return link

    def test_a_person_has_one_password_the_last(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first = password_of(world.here)
        second = replace(first, hash="$argon2id$2", set_at=LATER)
        with open_work() as work:
            work.passwords.put(first)
            work.passwords.put(second)
            work.commit()
        with open_work() as work:
            assert work.passwords.find(world.here.person_id) == second
            assert work.passwords.find(world.there.person_id) is None

    def test_nobody_of_another_tenant_has_one(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        crossed = replace(password_of(world.here), tenant_id=world.there.tenant_id)
        with open_work() as work, pytest.raises(Conflict):
            work.passwords.put(crossed)

    def test_password_and_link_go_with_their_person(
        self, open_work: UnitOfWorkFactory, world: World, link: PasswordLink
    ) -> None:
        here = world.here
        with open_work() as work:
            work.passwords.put(password_of(here))
            work.people.delete(here.person_id, tenant_id=here.tenant_id)
            work.commit()
        with open_work() as work:
            assert work.passwords.find(here.person_id) is None
            assert work.passwords.find_link(link.code_hash, now=NOON) is None

    def test_a_link_is_found_without_being_spent_until_it_expires(
        self, open_work: UnitOfWorkFactory, link: PasswordLink
    ) -> None:
        with open_work() as work:
            for _ in range(2):
                assert work.passwords.find_link(link.code_hash, now=NOON) == link
            assert work.passwords.find_link("unknown", now=NOON) is None
            assert work.passwords.find_link(link.code_hash, now=LATER) is None
            assert work.passwords.take_link(link.code_hash, now=LATER) is None

    def test_one_of_many_threads_gets_it(
        self, open_work: UnitOfWorkFactory, link: PasswordLink
    ) -> None:
        def take(_: int) -> PasswordLink | None:
            with open_work() as work:
                taken = work.passwords.take_link(link.code_hash, now=NOON)
                work.commit()
            return taken

        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(take, range(24)))
        assert [each for each in taken if each is not None] == [link]

    def test_a_new_link_takes_the_place_of_the_old(
        self, open_work: UnitOfWorkFactory, link: PasswordLink
    ) -> None:
        again = replace(link, code_hash="again")
        with open_work() as work:
            work.passwords.put_link(again)
            assert work.passwords.find_link(link.code_hash, now=NOON) is None
            assert work.passwords.find_link("again", now=NOON) == again

    def test_only_the_link_of_its_person_is_dropped(
        self, open_work: UnitOfWorkFactory, world: World, link: PasswordLink
    ) -> None:
        with open_work() as work:
            work.passwords.drop_link(world.there.person_id)
            assert work.passwords.find_link(link.code_hash, now=NOON) == link
            work.passwords.drop_link(world.here.person_id)
            assert work.passwords.find_link(link.code_hash, now=NOON) is None

    def test_ending_the_sessions_of_a_person_makes_its_link_worthless(
        self, open_work: UnitOfWorkFactory, world: World, link: PasswordLink
    ) -> None:
        with open_work() as work:
            work.sessions.revoke_of(world.there.person_id)
            assert work.passwords.find_link(link.code_hash, now=NOON) == link
            work.sessions.revoke_of(world.here.person_id)
            assert work.passwords.find_link(link.code_hash, now=NOON) is None

    def test_failures_are_kept_by_key_and_forgotten_by_age(
        self, open_work: UnitOfWorkFactory
    ) -> None:
        old, new = Failures(3, NOON), Failures(1, LATER)
        with open_work() as work:
            work.passwords.put_failures("a", Failures(2, NOON))
            work.passwords.put_failures("a", old)
            work.passwords.put_failures("b", new)
            work.commit()
        with open_work() as work:
            assert [work.passwords.failures(each) for each in "abc"] == [old, new, None]
            work.passwords.forget_failures(before=NOON + timedelta(seconds=1))
            assert [work.passwords.failures(each) for each in "abc"] == [None, new, None]
            work.passwords.drop_failures("b")
            work.passwords.drop_failures("c")
            assert work.passwords.failures("b") is None
