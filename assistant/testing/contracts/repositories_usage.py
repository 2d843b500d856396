# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the counters of what tenants use promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

from assistant.domain.answers import AnswerStatus
from assistant.domain.ids import TenantId
from assistant.domain.usage import Held, Unit
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    RepositoryContract,
    World,
    make_answer,
    make_document,
)

DAY = date(2026, 11, 30)
NEXT = DAY + timedelta(days=1)
MANY = 3_000_000_000
"""More than 32 bits hold."""


class UsageContract(RepositoryContract):
    """Promises of `UsageRepository`."""

    def test_counters_add_up_by_tenant_and_day(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here, there = world.here.tenant_id, world.there.tenant_id
        with open_work() as work:
            for tenant_id, day, amount in ((here, DAY, MANY), (here, NEXT, 5), (there, DAY, 7)):
                work.usage.add(tenant_id, day=day, amounts={Unit.PROMPT_TOKENS: amount})
            work.usage.add(here, day=DAY, amounts={Unit.PROMPT_TOKENS: 2, Unit.PAGES: 1})
            work.commit()
        with open_work() as work:
            one = work.usage.totals(here, first=DAY, last=DAY)
            both = work.usage.totals(here, first=DAY, last=NEXT)
            other = work.usage.totals(there, first=DAY, last=NEXT)

        assert one == {Unit.PROMPT_TOKENS: MANY + 2, Unit.PAGES: 1}
        assert both[Unit.PROMPT_TOKENS] == MANY + 7
        assert other == {Unit.PROMPT_TOKENS: 7}

    def test_nothing_is_taken_back_below_zero(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here = world.here
        with open_work() as work:
            work.usage.add(here.tenant_id, day=DAY, amounts={Unit.QUESTIONS: 1})
            work.usage.add(here.tenant_id, day=DAY, amounts={Unit.QUESTIONS: -3})
            work.usage.add_question(here.person_id, tenant_id=here.tenant_id, day=DAY, amount=-1)
            asked = work.usage.questions_of(here.person_id, tenant_id=here.tenant_id, day=DAY)
            totals = work.usage.totals(here.tenant_id, first=DAY, last=DAY)

        assert totals == {Unit.QUESTIONS: 0}
        assert asked == 0

    def test_threads_that_check_and_count_never_pass_a_bound(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here = world.here

        def ask(_: int) -> bool:
            with open_work() as work:
                work.lock()
                asked = work.usage.questions_of(here.person_id, tenant_id=here.tenant_id, day=DAY)
                if asked >= 5:
                    return False
                work.usage.add_question(here.person_id, tenant_id=here.tenant_id, day=DAY, amount=1)
                work.commit()
            return True

        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(ask, range(24)))

        assert taken.count(True) == 5
        with open_work() as work:
            assert work.usage.questions_of(here.person_id, tenant_id=here.tenant_id, day=DAY) == 5

    def test_people_are_counted_apart_and_forgotten(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here, colleague = world.here, world.colleague()
        with open_work() as work:
            for reader, day in ((here, DAY), (here, NEXT), (colleague, DAY)):
                work.usage.add_question(
                    reader.person_id, tenant_id=reader.tenant_id, day=day, amount=1
                )
            work.usage.forget_people(world.there.tenant_id, before=NEXT)
            before = work.usage.questions_of(here.person_id, tenant_id=here.tenant_id, day=DAY)
            work.usage.forget_people(here.tenant_id, before=NEXT)
            after = [
                work.usage.questions_of(reader.person_id, tenant_id=here.tenant_id, day=day)
                for reader, day in ((here, DAY), (colleague, DAY), (here, NEXT))
            ]

        assert before == 1
        assert after == [0, 0, 1]

    def test_a_level_only_rises_and_the_one_before_is_told(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here, unit = world.here.tenant_id, Unit.STORED_BYTES
        with open_work() as work:
            for days, level in ((-9, 1), (-4, 2), (0, MANY), (0, 3), (2, 4)):
                day = DAY + timedelta(days=days)
                work.usage.raise_to(here, day=day, unit=unit, level=level)
            found = work.usage.levels(here, unit=unit, first=DAY, last=NEXT)
            totals = work.usage.totals(here, first=DAY, last=NEXT)
            none = work.usage.levels(world.there.tenant_id, unit=unit, first=DAY, last=NEXT)

        assert found == {DAY - timedelta(days=4): 2, DAY: MANY}
        assert totals == {}
        assert none == {}

    def test_running_answers_are_counted_by_tenant_and_person(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here, colleague = world.here, world.colleague()
        first, second, ended = make_answer(here), make_answer(colleague), make_answer(here)
        with open_work() as work:
            for answer in (first, second, ended, make_answer(world.there)):
                work.answers.add(answer)
            work.answers.finish(ended.id, status=AnswerStatus.ANSWERED, now=NOON)
            of_all = work.usage.running(here.tenant_id, person_id=None, apart_from=())
            of_one = work.usage.running(here.tenant_id, person_id=here.person_id, apart_from=())
            rest = work.usage.running(here.tenant_id, person_id=None, apart_from=[first.id])

        assert (of_all, of_one, rest) == (2, 1, 1)

    def test_documents_count_once_something_of_them_is_held(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here = world.here
        kept, large, gone = (make_document(here, name=name) for name in "abc")
        empty = replace(make_document(here, name="d"), sha256="", size_bytes=0)
        with open_work() as work:
            for document in (kept, replace(large, size_bytes=MANY), gone, empty):
                work.documents.add(document)
            work.documents.delete(gone.id, scope=here.scope, now=NOON)
            held = work.usage.held(here.tenant_id)
            by_tenant = work.usage.held_by_tenant()
            nothing = work.usage.held(TenantId("unknown"))

        assert held == Held(documents=2, size_bytes=MANY + 1000)
        assert by_tenant == {here.tenant_id: held}
        assert nothing == Held(documents=0, size_bytes=0)
