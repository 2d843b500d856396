from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.adapters.sql.jobs import SqlJobRepository
from assistant.adapters.sql.queue import SqlWorkQueue
from assistant.domain.documents import DocumentState
from assistant.domain.errors import Conflict, Forbidden, NotFound
from assistant.domain.ids import JobId
from assistant.domain.jobs import ItemState, Job, JobCounts, JobState
from assistant.domain.tenancy import Scope
from assistant.services.finishing import JobFinisher
from assistant.services.job_keeping import JobKeeper
from assistant.services.jobs import JobService
from assistant.services.progress import progress_of
from tests.house import House

BEGUN = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_progress_tells_rate_and_time_left(house: House) -> None:
    job, _ = house.announce({"a.txt": "A"})
    running = replace(job, state=JobState.RUNNING, started_at=BEGUN)
    counts = {
        ItemState.INDEXED: 4,
        ItemState.FAILED: 1,
        ItemState.PENDING: 10,
        ItemState.UNCHANGED: 90,
    }

    progress = progress_of(running, JobCounts(counts, 7, 3), now=BEGUN + timedelta(seconds=10))

    assert (progress.total, progress.done) == (105, 95)
    assert progress.files_per_s == pytest.approx(0.5)
    assert progress.left_s == pytest.approx(20)


def test_progress_is_unknown_before_a_first_file_and_over_at_the_end(house: House) -> None:
    job, _ = house.announce({"a.txt": "A"})
    now = BEGUN + timedelta(seconds=10)

    queued = progress_of(job, JobCounts({ItemState.PENDING: 1}), now=now)
    ended = replace(job, state=JobState.SUCCEEDED, started_at=BEGUN, finished_at=now)
    over = progress_of(ended, JobCounts({ItemState.INDEXED: 1}), now=now + timedelta(days=1))

    assert (queued.elapsed_s, queued.files_per_s, queued.left_s) == (0.0, None, None)
    assert (over.elapsed_s, over.left_s) == (10.0, None)


def test_lists_jobs_newest_first_with_their_progress(house: House) -> None:
    house.ingest({"a.txt": "Texte A"})
    house.announce({"b.txt": "Texte B"}, is_complete=False)

    jobs = house.jobs.list_recent(scope=house.scope, limit=10)

    assert [job.state for job, _ in jobs] == [JobState.QUEUED, JobState.SUCCEEDED]
    assert [progress.done for _, progress in jobs] == [0, 1]


def test_items_can_be_filtered_by_state(house: House) -> None:
    job = house.ingest({"a.txt": "damaged", "b.txt": "Texte B"})

    failed = house.jobs.items(
        job.id, scope=house.scope, states=frozenset({ItemState.FAILED}), limit=10
    )

    assert [item.name for item in failed] == ["a.txt"]


def test_retry_takes_up_failed_files_only(house: House) -> None:
    job = house.ingest({"a.txt": "damaged", "b.txt": "Texte B"})
    reads = len(house.reader.names)

    retried = house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    house.settle()

    assert retried.state is JobState.QUEUED
    assert house.reader.names[reads:] == ["a.txt"]
    assert house.state_of(job).state is JobState.PARTLY_FAILED


def test_retry_takes_up_what_was_received_and_leaves_the_rest(house: House) -> None:
    contents = {"a.txt": "Texte A", "b.txt": "Texte B", "c.txt": "Texte C"}
    job, wanted = house.announce(contents)
    house.send(wanted[0], "Texte A")
    house.send(wanted[1], "pas le même")
    house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)

    house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    house.settle()

    assert house.states(job) == {
        "a.txt": ItemState.INDEXED,
        "b.txt": ItemState.FAILED,
        "c.txt": ItemState.CANCELLED,
    }
    assert house.state_of(job).state is JobState.PARTLY_FAILED


@pytest.mark.parametrize("sent", ["pas le même", None])
def test_retry_waits_for_nobody(house: House, sent: str | None) -> None:
    job, wanted = house.announce({"a.txt": "Texte A"})
    if sent is not None:
        house.send(wanted[0], sent)
    else:
        house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)
    house.settle()

    with pytest.raises(Conflict) as refused:
        house.jobs.retry(job.id, principal=house.principal, scope=house.scope)

    assert refused.value.code == "nothing_to_retry"
    assert "relancez" in refused.value.sentence


def test_a_failed_document_waits_again_while_it_is_retried(house: House) -> None:
    job = house.ingest({"a.txt": "damaged"})

    house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    waiting = house.all_documents()["a.txt"]
    house.settle()

    assert (waiting.state, waiting.reason) == (DocumentState.PENDING, None)
    assert house.all_documents()["a.txt"].state is DocumentState.FAILED


def test_retry_does_not_bring_an_older_content_back(house: House) -> None:
    old = house.ingest({"a.txt": "damaged"})
    house.ingest({"a.txt": "Nouveau"})

    with pytest.raises(Conflict):
        house.jobs.retry(old.id, principal=house.principal, scope=house.scope)
    house.settle()

    assert house.live_texts() == {"a.txt": ["Nouveau"]}


def test_retry_needs_an_ended_job_with_something_to_retry(house: House) -> None:
    ended = house.ingest({"a.txt": "Texte A"})
    running, _ = house.announce({"b.txt": "Texte B"}, is_complete=False)

    with pytest.raises(Conflict) as nothing:
        house.jobs.retry(ended.id, principal=house.principal, scope=house.scope)
    with pytest.raises(Conflict) as early:
        house.jobs.retry(running.id, principal=house.principal, scope=house.scope)

    assert (nothing.value.code, early.value.code) == ("nothing_to_retry", "job_running")


def test_ended_job_cannot_be_cancelled(house: House) -> None:
    job = house.ingest({"a.txt": "Texte A"})

    with pytest.raises(Conflict):
        house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)


def test_cancelled_upload_ends_even_when_a_file_failed_before(house: House) -> None:
    job, wanted = house.announce({"a.txt": "Texte A", "b.txt": "Texte B"})
    house.send(wanted[0], "autre")

    cancelled = house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)

    assert cancelled.state is JobState.CANCELLED


def test_jobs_of_others_do_not_exist(house: House) -> None:
    job, _ = house.announce({"a.txt": "A"})
    nothing = Scope(house.scope.tenant_id, house.scope.person_id, frozenset())

    with pytest.raises(NotFound):
        house.jobs.get(job.id, scope=nothing)
    with pytest.raises(NotFound):
        house.jobs.items(JobId("none"), scope=house.scope, limit=1)


@pytest.mark.parametrize("act", ["cancel", "retry"])
def test_agents_do_not_steer_jobs(house: House, act: str) -> None:
    job: Job = house.announce({"a.txt": "A"})[0]

    with pytest.raises(Forbidden):
        getattr(house.jobs, act)(job.id, principal=house.agent, scope=house.scope)


def test_a_job_is_counted_only_once_it_has_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = house.submit({"a.txt": "Texte A"})

    def refuse(self: SqlWorkQueue, job_id: JobId) -> Mapping[ItemState, int]:
        raise AssertionError

    monkeypatch.setattr(SqlWorkQueue, "counts", refuse)
    with house.open_work() as work:
        assert not JobFinisher(house.clock).finish_if_settled(work, job_id=job.id)


def test_a_list_is_counted_at_once_and_ended_jobs_only_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    counts_of = SqlJobRepository.counts_of

    def counted(
        self: SqlJobRepository, job_ids: Sequence[JobId], *, scope: Scope
    ) -> Mapping[JobId, JobCounts]:
        asked.append(len(job_ids))
        return counts_of(self, job_ids, scope=scope)

    def told() -> list[Mapping[ItemState, int]]:
        return [each.counts for _, each in house.jobs.list_recent(scope=house.scope, limit=9)]

    ended = house.ingest({"a.txt": "damaged"})
    house.announce({"b.txt": "Texte B"}, source="/un")
    house.announce({"c.txt": "Texte C"}, source="/deux")
    monkeypatch.setattr(SqlJobRepository, "counts_of", counted)
    house.jobs = JobService(house.open_work, house.clock, files=house.files, audit=house.audit)

    first, second = told(), told()

    assert asked == [3, 2]
    assert first == second
    assert first[-1] == {ItemState.FAILED: 1}
    house.jobs.retry(ended.id, principal=house.principal, scope=house.scope)
    assert told()[-1] == {ItemState.PENDING: 1}
    house.settle()
    house.clock.advance(91 * 86_400)
    assert told()[-1] == {ItemState.FAILED: 1}
    house.documents.delete(
        house.all_documents()["a.txt"].id, principal=house.principal, scope=house.scope
    )
    JobKeeper(house.open_work, house.clock, days=90).look()
    progress = house.jobs.get(ended.id, scope=house.scope)[1]
    assert (progress.counts, progress.forgotten) == ({ItemState.FAILED: 1}, 1)
