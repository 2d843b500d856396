# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repository of the audit log promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

from assistant.domain.audit import Act
from assistant.domain.audit_chain import AuditEntry, details_text, time_text, walk
from assistant.domain.ids import PersonId, new_id
from assistant.domain.tenants import TenantState
from assistant.ports.audit import AuditFilter, AuditScope
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    RepositoryContract,
    World,
    make_person,
)

ALL = AuditScope(None)
ANY = AuditFilter()


def make_entry(tenant: str, *, act: str = "group.created", at: datetime = NOON) -> AuditEntry:
    """An entry that is no part of the chain yet."""
    details = details_text({"count": 3})
    return AuditEntry(0, new_id(), time_text(at), act, tenant, new_id(), new_id(), details)


def keep(open_work: UnitOfWorkFactory, *entries: AuditEntry) -> list[AuditEntry]:
    """Keep entries, each in a transaction of its own."""
    kept: list[AuditEntry] = []
    for entry in entries:
        with open_work() as work:
            kept.append(work.audit.append(entry))
            work.commit()
    return kept


class AuditContract(RepositoryContract):
    """Promises of `AuditRepository`."""

    def test_entries_are_numbered_linked_and_kept_as_they_were(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        given = [make_entry(world.here.tenant_id) for _ in range(3)]

        kept = keep(open_work, *given)

        with open_work() as work:
            assert work.audit.walk_on(after=0, limit=9) == kept
            assert work.audit.walk_on(after=1, limit=1) == [kept[1]]
            assert work.audit.last() == kept[2]
            assert work.audit.find(2) == kept[1]
            assert work.audit.find(4) is None
        assert [each.number for each in kept] == [1, 2, 3]
        assert [replace(each, number=0, previous="0" * 64, hash="") for each in kept] == given
        assert walk(kept, heads=[]).is_whole

    def test_nothing_is_kept_without_commit_and_its_number_is_given_again(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        with open_work() as work:
            assert work.audit.last() is None
            work.audit.append(make_entry(world.here.tenant_id))
        with open_work() as work:
            assert work.audit.last() is None

        [kept] = keep(open_work, make_entry(world.here.tenant_id))

        assert kept.number == 1

    def test_many_threads_make_one_chain(self, open_work: UnitOfWorkFactory, world: World) -> None:
        threads, rounds = 6, 8
        together = Barrier(threads)

        def add(_: int) -> None:
            together.wait(30)
            keep(open_work, *(make_entry(world.here.tenant_id) for _ in range(rounds)))

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(add, range(threads)))

        with open_work() as work:
            verdict = walk(work.audit.walk_on(after=0, limit=999), heads=[])
        assert verdict.is_whole
        assert verdict.entries == threads * rounds

    def test_a_tenant_sees_its_own_entries_only(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here, there, of_nobody, again = keep(
            open_work,
            make_entry(world.here.tenant_id),
            make_entry(world.there.tenant_id),
            make_entry(""),
            make_entry(world.here.tenant_id),
        )
        own = AuditScope(world.here.tenant_id)

        with open_work() as work:
            audit = work.audit
            assert audit.page(ANY, scope=own, before="", limit=9) == [again, here]
            assert audit.page(ANY, scope=own, before=again.id, limit=9) == [here]
            assert audit.page(ANY, scope=own, before=there.id, limit=9) == []
            assert audit.page(ANY, scope=own, before=of_nobody.id, limit=9) == []
            assert audit.page(ANY, scope=own, before=new_id(), limit=9) == []
            assert audit.stretch(ANY, scope=own, after=0, limit=9) == [here, again]
            assert audit.stretch(ANY, scope=own, after=1, limit=9) == [again]
            everything = [here, there, of_nobody, again]
            assert audit.stretch(ANY, scope=ALL, after=0, limit=9) == everything
            assert audit.page(ANY, scope=ALL, before="", limit=2) == [again, of_nobody]
            assert audit.page(ANY, scope=ALL, before=of_nobody.id, limit=2) == [there, here]

    def test_entries_are_found_by_time_and_act(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        tenant, second = world.here.tenant_id, timedelta(seconds=1)
        first, later, last = keep(
            open_work,
            make_entry(tenant, act="session.opened"),
            make_entry(tenant, act="person.invited", at=NOON + second),
            make_entry(tenant, act="session.opened", at=NOON + 2 * second),
        )
        cases: list[tuple[AuditFilter, list[AuditEntry]]] = [
            (AuditFilter(since=NOON + second), [later, last]),
            (AuditFilter(until=NOON + second), [first]),
            (AuditFilter(since=NOON, until=NOON + 2 * second), [first, later]),
            (AuditFilter(acts=frozenset({"session.opened"})), [first, last]),
            (AuditFilter(since=NOON + second, acts=frozenset({"session.opened"})), [last]),
            (AuditFilter(acts=frozenset({"key.created"})), []),
        ]

        with open_work() as work:
            for wanted, expected in cases:
                found = work.audit.stretch(wanted, scope=AuditScope(tenant), after=0, limit=9)
                assert found == expected
                assert work.audit.page(wanted, scope=ALL, before="", limit=9) == expected[::-1]

    def test_a_person_has_one_pseudonym_until_it_is_erased(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        person = make_person(world.here.tenant_id, name="zoe")
        with open_work() as work:
            work.people.add(person)
            pseudonym = work.audit.pseudonym_of(person.id)
            work.commit()
        own, other = AuditScope(world.here.tenant_id), AuditScope(world.there.tenant_id)

        with open_work() as work:
            assert pseudonym is not None
            assert person.id not in pseudonym
            assert work.audit.pseudonym_of(person.id) == pseudonym
            assert work.audit.pseudonym_of(world.here.person_id) not in {pseudonym, None}
            assert work.audit.pseudonym_of(PersonId(new_id())) is None
            assert work.audit.person_of(pseudonym, scope=own) == person.id
            assert work.audit.person_of(pseudonym, scope=ALL) == person.id
            assert work.audit.person_of(pseudonym, scope=other) is None
            assert work.audit.person_of(person.id, scope=ALL) is None
            work.people.delete(person.id, tenant_id=person.tenant_id)
            assert work.audit.person_of(pseudonym, scope=ALL) is None
            work.people.add(person)
            assert work.audit.pseudonym_of(person.id) not in {pseudonym, None}

    def test_the_entries_of_an_erased_tenant_stay_and_its_pseudonyms_go(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        tenant_id = world.there.tenant_id
        with open_work() as work:
            pseudonym = work.audit.pseudonym_of(world.there.person_id)
            assert pseudonym is not None
            kept = work.audit.append(make_entry(tenant_id))
            found = work.tenancy.find_tenant(tenant_id)
            assert found is not None
            work.tenancy.update_tenant(replace(found, state=TenantState.DELETED))
            work.estates.clear(tenant_id)
            work.estates.forget_tenant(tenant_id)
            work.commit()

        with open_work() as work:
            assert work.audit.walk_on(after=0, limit=9) == [kept]
            assert work.audit.person_of(pseudonym, scope=ALL) is None
            assert sum(work.estates.remains(tenant_id, texts=[], contents=[]).values()) == 0

    def test_refusals_and_people_are_found(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        tenant = world.here.tenant_id
        plain, refused, foreign = (
            make_entry(tenant),
            make_entry(tenant, act="access.refused"),
            make_entry("other"),
        )
        named = replace(make_entry(tenant), details=details_text({"person": plain.actor}))
        kept = keep(open_work, plain, refused, foreign, named)
        keep(open_work, make_entry(tenant, act="session.refused"))
        scope = AuditScope(tenant)

        def found(wanted: AuditFilter) -> list[int]:
            with open_work() as work:
                page = work.audit.page(wanted, scope=scope, before="", limit=9)
                stretch = work.audit.stretch(wanted, scope=scope, after=0, limit=9)
            assert page == stretch[::-1]
            return [each.number for each in stretch]

        assert found(AuditFilter(is_refused=True)) == [2, 5]
        assert found(AuditFilter(is_refused=False)) == [1, 4]
        assert found(AuditFilter(person=plain.actor)) == [1, 4]
        assert found(AuditFilter(person=plain.subject)) == [1]
        assert found(AuditFilter(person="%")) == []
        assert found(AuditFilter(person=foreign.actor)) == []
        with open_work() as work:
            assert work.audit.last_of(Act.REFUSED) == kept[1]
            assert work.audit.last_of(Act.AUDIT_VERIFIED) is None
