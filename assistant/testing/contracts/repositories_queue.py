# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the worker's queue promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.documents import DocumentState, Reason
from assistant.domain.ids import JobId, JobItemId, VersionId
from assistant.domain.jobs import FINAL_ITEM_STATES, ItemState, JobState
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_jobs import LATER, lease, states_of
from assistant.testing.contracts.repositories_world import (
    NOON,
    RepositoryContract,
    World,
    make_document,
    make_item,
    make_job,
    store_job,
    store_live,
    store_ready,
)

_TO_DO = {ItemState.PENDING, ItemState.RETRYING, ItemState.PARSING, ItemState.EMBEDDING}


class QueueContract(RepositoryContract):
    """Promises of `WorkQueue`."""

    def test_leases_the_oldest_once(self, open_work: UnitOfWorkFactory, world: World) -> None:
        older, _ = store_job(open_work, world.here)
        newer, _ = store_job(open_work, world.there)

        first, second, third = (lease(open_work, owner) for owner in ("a", "b", "c"))
        assert first == replace(older, state=JobState.RUNNING, attempt=1, started_at=NOON)
        assert second is not None
        assert second.id == newer.id
        assert third is None

    def test_a_passed_lease_is_taken_over(self, open_work: UnitOfWorkFactory, world: World) -> None:
        job, _ = store_job(open_work, world.here)
        lease(open_work, "dead")

        taken = lease(open_work, "alive", late=True)
        assert taken == replace(job, state=JobState.RUNNING, attempt=2, started_at=NOON)
        with open_work() as work:
            assert not work.queue.renew(job.id, owner="dead", until=LATER)
            assert work.queue.renew(job.id, owner="alive", until=LATER)

    def test_a_renewed_lease_holds(self, open_work: UnitOfWorkFactory, world: World) -> None:
        job, _ = store_job(open_work, world.here)
        lease(open_work, "a")
        with open_work() as work:
            assert work.queue.renew(job.id, owner="a", until=LATER + timedelta(seconds=1))
            work.commit()

        assert lease(open_work, "b", late=True) is None

    def test_a_requeued_job_is_free_at_once(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_job(open_work, world.here)
        job = lease(open_work, "a")
        assert job is not None
        with open_work() as work:
            work.queue.finish(job.id, state=JobState.FAILED, now=NOON)
            work.jobs.update(replace(job, state=JobState.QUEUED))
            work.commit()

        taken = lease(open_work, "b")
        assert taken is not None
        assert taken.attempt == 2

    def test_tells_the_jobs_that_have_not_ended(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first, _ = store_job(open_work, world.here)
        other, _ = store_job(open_work, world.there)
        taken = lease(open_work, "a")
        assert taken is not None
        with open_work() as work:
            assert work.queue.open_ids() == {first.id, other.id}
            work.queue.finish(taken.id, state=JobState.CANCELLED, now=NOON)
            assert work.queue.open_ids() == {first.id, other.id} - {taken.id}

    def test_a_finished_job_stays_finished(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        lease(open_work, "a")
        with open_work() as work:
            work.queue.finish(job.id, state=JobState.PARTLY_FAILED, now=LATER)
            work.queue.finish(job.id, state=JobState.SUCCEEDED, now=NOON)
            assert not work.queue.renew(job.id, owner="a", until=LATER)
            work.commit()

        with open_work() as work:
            found = work.jobs.find(job.id, scope=world.here.scope)
            assert found is not None
            assert (found.state, found.finished_at) == (JobState.PARTLY_FAILED, LATER)
            with pytest.raises(ValueError, match="final"):
                work.queue.finish(job.id, state=JobState.RUNNING, now=LATER)
        assert lease(open_work, "b", late=True) is None

    def test_settled_jobs_are_running_ones_whose_items_have_ended(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        ended = sorted(FINAL_ITEM_STATES)
        settled = [store_job(open_work, world.here, states=states)[0] for states in (ended, [])]
        for state in sorted(set(ItemState) - FINAL_ITEM_STATES):
            store_job(open_work, world.here, states=[*ended, state])
        while lease(open_work, "a"):
            continue
        store_job(open_work, world.here, states=ended)

        with open_work() as work:
            assert work.queue.settled_jobs() == [job.id for job in settled]
            work.queue.finish(settled[0].id, state=JobState.FAILED, now=LATER)
            assert work.queue.settled_jobs() == [settled[1].id]

    def test_documents_to_read_have_an_item_with_their_present_content(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        states = [*ItemState, ItemState.PENDING]
        documents = [make_document(world.here, name=str(place)) for place in range(len(states))]
        job = make_job(world.here)
        items = [
            replace(
                make_item(job, ordinal=place, state=state),
                document_id=documents[place].id,
                sha256=documents[place].sha256,
            )
            for place, state in enumerate(states)
        ]
        with open_work() as work:
            for document in documents:
                work.documents.add(document)
            work.jobs.add(job, items)
            work.documents.update(replace(documents[-1], sha256="newer"))
            work.commit()

        with open_work() as work:
            asked = [document.id for document in documents] * 50
            found = work.queue.documents_to_read(asked)
            assert work.queue.documents_to_read(asked[:1]) == frozenset()
        expected = zip(documents[:-1], ItemState, strict=True)
        assert found == {document.id for document, state in expected if state in _TO_DO}

    def test_tells_a_request_to_cancel(self, open_work: UnitOfWorkFactory, world: World) -> None:
        job, _ = store_job(open_work, world.here)
        with open_work() as work:
            assert not work.queue.is_cancel_requested(job.id)
            work.jobs.update(replace(job, cancel_requested=True))
            work.commit()

        with open_work() as work:
            assert work.queue.is_cancel_requested(job.id)
            assert not work.queue.is_cancel_requested(JobId("unknown"))

    def test_open_items_are_those_to_work_on(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, items = store_job(open_work, world.here, states=[*ItemState])

        with open_work() as work:
            found = work.queue.open_items(job.id, limit=9)
            assert work.queue.open_items(job.id, limit=1) == found[:1]
            assert work.queue.counts(job.id) == dict.fromkeys(ItemState, 1)
            assert work.queue.has_open(job.id)
            waiting = work.queue.waiting([JobItemId("unknown"), *(item.id for item in items)])
        assert found == [item for item in items if item.state in _TO_DO]
        unread = {ItemState.PENDING, ItemState.RETRYING}
        assert waiting == {item.id for item in items if item.state in unread}

    @pytest.mark.parametrize("state", [*ItemState])
    def test_tells_whether_something_has_not_ended(
        self, open_work: UnitOfWorkFactory, world: World, state: ItemState
    ) -> None:
        job, _ = store_job(open_work, world.here, states=[ItemState.FAILED, state])
        store_job(open_work, world.there)

        with open_work() as work:
            assert work.queue.has_open(job.id) == (state not in FINAL_ITEM_STATES)
            assert not work.queue.has_open(JobId("unknown"))

    def test_the_first_open_items_are_told_whatever_their_states(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        states = [ItemState.RETRYING, ItemState.PENDING, ItemState.INDEXED, ItemState.EMBEDDING]
        job, items = store_job(open_work, world.here, states=[*states, ItemState.PENDING])

        with open_work() as work:
            assert work.queue.open_items(job.id, limit=3) == [items[0], items[1], items[3]]

    def test_settles_the_item_being_indexed(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        states = [ItemState.INDEXING, ItemState.FAILED]
        job, items = store_job(open_work, world.here, states=states)
        version_id = VersionId("version")
        with open_work() as work:
            for item in items:
                work.queue.update_item(replace(item, version_id=version_id))
            work.queue.settle_indexed(version_id, state=ItemState.INDEXED)
            work.queue.settle_indexed(VersionId("unknown"), state=ItemState.INDEXED)
            work.commit()

        assert states_of(open_work, world, job) == [ItemState.INDEXED, ItemState.FAILED]

    def test_items_of_a_version_that_is_replaced_wait_for_the_newer_one(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        states = [ItemState.INDEXING, ItemState.INDEXED, ItemState.INDEXING]
        job, items = store_job(open_work, world.here, states=states)
        document, other = (make_document(world.here, name=name) for name in ("a.pdf", "b.pdf"))
        with open_work() as work:
            work.documents.add(document)
            work.documents.add(other)
            work.commit()
        stored = [store_ready(open_work, each).version.id for each in (document, other)]
        newer = VersionId("newer")
        with open_work() as work:
            for item, version_id in zip(items, [stored[0], stored[0], stored[1]], strict=True):
                work.queue.update_item(replace(item, version_id=version_id))
            work.queue.hand_over(document.id, to=newer)
            work.queue.settle_indexed(stored[0], state=ItemState.REMOVED)
            work.queue.settle_indexed(newer, state=ItemState.INDEXED)
            work.commit()

        assert states_of(open_work, world, job) == [
            ItemState.INDEXED,
            ItemState.INDEXED,
            ItemState.INDEXING,
        ]

    def test_waiting_items_fail_with_their_reason(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        states = [ItemState.AWAITING_FILE, ItemState.PENDING]
        job, items = store_job(open_work, world.here, states=states)
        reason = Reason("file_never_sent", {})
        with open_work() as work:
            work.queue.fail_waiting(job.id, reason=reason)
            work.commit()

        with open_work() as work:
            found = work.jobs.find_item(items[0].id, scope=world.here.scope)
        assert found == replace(items[0], state=ItemState.FAILED, reason=reason)
        assert states_of(open_work, world, job)[1] is ItemState.PENDING

    def test_cancels_what_has_not_ended(self, open_work: UnitOfWorkFactory, world: World) -> None:
        states: Sequence[ItemState] = [
            ItemState.AWAITING_FILE,
            ItemState.PARSING,
            ItemState.INDEXING,
            ItemState.INDEXED,
        ]
        job, _ = store_job(open_work, world.here, states=states)
        with open_work() as work:
            assert work.queue.open_items(job.id, limit=9)
            work.queue.cancel_open(job.id, reason=Reason("reading_cancelled", {}), now=LATER)
            work.commit()

        cancelled = ItemState.CANCELLED
        expected = [cancelled, cancelled, ItemState.INDEXING, ItemState.INDEXED]
        assert states_of(open_work, world, job) == expected

    def test_cancelling_blames_what_nothing_else_will_read(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        reason = Reason("reading_cancelled", {})
        alone, awaited = (make_document(world.here, name=name) for name in ("a", "b"))
        with open_work() as work:
            for document in (alone, awaited):
                work.documents.add(replace(document, state=DocumentState.PENDING))
            work.commit()
        changed, same = (
            store_live(open_work, world.here, name=name).document for name in ("c", "d")
        )
        with open_work() as work:
            shown = work.documents.find(changed.id, scope=world.here.scope)
            assert shown is not None
            work.documents.update(replace(shown, sha256="newer"))
            work.commit()
        pending = ItemState.PENDING
        job, items = store_job(open_work, world.here, states=[pending] * 4)
        _, others = store_job(open_work, world.here, states=[pending])
        told = (alone, awaited, changed, same)
        with open_work() as work:
            for item, document in zip([*items, *others], [*told, awaited], strict=True):
                work.queue.update_item(replace(item, document_id=document.id))
            work.commit()

        with open_work() as work:
            work.queue.cancel_open(job.id, reason=reason, now=LATER)
            work.commit()

        with open_work() as work:
            found = [work.documents.find(each.id, scope=world.here.scope) for each in told]
        assert [(each.state, each.reason) for each in found if each] == [
            (DocumentState.FAILED, reason),
            (DocumentState.PENDING, None),
            (DocumentState.LIVE, reason),
            (DocumentState.LIVE, None),
        ]
