# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the worker's queue promises of turns between tenants, of tries that wait, and of legal moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict
from assistant.domain.ids import JobId
from assistant.domain.jobs import ItemState, Job, JobState, item_may_become
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    RepositoryContract,
    World,
    add_reader,
    store_job,
)

_LEASE = timedelta(seconds=30)
_PASSING = Reason("embedder_unavailable", {})


def take(open_work: UnitOfWorkFactory, *, owner: str = "worker", at: datetime = NOON) -> Job | None:
    """Lease the next job for half a minute."""
    with open_work() as work:
        job = work.queue.lease(owner=owner, now=at, until=at + _LEASE)
        work.commit()
    return job


def give_back(
    open_work: UnitOfWorkFactory,
    job: Job,
    *,
    owner: str = "worker",
    not_before: datetime | None = None,
) -> bool:
    """End the turn of a worker."""
    with open_work() as work:
        was_held = work.queue.release(job.id, owner=owner, not_before=not_before)
        work.commit()
    return was_held


class TurnContract(RepositoryContract):
    """Promises of `WorkQueue`, those of turns and tries."""

    def test_tenants_take_turns_however_many_jobs_each_has(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        third = add_reader(open_work, "third")
        for reader in [world.here] * 3 + [world.there] * 2 + [third]:
            store_job(open_work, reader)

        order: list[str] = []
        for _ in range(6):
            job = take(open_work)
            assert job is not None
            order.append(job.tenant_id)
            with open_work() as work:
                work.queue.finish(job.id, state=JobState.SUCCEEDED, now=NOON)
                work.commit()

        here, there, other = world.here.tenant_id, world.there.tenant_id, third.tenant_id
        assert order == [here, there, other, here, there, here]

    def test_a_job_given_back_is_taken_after_the_others(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        big, _ = store_job(open_work, world.here)
        first = take(open_work)
        small, _ = store_job(open_work, world.there)
        sibling, _ = store_job(open_work, world.here)
        assert first is not None

        assert give_back(open_work, first)
        order: list[JobId] = []
        for _ in range(6):
            job = take(open_work)
            assert job is not None
            order.append(job.id)
            assert give_back(open_work, job)

        assert order == [small.id, sibling.id, small.id, big.id, small.id, sibling.id]

    def test_only_its_holder_gives_a_job_back(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        assert not give_back(open_work, job)
        assert take(open_work) is not None
        assert not give_back(open_work, job, owner="other")
        with open_work() as work:
            work.queue.finish(job.id, state=JobState.SUCCEEDED, now=NOON)
            work.commit()

        assert not give_back(open_work, job)

    def test_a_job_that_waits_is_left_alone_until_its_time(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        take(open_work)
        give_back(open_work, job, not_before=NOON + timedelta(minutes=5))

        assert take(open_work, at=NOON + timedelta(minutes=4)) is None
        again = take(open_work, at=NOON + timedelta(minutes=5))
        assert again is not None
        assert (again.id, again.attempt) == (job.id, 2)

    def test_a_job_that_waits_is_woken(self, open_work: UnitOfWorkFactory, world: World) -> None:
        job, _ = store_job(open_work, world.here)
        take(open_work)
        give_back(open_work, job, not_before=NOON + timedelta(minutes=5))

        with open_work() as work:
            work.queue.wake(job.id)
            work.queue.wake(JobId("unknown"))
            work.commit()
        assert take(open_work) is not None

    def test_waking_does_not_free_a_held_job(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        take(open_work)
        with open_work() as work:
            work.queue.wake(job.id)
            work.commit()

        assert take(open_work, owner="other") is None

    def test_a_clock_put_back_an_hour_holds_up_no_job(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        held, _ = store_job(open_work, world.here)
        waiting, _ = store_job(open_work, world.there)
        take(open_work, owner="dead")
        take(open_work)
        give_back(open_work, waiting, not_before=NOON + timedelta(minutes=5))

        before = NOON - timedelta(hours=1)
        taken = [take(open_work, owner="alive", at=before) for _ in range(3)]
        assert {job.id for job in taken if job} == {held.id, waiting.id}

    def test_tells_whether_others_wait(self, open_work: UnitOfWorkFactory, world: World) -> None:
        job, _ = store_job(open_work, world.here)
        take(open_work)
        with open_work() as work:
            assert not work.queue.has_others(job.id, now=NOON)
        other, _ = store_job(open_work, world.there)
        with open_work() as work:
            assert work.queue.has_others(job.id, now=NOON)
        take(open_work, owner="second")
        with open_work() as work:
            assert not work.queue.has_others(job.id, now=NOON)
            assert work.queue.has_others(job.id, now=NOON + timedelta(minutes=1))
        give_back(open_work, other, owner="second", not_before=NOON + timedelta(minutes=5))
        with open_work() as work:
            assert not work.queue.has_others(job.id, now=NOON + timedelta(minutes=1))

    def test_an_item_that_waits_is_open_but_not_due(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        states = [ItemState.PARSING, ItemState.PENDING, ItemState.EMBEDDING]
        job, items = store_job(open_work, world.here, states=states)
        times = [NOON + timedelta(minutes=minutes) for minutes in (9, 5)]
        with open_work() as work:
            assert work.queue.next_retry(job.id) is None
            for item, at in zip([items[0], items[2]], times, strict=True):
                waiting = replace(item, state=ItemState.RETRYING, reason=_PASSING, not_before=at)
                work.queue.update_item(replace(waiting, setbacks=1))
            work.commit()

        with open_work() as work:
            first = work.queue.next_retry(job.id)
            assert first is not None
            assert (first.id, first.not_before) == (items[2].id, times[1])
            assert first.reason == _PASSING
            found = work.queue.open_items(job.id, limit=9)
            assert [(each.id, each.not_before, each.setbacks) for each in found] == [
                (items[0].id, times[0], 1),
                (items[1].id, None, 0),
                (items[2].id, times[1], 1),
            ]
            due = [
                [each.ordinal for each in work.queue.open_items(job.id, limit=9, due=at)]
                for at in (NOON, times[1], times[0], NOON - timedelta(hours=2))
            ]
        assert due == [[1], [1, 2], [0, 1, 2], [0, 1, 2]]

    def test_cancelling_what_waits_leaves_neither_reason_nor_time(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, items = store_job(open_work, world.here, states=[ItemState.PARSING])
        waiting = replace(items[0], state=ItemState.RETRYING, reason=_PASSING, not_before=NOON)
        with open_work() as work:
            work.queue.update_item(waiting)
            work.queue.cancel_open(job.id, reason=Reason("reading_cancelled", {}), now=NOON)
            work.commit()

        with open_work() as work:
            found = work.jobs.find_item(items[0].id, scope=world.here.scope)
            assert work.queue.next_retry(job.id) is None
        assert found == replace(items[0], state=ItemState.CANCELLED)

    @pytest.mark.parametrize("state", ItemState)
    def test_an_item_moves_as_the_domain_allows(
        self, open_work: UnitOfWorkFactory, world: World, state: ItemState
    ) -> None:
        _, items = store_job(open_work, world.here, states=[state] * len(ItemState))
        for item, following in zip(items, ItemState, strict=True):
            with open_work() as work:
                changed = replace(item, state=following)
                if following is state or item_may_become(state, following):
                    work.queue.update_item(changed)
                else:
                    with pytest.raises(Conflict):
                        work.queue.update_item(changed)
