from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.adapters.files.parts import FolderPartStore
from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import DocumentState
from assistant.domain.errors import EmbedderUnavailable, StorageError
from assistant.domain.ids import JobId
from assistant.domain.jobs import ItemState, Job, JobState
from assistant.domain.retrieval import EmbedderIdentity, Vector
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.uploads import part_name
from assistant.testing.embedder import HashEmbedder
from ingest.errors import ParserDied
from tests.house import Gate, House, open_house


class WatchedEmbedder(HashEmbedder):
    """Counts what it embeds, and calls a hook before each batch."""

    def __init__(self) -> None:
        super().__init__(dimensions=32)
        self.embedded: list[str] = []
        self.hook: Callable[[], None] = lambda: None

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        self.hook()
        self.embedded.extend(texts)
        return super().embed_passages(texts)


class DownEmbedder(HashEmbedder):
    """Fails a number of times, then works."""

    def __init__(self, failures: int, *, transient: bool = True) -> None:
        super().__init__(dimensions=32)
        self.left = failures
        self.transient = transient
        self.calls = 0

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        self.calls += 1
        if self.left > 0:
            self.left -= 1
            raise EmbedderUnavailable(transient=self.transient)
        return super().embed_passages(texts)


def steal_lease(house: House, job: Job, *, owner: str) -> None:
    house.clock.advance(60)
    with house.open_work() as work:
        taken = work.queue.lease(
            owner=owner, now=house.clock.now(), until=house.clock.advance(1000)
        )
        work.commit()
    assert taken is not None
    assert taken.id == job.id


def test_idle_worker_has_nothing_to_do(house: House) -> None:
    assert house.new_worker().run_once() is False


def test_damaged_file_fails_with_its_reason_and_the_others_go_on(house: House) -> None:
    job = house.ingest({"a.txt": "damaged", "b.txt": "Texte B", "c.txt": "Texte C"})

    item = house.items(job)["a.txt"]
    assert job.state is JobState.PARTLY_FAILED
    assert item.reason is not None
    assert item.reason.code == "file_damaged"
    assert house.all_documents()["a.txt"].state is DocumentState.FAILED
    assert set(house.live_texts()) == {"b.txt", "c.txt"}


def test_changed_file_that_fails_keeps_the_old_version_served(house: House) -> None:
    house.ingest({"a.txt": "Texte sain"})

    house.ingest({"a.txt": "damaged"})

    document = house.all_documents()["a.txt"]
    assert document.state is DocumentState.LIVE
    assert document.reason is not None
    assert house.live_texts()["a.txt"] == ["Texte sain"]


def test_reader_bug_fails_its_file_only(house: House) -> None:
    def explode(name: str) -> None:
        if name == "a.txt":
            raise RuntimeError("bug")

    house.reader.hook = explode

    job = house.ingest({"a.txt": "Texte A", "b.txt": "Texte B"})

    assert house.states(job) == {"a.txt": ItemState.FAILED, "b.txt": ItemState.INDEXED}


def test_missing_original_fails_with_a_sentence(house: House) -> None:
    job = house.submit({"a.txt": "Texte A"})
    house.files.remove(house.items(job)["a.txt"].sha256)

    house.settle()

    reason = house.items(job)["a.txt"].reason
    assert reason is not None
    assert reason.code == "file_missing"


def test_vectors_are_kept_per_batch_and_never_paid_twice(tmp_path: Path) -> None:
    embedder = WatchedEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    lines = "\n".join(f"Ligne {number}" for number in range(12))
    house.submit({"a.txt": lines})
    batches = iter(range(99))

    def die_in_third_batch() -> None:
        if next(batches) == 2:
            raise KeyboardInterrupt

    embedder.hook = die_in_third_batch
    with pytest.raises(KeyboardInterrupt):
        house.new_worker().run_once()
    house.clock.advance(60)
    house.settle()

    assert len(embedder.embedded) == len(set(embedder.embedded)) == 12
    assert len(house.live_texts()["a.txt"]) == 12
    house.close()


def test_two_jobs_with_one_content_read_it_once(house: House) -> None:
    first = house.submit({"a.txt": "Texte A"}, source="upload", is_complete=False)
    second = house.submit({"a.txt": "Texte A"}, source="upload", is_complete=False)

    house.new_worker().run_once()
    house.apply()
    house.new_worker().run_once()
    house.apply()

    assert house.states(first) == {"a.txt": ItemState.INDEXED}
    assert house.states(second) == {"a.txt": ItemState.UNCHANGED}
    assert house.reader.names == ["a.txt"]


def test_two_jobs_before_the_index_saw_the_first_both_end(house: House) -> None:
    first = house.submit({"a.txt": "Texte A"}, source="upload", is_complete=False)
    second = house.submit({"a.txt": "Texte A"}, source="upload", is_complete=False)

    house.settle()

    assert house.state_of(first).state is JobState.SUCCEEDED
    assert house.state_of(second).state is JobState.SUCCEEDED
    assert house.live_texts() == {"a.txt": ["Texte A"]}
    assert house.index.count_all() == 1


def test_newer_content_wins_over_an_older_job(house: House) -> None:
    old = house.submit({"a.txt": "Ancien"}, source="upload", is_complete=False)
    new = house.submit({"a.txt": "Nouveau"}, source="upload", is_complete=False)

    house.settle()

    assert house.live_texts() == {"a.txt": ["Nouveau"]}
    assert house.state_of(old).state is JobState.SUCCEEDED
    assert house.state_of(new).state is JobState.SUCCEEDED


def test_a_reading_replaced_before_it_is_shown_does_not_tell_a_removal(house: House) -> None:
    first = house.submit({"a.txt": "Texte A"}, source="upload", is_complete=False)
    house.work()
    again = house.ingestion.reindex(None, force=True, principal=house.principal, scope=house.scope)
    house.settle()

    assert house.live_texts() == {"a.txt": ["Texte A"]}
    for job in (first, again):
        assert house.states(job) == {"a.txt": ItemState.INDEXED}
        assert house.state_of(job).state is JobState.SUCCEEDED


def test_document_deleted_while_waiting_is_not_read(house: House) -> None:
    job = house.submit({"a.txt": "Texte A"}, is_complete=False)
    document = house.all_documents()["a.txt"]
    house.documents.delete(document.id, principal=house.principal, scope=house.scope)

    house.settle()

    assert house.states(job) == {"a.txt": ItemState.REMOVED}
    assert house.all_documents() == {}


def test_document_deleted_while_read_stays_deleted(house: House) -> None:
    job = house.submit({"a.txt": "Texte A"}, is_complete=False)
    document = house.all_documents()["a.txt"]
    house.reader.hook = lambda name: house.documents.delete(
        document.id, principal=house.principal, scope=house.scope
    )

    house.settle()

    assert house.states(job) == {"a.txt": ItemState.REMOVED}
    assert house.index.count_all() == 0
    assert house.state_of(job).state is JobState.SUCCEEDED


def test_cancel_stops_between_batches_and_keeps_what_is_complete(tmp_path: Path) -> None:
    embedder = WatchedEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    lines = "\n".join(f"Ligne {number}" for number in range(40))
    job = house.submit({"a.txt": "Texte A", "b.txt": lines})
    batches = iter(range(99))

    def cancel_in_third_batch() -> None:
        if next(batches) == 2:
            house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)

    embedder.hook = cancel_in_third_batch
    house.reader.hook = lambda name: time.sleep(0.2 if name == "b.txt" else 0)
    house.settle()

    assert house.states(job) == {"a.txt": ItemState.INDEXED, "b.txt": ItemState.CANCELLED}
    assert house.state_of(job).state is JobState.CANCELLED
    assert len(embedder.embedded) <= 9
    house.close()


def test_cancelled_job_is_taken_up_again_by_retry(house: House) -> None:
    job = house.submit({"a.txt": "Texte A"})
    house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)
    assert house.state_of(job).state is JobState.CANCELLED

    house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    house.settle()

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert set(house.live_texts()) == {"a.txt"}


def test_lost_lease_stops_the_work_without_a_write(tmp_path: Path) -> None:
    embedder = WatchedEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    job = house.submit({"a.txt": "Texte A"})
    embedder.hook = lambda: steal_lease(house, job, owner="thief")

    house.new_worker().run_once()

    assert house.states(job) == {"a.txt": ItemState.EMBEDDING}
    assert house.live_texts() == {}
    house.close()


def test_file_that_kills_its_worker_is_given_up_and_its_neighbours_are_not(house: House) -> None:
    job = house.submit({"a.txt": "Texte A", "k.txt": "Tueur", "z.txt": "Texte Z"})

    def kill(name: str) -> None:
        if name == "k.txt":
            raise KeyboardInterrupt

    house.reader.hook = kill
    for _ in range(6):
        try:
            house.work()
        except KeyboardInterrupt:
            house.clock.advance(60)
    house.apply()

    states = house.states(job)
    assert states == {
        "a.txt": ItemState.INDEXED,
        "k.txt": ItemState.FAILED,
        "z.txt": ItemState.INDEXED,
    }
    reason = house.items(job)["k.txt"].reason
    assert reason is not None
    assert reason.code == "attempts_exhausted"


@dataclass
class BusyDatabase:
    """Refuses some commits as locked, once told how many."""

    refusals: int = 0

    def __call__(self, opened: UnitOfWorkFactory) -> UnitOfWorkFactory:
        def open_work() -> UnitOfWork:
            work = opened()
            commit = work.commit

            def commit_unless_busy() -> None:
                if self.refusals > 0:
                    self.refusals -= 1
                    raise StorageError("database_locked")
                commit()

            work.commit = commit_unless_busy
            return work

        return open_work


def test_locked_database_is_no_attempt_of_the_files_begun(tmp_path: Path) -> None:
    busy, embedder = BusyDatabase(), WatchedEmbedder()
    house = open_house(tmp_path, wrap=busy, embedder=embedder)
    job = house.submit({"a.txt": "Texte A", "b.txt": "Texte B"})

    def lock_once() -> None:
        embedder.hook = lambda: None
        busy.refusals = 8

    embedder.hook = lock_once
    with pytest.raises(StorageError):
        house.new_worker().run_once()

    items = house.items(job).values()
    assert [(item.state, item.attempt) for item in items] == [(ItemState.PENDING, 0)] * 2
    house.clock.advance(60)
    house.settle()
    assert house.state_of(job).state is JobState.SUCCEEDED
    house.close()


def test_transient_embedder_failure_is_retried(tmp_path: Path) -> None:
    house = open_house(tmp_path, embedder=DownEmbedder(2))

    job = house.ingest({"a.txt": "Texte A"})

    assert job.state is JobState.SUCCEEDED
    house.close()


def test_lasting_embedder_failure_is_not_retried(tmp_path: Path) -> None:
    embedder = DownEmbedder(99, transient=False)
    house = open_house(tmp_path, embedder=embedder)

    house.ingest({"a.txt": "Texte A"})

    assert embedder.calls == 1
    house.close()


def test_files_that_never_come_fail_after_ten_minutes_of_silence(house: House) -> None:
    job, wanted = house.announce({"a.txt": "Texte A", "b.txt": "Texte B"})
    worker = house.new_worker()
    worker.run_once()
    house.clock.advance(400)
    house.send(wanted[0], "Texte A")
    worker.run_once()
    house.apply()
    house.clock.advance(400)
    worker.run_once()
    assert house.states(job)["b.txt"] is ItemState.AWAITING_FILE

    house.clock.advance(400)
    worker.run_once()

    item = house.items(job)["b.txt"]
    assert item.reason is not None
    assert item.reason.code == "file_never_sent"
    assert house.state_of(job).state is JobState.PARTLY_FAILED


@pytest.mark.parametrize("is_own", [True, False])
def test_a_job_waits_for_the_rest_of_its_own_files_alone(house: House, *, is_own: bool) -> None:
    parts = FolderPartStore(house.root / "parts")
    job, wanted = house.announce({"a.txt": "Texte A"}, source="upload", is_complete=False)
    other, others = house.announce({"b.txt": "Texte B"}, source="upload", is_complete=False)
    begun = part_name(job, wanted[0]) if is_own else part_name(other, others[0])
    parts.append(job.tenant_id, begun, offset=0, block=b"Te")
    worker = house.new_worker(parts=parts)
    for _ in range(8):
        worker.run_once()
        house.clock.advance(301)

    states = {each.id: house.state_of(each).state for each in (job, other)}
    ended = other if is_own else job
    assert states.pop(ended.id) is JobState.FAILED
    assert [*states.values()] == [JobState.RUNNING]


def test_a_clock_put_forward_fails_no_file_that_is_awaited(house: House) -> None:
    job, wanted = house.announce({"a.txt": "Texte A"})
    now = house.elapsed_s()
    house.elapsed_s = lambda: now
    worker = house.new_worker()
    worker.run_once()

    house.clock.advance(3600)
    worker.run_once()

    house.send(wanted[0], "Texte A")
    worker.run_once()
    house.apply()
    assert house.states(job) == {"a.txt": ItemState.INDEXED}


def test_job_that_waits_for_files_does_not_hold_up_another(house: House) -> None:
    house.announce({"lent.txt": "Texte lent"}, source="/lent")
    quick = house.submit({"vite.txt": "Texte vite"}, source="/vite")
    worker = house.new_worker()

    worker.run_once()
    worker.run_once()
    house.apply()

    assert house.state_of(quick).state is JobState.SUCCEEDED


def test_stopped_worker_gives_its_files_back_unblamed(house: House) -> None:
    job = house.submit({"a.txt": "Texte A"})
    stop = threading.Event()
    gate = Gate()

    def hold(name: str) -> None:
        stop.set()
        gate.wait()

    house.reader.hook = hold
    thread = threading.Thread(target=house.new_worker().run_forever, args=(stop,))
    thread.start()
    assert gate.reached.wait(10)
    thread.join(10)
    gate.open()

    item = house.items(job)["a.txt"]
    assert (item.state, item.attempt) == (ItemState.PENDING, 0)


def test_a_reading_that_dies_as_its_worker_is_asked_to_stop_is_not_blamed(house: House) -> None:
    """A service that starts anew removes what the one before it left, while its worker still ends."""
    job = house.submit({"a.txt": "Texte A"})
    stop = threading.Event()

    def die(name: str) -> None:
        stop.set()
        raise ParserDied("parser_crashed")

    house.reader.hook = die
    house.new_worker().run_forever(stop)

    item = house.items(job)["a.txt"]
    assert (item.state, item.attempt) == (ItemState.PENDING, 0)


def test_reading_goes_on_while_embedding(tmp_path: Path) -> None:
    embedder = WatchedEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    read: list[str] = []
    second_read = threading.Event()
    was_read_ahead: list[bool] = []

    def note(name: str) -> None:
        read.append(name)
        if len(read) > 1:
            second_read.set()

    house.reader.hook = note
    embedder.hook = lambda: was_read_ahead.append(second_read.wait(10))
    house.submit({f"{n:02}.txt": f"Texte {n}" for n in range(3)})

    house.new_worker().run_once()

    assert was_read_ahead[0]
    house.close()


def test_identity_of_the_space_is_kept_with_each_vector(house: House) -> None:
    house.ingest({"a.txt": "Texte A"})

    identity: EmbedderIdentity = house.embedder.identity
    with house.open_work() as work:
        points = work.ledger.points_of(
            next(iter(work.ledger.live_versions(ORDINARY))), embedder_id=identity.id, cut=ORDINARY
        )
    assert len(points[0].vector) == identity.dimensions


def test_unknown_job_cannot_be_steered(house: House) -> None:
    from assistant.domain.errors import NotFound

    with pytest.raises(NotFound):
        house.jobs.cancel(JobId("none"), principal=house.principal, scope=house.scope)
