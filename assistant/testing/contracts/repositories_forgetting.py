# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What is promised of the files of jobs that ended long ago."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from assistant.domain.documents import Document, DocumentState, Reason
from assistant.domain.ids import DocumentId, JobId
from assistant.domain.jobs import ItemState, Job, JobCounts, JobItem, JobState
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_jobs import states_of
from assistant.testing.contracts.repositories_world import (
    NOON,
    RepositoryContract,
    World,
    make_document,
    store_job,
    store_live,
    store_ready,
)

_WHY = Reason("file_damaged", {})
_LATER = NOON + timedelta(days=1)
_ENDS = [ItemState.INDEXED, ItemState.UNCHANGED, ItemState.FAILED, ItemState.REMOVED]


class ForgettingContract(RepositoryContract):
    """Promises of `WorkQueue.forget_items` and of what is told of a job afterwards."""

    def test_a_job_keeps_its_counts(self, open_work: UnitOfWorkFactory, world: World) -> None:
        job, items = _ended(open_work, world, _ENDS)
        with open_work() as work:
            work.queue.update_item(replace(items[0], chunks=5, pages=2))
            work.commit()

        assert [_forget(open_work, limit=3) for _ in range(3)] == [3, 1, 0]

        counts = dict.fromkeys(_ENDS, 1)
        assert states_of(open_work, world, job) == []
        with open_work() as work:
            scope = world.here.scope
            assert work.jobs.counts(job.id, scope=scope) == JobCounts(counts, 5, 2, 4)
            both = work.jobs.counts_of([job.id, JobId("unknown")], scope=scope)
            assert both == {job.id: JobCounts(counts, 5, 2, 4)}
            assert work.jobs.counts_of([job.id], scope=world.there.scope) == {}
            assert work.jobs.forgotten([job.id], scope=scope) == {job.id: 4}
            assert work.jobs.forgotten([job.id], scope=world.there.scope) == {}
            assert work.queue.counts(job.id) == counts
            assert work.jobs.counts(job.id, scope=world.there.scope) == JobCounts({})

    def test_what_goes_on_or_ended_since_is_kept(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        young, _ = _ended(open_work, world, _ENDS, at=_LATER)
        queued, _ = store_job(open_work, world.here, states=_ENDS)
        open_states = [ItemState.INDEXING, ItemState.INDEXED]
        half, _ = _ended(open_work, world, open_states)

        assert _forget(open_work) == 1

        assert states_of(open_work, world, young) == _ENDS
        assert states_of(open_work, world, queued) == _ENDS
        assert states_of(open_work, world, half) == [ItemState.INDEXING]

    def test_why_a_document_failed_is_kept_once_while_it_is_so(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        document = replace(make_document(world.here), state=DocumentState.FAILED, reason=_WHY)
        with open_work() as work:
            work.documents.add(document)
            work.commit()
        older, _ = _failed(open_work, world, document.id)
        newer, (item,) = _failed(open_work, world, document.id)

        assert _forget(open_work) == 1
        assert states_of(open_work, world, older) == []
        with open_work() as work:
            assert work.jobs.find_item(item.id, scope=world.here.scope) == item
            kept = work.documents.find(document.id, scope=world.here.scope)
            assert kept is not None
            work.documents.update(replace(kept, state=DocumentState.PENDING, reason=None))
            work.commit()

        assert _forget(open_work) == 1
        assert states_of(open_work, world, newer) == []

    def test_a_version_keeps_who_asked_for_it(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        job, (item,) = _ended(open_work, world, [ItemState.INDEXED])
        with open_work() as work:
            read = replace(item, document_id=stored.document.id, version_id=stored.version.id)
            work.queue.update_item(read)
            work.commit()

        assert _forget(open_work) == 1

        with open_work() as work:
            (told,) = work.curation.history(stored.document.id, scope=world.here.scope)
        assert (told.job_id, told.asked_by) == (job.id, world.here.person_id)
        assert told.number is None

    def test_the_readings_of_a_document_are_numbered_as_long_as_every_line_is_there(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        document = make_document(world.here)
        younger = replace(make_document(world.here, name="b.pdf"), created_at=_LATER)
        with open_work() as work:
            work.documents.add(document)
            work.documents.add(younger)
            work.commit()
        _read(open_work, world, document, at=NOON)
        newest = _read(open_work, world, document, at=_LATER)
        _read(open_work, world, younger, at=_LATER)

        before = [_numbers(open_work, world, each) for each in (document, younger)]
        with open_work() as work:
            for version in work.curation.history(document.id, scope=world.here.scope)[1:]:
                work.ledger.forget_version(version.version.id)
            work.commit()
        assert _forget(open_work) == 1
        after = [_numbers(open_work, world, each) for each in (document, younger)]

        assert before == [[2, 1], [1]]
        assert after == [[None], [1]]
        with open_work() as work:
            (told,) = work.curation.history(document.id, scope=world.here.scope)
        assert (told.job_id, told.asked_by) == (newest.id, world.here.person_id)


def _read(open_work: UnitOfWorkFactory, world: World, document: Document, *, at: datetime) -> Job:
    """An ended job that read a document."""
    version = store_ready(open_work, document).version
    job, (item,) = _ended(open_work, world, [ItemState.INDEXED], at=at)
    with open_work() as work:
        work.queue.update_item(replace(item, document_id=document.id, version_id=version.id))
        assert work.ledger.make_live(version.id, now=at)
        work.commit()
    return job


def _numbers(open_work: UnitOfWorkFactory, world: World, document: Document) -> list[int | None]:
    """Which readings the versions of a document are, newest first."""
    with open_work() as work:
        return [each.number for each in work.curation.history(document.id, scope=world.here.scope)]


def _ended(
    open_work: UnitOfWorkFactory, world: World, states: list[ItemState], *, at: datetime = NOON
) -> tuple[Job, list[JobItem]]:
    """A job of here that ended at a time, with items in these states."""
    job, items = store_job(open_work, world.here, states=states)
    with open_work() as work:
        work.queue.finish(job.id, state=JobState.SUCCEEDED, now=at)
        work.commit()
    return job, items


def _failed(
    open_work: UnitOfWorkFactory, world: World, document_id: DocumentId
) -> tuple[Job, list[JobItem]]:
    """An ended job whose one item failed for a document."""
    job, (item,) = _ended(open_work, world, [ItemState.FAILED])
    told = replace(item, document_id=document_id, reason=_WHY)
    with open_work() as work:
        work.queue.update_item(told)
        work.commit()
    return job, [told]


def _forget(open_work: UnitOfWorkFactory, *, limit: int = 99) -> int:
    """Forget what ended before a second after noon."""
    with open_work() as work:
        count = work.queue.forget_items(before=NOON + timedelta(seconds=1), limit=limit)
        work.commit()
    return count
