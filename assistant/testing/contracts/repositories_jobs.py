# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the job repository and the worker's queue promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, NotFound, StorageError
from assistant.domain.ids import DocumentId, JobId, JobItemId, VersionId
from assistant.domain.jobs import (
    FINAL_ITEM_STATES,
    FINAL_JOB_STATES,
    ItemState,
    Job,
    JobCounts,
    JobItem,
    JobState,
)
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    RepositoryContract,
    World,
    make_document,
    make_item,
    make_job,
    store_job,
)

LATER = NOON + timedelta(minutes=5)


def lease(open_work: UnitOfWorkFactory, owner: str, *, late: bool = False) -> Job | None:
    """Lease the next job for half a minute, now or after all leases have passed."""
    now = LATER if late else NOON
    with open_work() as work:
        job = work.queue.lease(owner=owner, now=now, until=now + timedelta(seconds=30))
        work.commit()
    return job


def states_of(open_work: UnitOfWorkFactory, world: World, job: Job) -> list[ItemState]:
    """States of all items of a job of here, in order."""
    with open_work() as work:
        items = work.jobs.items(
            job.id, scope=world.here.scope, states=frozenset(), limit=99, offset=0
        )
    return [item.state for item in items]


class JobContract(RepositoryContract):
    """Promises of `JobRepository`."""

    def test_keeps_a_job_with_its_items(self, open_work: UnitOfWorkFactory, world: World) -> None:
        document = make_document(world.here)
        with open_work() as work:
            work.documents.add(document)
            work.commit()
        job, items = store_job(open_work, world.here, states=[*ItemState])
        item = replace(
            items[0],
            state=ItemState.FAILED,
            document_id=document.id,
            version_id=VersionId("not stored yet"),
            reason=Reason("parser_timeout", {"seconds": 30}),
            chunks=3,
            pages=2,
            attempt=1,
        )
        with open_work() as work:
            work.jobs.update_item(item)
            work.commit()

        with open_work() as work:
            scope = world.here.scope
            assert work.jobs.find(job.id, scope=scope) == job
            assert work.jobs.find_item(item.id, scope=scope) == item
            found = work.jobs.items(job.id, scope=scope, states=frozenset(), limit=99, offset=0)
        assert found == [item, *items[1:]]

    def test_items_are_filtered_and_paged(self, open_work: UnitOfWorkFactory, world: World) -> None:
        states = [ItemState.FAILED, ItemState.PENDING, ItemState.INDEXED, ItemState.PENDING]
        job, items = store_job(open_work, world.here, states=states)

        def page(*wanted: ItemState, limit: int = 9, offset: int = 0) -> list[JobItem]:
            with open_work() as work:
                return work.jobs.items(
                    job.id,
                    scope=world.here.scope,
                    states=frozenset(wanted),
                    limit=limit,
                    offset=offset,
                )

        assert page(ItemState.PENDING) == [items[1], items[3]]
        assert page(ItemState.PENDING, ItemState.FAILED, limit=2) == [items[0], items[1]]
        assert page(limit=2, offset=2) == items[2:]

    def test_jobs_that_run_are_listed_before_those_that_wait_and_those_that_have_ended(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        running, queued = JobState.RUNNING, JobState.QUEUED
        ended = [*FINAL_JOB_STATES]
        with open_work() as work:
            for state in (running, queued, *ended, running, queued, *ended):
                job = make_job(world.here, state=state)
                work.jobs.add(job, [make_item(job)])
            work.commit()

        def listed(limit: int) -> list[JobState]:
            with open_work() as work:
                found = work.jobs.list_recent(scope=world.here.scope, limit=limit)
            return [job.state for job in found]

        assert listed(99) == [running] * 2 + [queued] * 2 + ended[::-1] * 2
        assert [listed(limit) for limit in (1, 3)] == [[running], [running, running, queued]]

    def test_jobs_in_one_state_are_listed_newest_first(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        jobs = [store_job(open_work, world.here)[0] for _ in range(3)]

        with open_work() as work:
            found = work.jobs.list_recent(scope=world.here.scope, limit=2)
        assert found == [jobs[2], jobs[1]]

    def test_counts_items_chunks_and_pages(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        states = [ItemState.INDEXED, ItemState.INDEXED, ItemState.PENDING]
        job, items = store_job(open_work, world.here, states=states)
        with open_work() as work:
            for item in items[:2]:
                work.queue.update_item(replace(item, chunks=5, pages=2))
            work.commit()

        with open_work() as work:
            counts = work.jobs.counts(job.id, scope=world.here.scope)
            assert counts == JobCounts({ItemState.INDEXED: 2, ItemState.PENDING: 1}, 10, 4)
            assert work.jobs.counts(JobId("unknown"), scope=world.here.scope) == JobCounts({})

    def test_an_illegal_change_of_state_conflicts(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        with open_work() as work, pytest.raises(Conflict):
            work.jobs.update(replace(job, state=JobState.SUCCEEDED))

    def test_update_replaces_what_may_change(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        changed = replace(
            job,
            state=JobState.RUNNING,
            started_at=LATER,
            cancel_requested=True,
            attempt=2,
        )
        with open_work() as work:
            work.jobs.update(changed)
            work.commit()

        with open_work() as work:
            assert work.jobs.find(job.id, scope=world.here.scope) == changed
            with pytest.raises(NotFound):
                work.jobs.update(make_job(world.here))

    def test_update_never_overwrites_a_lease_taken_between(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        with open_work() as work:
            assert work.jobs.find(job.id, scope=world.here.scope) == job
            assert lease(open_work, "worker")

            with pytest.raises(StorageError) as raised:
                work.jobs.update(replace(job, cancel_requested=True))
        assert raised.value.code == "database_locked"

    def test_a_view_from_before_brings_no_erased_name_back(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        states = [*ItemState]
        job, items = store_job(open_work, world.here, states=states)
        document = make_document(world.here)
        with open_work() as work:
            work.documents.add(document)
            for item in items[:-1]:
                work.jobs.update_item(replace(item, document_id=document.id))
            work.documents.erase(document.id, scope=world.here.scope, now=LATER)
            work.commit()
        with open_work() as work:
            stale = replace(items[0], name="Mme X.pdf", state=ItemState.REMOVED, attempt=2)
            work.jobs.update_item(stale)
            work.commit()

        with open_work() as work:
            scope = world.here.scope
            kept = work.jobs.items(job.id, scope=scope, states=frozenset(), limit=99, offset=0)
        assert [each.name for each in kept[:-1]] == ["–"] * (len(states) - 1)
        assert kept[0].attempt == 2
        assert kept[-1] == items[-1]
        assert [each.state for each in kept[:-1]] == [
            state if state in FINAL_ITEM_STATES else ItemState.REMOVED for state in states[:-1]
        ]

    def test_an_item_outlives_its_document(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        _, items = store_job(open_work, world.here)
        item = replace(items[0], document_id=DocumentId("gone"))
        with open_work() as work:
            work.queue.update_item(item)
            work.commit()

        with open_work() as work:
            found = work.jobs.find_item(item.id, scope=world.here.scope)
            assert found == replace(item, document_id=None)
            with pytest.raises(NotFound):
                work.jobs.update_item(replace(item, id=JobItemId("unknown")))
