# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the worker's queue promises of jobs of one source that follow each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.domain.jobs import ItemState, JobKind, JobState
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_jobs import LATER, states_of
from assistant.testing.contracts.repositories_world import (
    RepositoryContract,
    World,
    make_document,
    make_item,
    make_job,
    store_job,
)


class SuccessionContract(RepositoryContract):
    """Promises of `WorkQueue` about the open jobs of a source."""

    def test_open_jobs_are_those_of_the_source(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        job, _ = store_job(open_work, world.here)
        store_job(open_work, world.there)
        with open_work() as work:
            for other in ({"source": "/autre"}, {"kind": JobKind.REINDEX}):
                work.jobs.add(replace(make_job(world.here), **other), [])
            work.commit()

        with open_work() as work:
            own = job.collection_id
            assert work.queue.open_jobs("upload", collection_id=own) == [job]
            assert work.queue.open_jobs("upload", collection_id=own, only_waiting=True) == []
            work.queue.finish(job.id, state=JobState.CANCELLED, now=LATER)
            assert work.queue.open_jobs("upload", collection_id=job.collection_id) == []

    def test_tells_the_job_that_is_at_exactly_these_contents(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        documents = [make_document(world.here, name=name) for name in ("a", "b")]
        job = make_job(world.here)
        states = [ItemState.PARSING, ItemState.INDEXING, ItemState.FAILED]
        items = [make_item(job, ordinal=place, state=state) for place, state in enumerate(states)]
        with open_work() as work:
            for document in documents:
                work.documents.add(document)
            left = [
                replace(item, document_id=document.id)
                for item, document in zip(items, documents, strict=False)
            ]
            work.jobs.add(job, [*left, items[-1]])
            work.commit()
        both = {document.id: item.sha256 for document, item in zip(documents, items, strict=False)}
        own, (first, second) = job.collection_id, documents

        with open_work() as work:
            assert work.queue.job_at("upload", collection_id=own, contents=both) == job
            for other in ({first.id: both[first.id]}, {**both, second.id: "newer"}, {}):
                assert work.queue.job_at("upload", collection_id=own, contents=other) is None
            assert work.queue.job_at("/autre", collection_id=own, contents=both) is None
            work.queue.update_item(replace(left[0], state=ItemState.RETRYING))
            assert work.queue.job_at("upload", collection_id=own, contents=both) is None
            work.queue.update_item(replace(left[0], state=ItemState.FAILED))
            shown = {second.id: both[second.id]}
            assert work.queue.job_at("upload", collection_id=own, contents=shown) is None
        with open_work() as work:
            work.jobs.update(replace(job, cancel_requested=True))
            assert work.queue.job_at("upload", collection_id=own, contents=both) is None

    @pytest.mark.parametrize(("named", "is_free"), [(4, False), (5, True)])
    def test_gives_way_where_another_job_names_the_file(
        self, open_work: UnitOfWorkFactory, world: World, named: int, is_free: bool
    ) -> None:
        documents = [make_document(world.here, name=f"{place}.pdf") for place in range(5)]
        jobs = [make_job(world.here) for _ in range(3)]
        elsewhere, older, newer = (
            (job, replace(job, source="/autre"))[place == 0] for place, job in enumerate(jobs)
        )
        with open_work() as work:
            for document in documents:
                work.documents.add(document)
            for job, states in (
                (elsewhere, [ItemState.PENDING]),
                (older, [*ItemState]),
                (newer, [ItemState.PENDING] * named),
            ):
                items = [
                    make_item(job, ordinal=place, state=state) for place, state in enumerate(states)
                ]
                known = [
                    replace(each, document_id=document.id)
                    for each, document in zip(items, documents, strict=False)
                ]
                awaited = replace(known[0], document_id=None) if job is older else known[0]
                work.jobs.add(job, [awaited, *known[1:], *items[len(known) :]])
            work.commit()

        with open_work() as work:
            freed = work.queue.give_way(to=newer)
            work.commit()
        assert freed == [older] * is_free
        left = [*ItemState][3:]
        assert states_of(open_work, world, older) == [ItemState.CANCELLED] * 3 + left
        assert states_of(open_work, world, elsewhere) == [ItemState.PENDING]

    def test_only_jobs_that_await_files_give_way_when_asked_so(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        ready, _ = store_job(open_work, world.here)
        waiting, _ = store_job(open_work, world.here, states=[ItemState.AWAITING_FILE])
        newer, _ = store_job(open_work, world.here)

        with open_work() as work:
            assert work.queue.give_way(to=newer, only_waiting=True) == [waiting]
            work.commit()
        assert states_of(open_work, world, ready) == [ItemState.PENDING]
        assert states_of(open_work, world, waiting) == [ItemState.CANCELLED]

    def test_counts_open_jobs_that_were_sent(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_job(open_work, world.there)
        with open_work() as work:
            for other in ({}, {"source": "/a"}, {"source": "source:a"}, {"kind": JobKind.REINDEX}):
                work.jobs.add(replace(make_job(world.here), **other), [])
            work.jobs.add(make_job(world.here, state=JobState.SUCCEEDED), [])
            work.commit()

        with open_work() as work:
            tenant_id = world.here.tenant_id
            assert [work.queue.count_sent(tenant_id, limit=most) for most in (1, 9)] == [1, 2]
