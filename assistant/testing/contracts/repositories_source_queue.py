# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repository of sources promises to the machinery: turns, leases, times and what is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from assistant.domain.ids import SourceId, SourceRunId
from assistant.domain.jobs import ItemState, JobState
from assistant.domain.sources import (
    Finding,
    KnownFile,
    Rhythm,
    RunOutcome,
    RunState,
    Schedule,
    SourceFile,
    SourceRun,
)
from assistant.domain.tenants import TenantState
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_sources import (
    LATER,
    make_run,
    store_run,
    store_source,
)
from assistant.testing.contracts.repositories_world import (
    NOON,
    RepositoryContract,
    World,
    make_document,
    make_item,
    make_job,
    sha,
)


class SourceQueueContract(RepositoryContract):
    """Promises of `SourceQueue`."""

    def test_a_source_is_due_from_its_time_on_while_no_run_of_it_is_open(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)

        with open_work() as work:
            assert work.source_queue.due(now=LATER - timedelta(seconds=1), limit=9) == []
            assert work.source_queue.due(now=LATER, limit=9) == [source]
        run = store_run(open_work, source, state=RunState.AWAITING_APPROVAL)
        with open_work() as work:
            assert work.source_queue.due(now=LATER, limit=9) == []
            work.sources.update_run(replace(run, state=RunState.REFUSED))
            assert work.source_queue.due(now=LATER, limit=9) == [source]

    def test_a_run_has_one_owner_until_its_lease_is_over(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first = store_run(open_work, store_source(open_work, world.here))
        second = store_run(open_work, store_source(open_work, world.there))

        def lease(owner: str, *, seconds: int) -> SourceRun | None:
            now = NOON + timedelta(seconds=seconds)
            with open_work() as work:
                taken = work.source_queue.lease(
                    owner=owner, now=now, until=now + timedelta(seconds=10)
                )
                work.commit()
            return taken

        running = replace(first, state=RunState.RUNNING, started_at=NOON, attempt=1)
        assert lease("a", seconds=0) == running
        taken = lease("b", seconds=1)
        assert taken is not None
        assert taken.id == second.id
        assert lease("c", seconds=9) is None
        with open_work() as work:
            queue = work.source_queue
            assert queue.renew(second.id, owner="b", until=NOON + timedelta(seconds=99))
            assert not queue.renew(second.id, owner="a", until=NOON)
            work.commit()
        again = replace(running, attempt=2)
        assert lease("c", seconds=20) == again
        with open_work() as work:
            assert not work.source_queue.renew(first.id, owner="a", until=LATER)
            assert work.source_queue.holds(first.id, owner="c")
            work.sources.update_run(replace(again, state=RunState.DONE))
            assert not work.source_queue.renew(first.id, owner="c", until=LATER)
            assert not work.source_queue.holds(first.id, owner="c")

    def test_tenants_take_turns_and_one_run_of_each_is_under_way(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        names = ("Un", "Deux", "Trois")
        here = [store_run(open_work, store_source(open_work, world.here, name=n)) for n in names]
        there = store_run(open_work, store_source(open_work, world.there))

        def lease() -> SourceRunId | None:
            with open_work() as work:
                taken = work.source_queue.lease(owner="a", now=NOON, until=LATER)
                work.commit()
            return taken.id if taken else None

        def end(run_id: SourceRunId | None) -> None:
            with open_work() as work:
                found = next(each for each in (*here, there) if each.id == run_id)
                work.sources.update_run(replace(found, state=RunState.DONE))
                work.commit()

        assert lease() == here[0].id
        assert lease() == there.id
        assert lease() is None
        end(here[0].id)
        assert lease() == here[1].id
        end(here[1].id)
        end(there.id)
        another = store_run(open_work, store_source(open_work, world.there, name="Autre"))
        assert lease() == another.id
        assert lease() == here[2].id

    def test_a_lease_or_a_time_of_a_clock_put_back_counts_for_nothing(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)
        run = store_run(open_work, source)
        later = NOON + timedelta(days=30)
        with open_work() as work:
            work.source_queue.lease(owner="a", now=later, until=later + timedelta(seconds=30))
            work.commit()

        with open_work() as work:
            queue = work.source_queue
            taken = queue.lease(owner="b", now=NOON, until=LATER)
            assert taken is not None
            assert not queue.renew(run.id, owner="a", until=LATER)
            assert queue.is_at_work(world.here.tenant_id, now=NOON)
            assert not queue.is_at_work(world.there.tenant_id, now=NOON)
            assert not queue.is_at_work(world.here.tenant_id, now=LATER + timedelta(seconds=1))
            queue.release(run.id, owner="a")
            assert queue.holds(run.id, owner="b")
            queue.release(run.id, owner="b")
            assert not queue.is_at_work(world.here.tenant_id, now=NOON)
            work.sources.update_run(replace(taken, state=RunState.DONE))
            for rhythm, days in ((Rhythm.HOURLY, 1), (Rhythm.DAILY, 3), (Rhythm.WEEKLY, 9)):
                ahead = NOON + timedelta(days=days)
                work.sources.update(replace(source, schedule=Schedule(rhythm), next_run_at=ahead))
                assert queue.due(now=NOON, limit=9)
                work.sources.set_times(source.id, next_run_at=NOON + timedelta(minutes=59))
                assert not queue.due(now=NOON, limit=9)

    def test_the_times_of_a_source_are_set_apart(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)
        with open_work() as work:
            work.sources.set_times(source.id, next_run_at=NOON)
            assert work.sources.find(source.id, scope=world.here.scope) == replace(
                source, next_run_at=NOON
            )
            work.sources.set_times(source.id, next_run_at=None, synced_at=NOON)
            work.sources.set_times(source.id, next_run_at=LATER, synced_at=LATER)
            assert work.sources.find(source.id, scope=world.here.scope) == replace(
                source, next_run_at=LATER, first_synced_at=NOON
            )
            work.sources.set_times(SourceId("inconnue"), next_run_at=NOON)

    def test_tenants_that_are_not_active_wait(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_source(open_work, world.here)
        run = store_run(open_work, store_source(open_work, world.here, name="Autre"))
        with open_work() as work:
            assert work.source_queue.lease(owner="a", now=NOON, until=LATER)
            work.commit()
        with open_work() as work:
            tenant = work.tenancy.find_tenant(world.here.tenant_id)
            assert tenant is not None
            work.tenancy.update_tenant(replace(tenant, state=TenantState.SUSPENDED))
            work.commit()

        with open_work() as work:
            assert work.source_queue.due(now=LATER, limit=9) == []
            assert not work.source_queue.renew(run.id, owner="a", until=LATER)
            assert not work.source_queue.holds(run.id, owner="a")
            assert work.source_queue.is_at_work(world.here.tenant_id, now=NOON)
            past = LATER + timedelta(seconds=9)
            assert work.source_queue.lease(owner="b", now=past, until=past) is None

    def test_documents_are_known_with_what_is_remembered_of_their_files(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)
        names = ("a.pdf", "Été/b.pdf", "été/c.pdf")
        with open_work() as work:
            for name in names:
                document = replace(make_document(world.here, name=name), source=source.label)
                work.documents.add(document)
            work.documents.add(make_document(world.here, name="d.pdf"))
            files = [
                SourceFile(names[0], 1000, "stamp", sha(names[0])),
                SourceFile(names[1], 1000, "stamp", sha("another content")),
            ]
            work.source_queue.remember(source.id, files)
            work.source_queue.remember(source.id, files[:1])
            work.commit()

        expected = {
            KnownFile(name, sha(name), 1000, stamp)
            for name, stamp in zip(names, ("stamp", "", ""), strict=True)
        }
        with open_work() as work:
            queue = work.source_queue
            assert set(queue.known(source, after="", limit=9)) == expected
            page = queue.known(source, after="", limit=2)
            assert {*page, *queue.known(source, after=page[-1].name, limit=2)} == expected
            queue.forget(source.id, names)
            assert {each.stamp for each in queue.known(source, after="", limit=9)} == {""}

    def test_old_runs_are_forgotten_but_never_an_open_one(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)
        waits = store_run(open_work, source, state=RunState.AWAITING_APPROVAL)
        ended = [store_run(open_work, source, state=RunState.DONE) for _ in range(4)]

        with open_work() as work:
            work.source_queue.forget_old_runs(source.id, keep=2)
            kept = work.sources.runs(source.id, scope=world.here.scope, limit=9)
        assert kept == [ended[3], ended[2], waits]

    def test_what_ended_runs_name_is_forgotten_and_their_counts_stay(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        told = RunOutcome(
            counts={Finding.RENAMED: 1, Finding.UNREADABLE: 1},
            names={Finding.RENAMED: ("Mme X.pdf → b.pdf",)},
            faults=(("c.pdf", "file_unreadable"),),
        )
        source = store_source(open_work, world.here)
        states = (RunState.DONE, RunState.FAILED, RunState.AWAITING_APPROVAL)
        with open_work() as work:
            for state in states:
                work.sources.add_run(replace(make_run(source, state=state), outcome=told))
            young = replace(make_run(source, state=RunState.DONE), asked_at=LATER, outcome=told)
            work.sources.add_run(young)
            work.commit()

        for left in (1, 1, 0):
            with open_work() as work:
                assert work.source_queue.forget_names(before=LATER, limit=1) == left
                work.commit()

        with open_work() as work:
            kept = work.sources.runs(source.id, scope=world.here.scope, limit=9)
        bare = RunOutcome(counts=told.counts)
        assert [each.outcome for each in kept] == [told, told, bare, bare]

    def test_the_rate_of_reading_is_that_of_past_jobs_of_the_tenant(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        for reader, seconds in ((world.here, 4), (world.there, 50)):
            job = replace(
                make_job(reader),
                state=JobState.SUCCEEDED,
                started_at=NOON,
                finished_at=NOON + timedelta(seconds=seconds),
            )
            states = (ItemState.INDEXED, ItemState.INDEXED, ItemState.UNCHANGED)
            items = [
                replace(make_item(job, ordinal=ordinal, state=state), size_bytes=1000)
                for ordinal, state in enumerate(states)
            ]
            with open_work() as work:
                work.jobs.add(job, items)
                work.commit()

        with open_work() as work:
            assert work.source_queue.reading_rate(world.here.tenant_id, jobs=5) == 4 / 2000
            absent = work.source_queue.reading_rate(world.here.tenant_id, jobs=0)
        assert absent is None
