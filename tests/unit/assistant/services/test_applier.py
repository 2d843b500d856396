from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import DocumentState, Reason
from assistant.domain.errors import IndexUnavailable
from assistant.domain.ids import ChunkId, VersionId, new_id
from assistant.domain.jobs import ItemState, Job, JobState
from assistant.domain.retrieval import IndexPoint
from assistant.services.applier import IndexApplier
from assistant.services.followers import Nobody
from assistant.services.lacking import INDEX_REFUSED
from assistant.services.opened_generations import UPSERT_POINTS
from assistant.services.rebuild import RebuildProgress, rebuild
from assistant.testing.embedder import HashEmbedder
from assistant.testing.index import InMemoryChunkIndex
from tests.house import House, open_house

TWO = {"a.txt": "Aide ancienne", "b.txt": "Autre texte"}


class WatchedIndex(InMemoryChunkIndex):
    """Counts calls, and calls a hook around each write."""

    def __init__(self, house: House) -> None:
        super().__init__(embedder=house.embedder.identity)
        self.sizes: list[int] = []
        self.flushes = 0
        self.hook: Callable[[], None] = lambda: None

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        self.hook()
        self.sizes.append(len(points))
        super().upsert(points)
        self.hook()

    def remove_version(self, version_id: VersionId) -> None:
        self.hook()
        super().remove_version(version_id)
        self.hook()

    def flush(self) -> None:
        self.flushes += 1


def watched(house: House) -> WatchedIndex:
    index = WatchedIndex(house)
    house.index = index
    house.applier = house.new_applier()
    return index


def test_idle_applier_has_nothing_to_do(house: House) -> None:
    assert house.applier.run_once() is False


def test_large_documents_go_in_small_calls(house: House) -> None:
    index = watched(house)

    house.ingest({"a.txt": "\n".join(f"Ligne {n}" for n in range(450))})

    assert max(index.sizes) <= UPSERT_POINTS
    assert sum(index.sizes) == 450


def test_changed_file_is_old_or_new_at_every_moment_never_both_nor_none(house: House) -> None:
    index = watched(house)
    seen: list[list[str]] = []
    index.hook = lambda: seen.append([chunk.text for chunk in house.search("aide")])
    house.ingest({"a.txt": "\n".join(f"Aide ancienne {n}" for n in range(3))})
    seen.clear()

    house.ingest({"a.txt": "\n".join(f"Aide nouvelle {n}" for n in range(3))})

    assert seen
    for texts in seen:
        words = {text.split()[1] for text in texts}
        assert words in ({"ancienne"}, {"nouvelle"})
        assert len(texts) == 3
    assert {"nouvelle"} == {text.split()[1] for text in seen[-1]}


def test_version_replaced_before_the_index_saw_it_ends_its_job(house: House) -> None:
    first = house.submit({"a.txt": "Première"}, is_complete=False)
    house.work()
    second = house.submit({"a.txt": "Deuxième"}, is_complete=False)
    house.work()

    house.apply()

    assert house.live_texts() == {"a.txt": ["Deuxième"]}
    assert house.state_of(first).state is JobState.SUCCEEDED
    assert house.state_of(second).state is JobState.SUCCEEDED


def test_document_deleted_while_applied_leaves_nothing(house: House) -> None:
    index = watched(house)
    job = house.submit({"a.txt": "Texte A"})
    house.work()
    document = house.all_documents()["a.txt"]
    deleted: list[bool] = []

    def delete_once() -> None:
        if not deleted:
            deleted.append(True)
            house.documents.delete(document.id, principal=house.principal, scope=house.scope)

    index.hook = delete_once
    house.apply()

    assert index.count_all() == 0
    assert house.states(job) == {"a.txt": ItemState.REMOVED}
    assert house.state_of(job).state is JobState.SUCCEEDED


def test_failing_index_is_tried_again_and_loses_nothing(house: House) -> None:
    index = watched(house)
    job = house.submit(TWO)
    house.work()

    def fail() -> None:
        raise IndexUnavailable

    index.hook = fail
    with pytest.raises(IndexUnavailable):
        house.applier.run_once()
    assert house.live_texts() == {}
    index.hook = lambda: None
    house.apply()

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert index.count_all() == 2


@pytest.mark.usefixtures("default_logs")
def test_an_index_that_fails_for_long_is_told_once(house: House) -> None:
    index, fails = watched(house), list[None]()
    house.submit(TWO)
    house.work()

    def fail() -> None:
        fails.append(None)
        raise IndexUnavailable

    index.hook = fail
    applier = IndexApplier(house.open_work, index, house.files, house.clock, error_pause_s=0)
    with capture_logs() as told:
        applier.start()
        deadline = time.monotonic() + 10
        while len(fails) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        applier.stop()

    assert len(fails) >= 5
    paused = [each for each in told if each["event"] == "applier_paused"]
    assert [each["code"] for each in paused] == [IndexUnavailable().code]


def test_a_version_another_process_showed_first_stays_in_the_index(house: House) -> None:
    index = watched(house)
    job = house.submit({"a.txt": "Texte A"})
    house.work()
    with house.open_work() as work:
        (version,) = work.ledger.ready_versions(limit=9)

    def show_first() -> None:
        index.hook = lambda: None
        with house.open_work() as work:
            assert work.ledger.make_live(version.id, now=house.clock.now())
            work.queue.settle_indexed(version.id, state=ItemState.INDEXED)
            work.commit()

    index.hook = show_first
    house.apply()

    assert index.count_all() == 1
    assert house.states(job) == {"a.txt": ItemState.INDEXED}


def test_a_failing_index_does_not_hold_up_the_upkeep(house: House) -> None:
    index, seen = watched(house), list[str]()
    house.submit(TWO)
    house.work()

    def fail() -> None:
        raise IndexUnavailable

    index.hook = fail
    applier = IndexApplier(
        house.open_work, index, house.files, house.clock, upkeep=(lambda: seen.append("seen to"),)
    )
    with pytest.raises(IndexUnavailable):
        applier.run_once()

    assert seen == ["seen to"]


def test_version_that_the_index_cannot_take_fails_alone(house: House) -> None:
    index = watched(house)
    job = house.submit(TWO)
    house.work()

    def refuse_first() -> None:
        index.hook = lambda: None
        raise ValueError

    index.hook = refuse_first
    house.apply()

    assert sorted(house.states(job).values()) == [ItemState.FAILED, ItemState.INDEXED]
    assert house.state_of(job).state is JobState.PARTLY_FAILED
    assert len(house.live_texts()) == 1


def test_thread_survives_what_nobody_foresaw(house: House) -> None:
    index = watched(house)
    faults = [RuntimeError("unforeseen")]

    def fail_once() -> dict[VersionId, int]:
        if faults:
            raise faults.pop()
        return InMemoryChunkIndex.held_versions(index)

    index.held_versions = fail_once
    applier = IndexApplier(house.open_work, index, house.files, house.clock, error_pause_s=0)
    applier.start()
    job = house.submit(TWO)
    house.work()

    deadline = time.monotonic() + 10
    while house.state_of(job).state is not JobState.SUCCEEDED:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    applier.stop()


def test_reconcile_fills_a_new_index_without_embedding(tmp_path: Path) -> None:
    class CountingEmbedder(HashEmbedder):
        calls = 0

        def embed_passages(self, texts: Sequence[str]) -> list[Sequence[float]]:
            self.calls += 1
            return super().embed_passages(texts)

    embedder = CountingEmbedder(dimensions=32)
    house = open_house(tmp_path, embedder=embedder)
    house.ingest(TWO)
    calls = embedder.calls
    house.index = InMemoryChunkIndex(embedder=embedder.identity)
    applier = house.new_applier()

    applier.reconcile()

    assert house.index.count_all() == 2
    assert embedder.calls == calls
    assert [chunk.file for chunk in house.search("ancienne")] == ["a.txt"]
    with house.open_work() as work:
        assert work.ledger.active_index() == embedder.identity.id
    house.close()


def test_one_point_of_a_version_stands_for_its_whole_document(house: House) -> None:
    house.ingest({"vélo/b.txt": "Aide B\nAide C", "a.txt": "Aide A"})
    embedder_id = house.embedder.identity.id
    with house.open_work() as work:
        versions = work.ledger.live_versions(ORDINARY)
        told = [
            [
                point.document_texts
                for point in work.ledger.points_of(each, embedder_id=embedder_id, cut=ORDINARY)
            ]
            for each in versions
            if versions[each] == 2
        ]

    ((whole, nothing),) = told
    assert nothing == ()
    assert "vélo" in whole[0]
    assert [text.split("\n")[-1] for text in whole[1:]] == ["Aide B", "Aide C"]


def test_reconcile_leaves_an_index_that_agrees_alone(house: House) -> None:
    house.ingest(TWO)
    index = watched(house)
    with house.open_work() as work:
        versions = work.ledger.live_versions(ORDINARY)
        for version_id in versions:
            index.upsert(
                work.ledger.points_of(
                    version_id, embedder_id=house.embedder.identity.id, cut=ORDINARY
                )
            )
    index.sizes.clear()

    house.applier.reconcile()

    assert index.sizes == []


def test_reconcile_removes_strays_and_completes_what_lacks_points(house: House) -> None:
    house.ingest({"a.txt": "Aide A", "b.txt": "Aide B\nAide C"})
    index = watched(house)
    with house.open_work() as work:
        one, two = sorted(work.ledger.live_versions(ORDINARY).items(), key=lambda pair: pair[1])
        embedder_id = house.embedder.identity.id
        whole = work.ledger.points_of(one[0], embedder_id=embedder_id, cut=ORDINARY)
        half = work.ledger.points_of(two[0], embedder_id=embedder_id, cut=ORDINARY)[:1]
    index.upsert([*whole, *half])
    index.upsert([replace(whole[0], chunk_id=ChunkId(new_id()), version_id=VersionId("stray"))])
    index.sizes.clear()

    house.applier.reconcile()

    assert index.held_versions() == {one[0]: 1, two[0]: 2}
    assert index.sizes == [2]


def test_reconcile_asks_for_a_new_reading_when_vectors_are_missing(house: House) -> None:
    house.ingest(TWO)
    other = HashEmbedder(dimensions=16)
    house.embedder = other
    house.index = InMemoryChunkIndex(embedder=other.identity)
    house.new_applier().reconcile()
    applier = house.new_applier()
    applier.reconcile()
    assert house.index.count_all() == 0
    assert len(house.jobs.list_recent(scope=house.scope, limit=50)) == 1 + 1

    house.work()
    house.applier = applier
    house.apply()

    assert house.index.count_all() == 2
    assert set(house.live_texts()) == set(TWO)


def test_ready_version_without_vectors_is_read_again_once(house: House) -> None:
    house.submit(TWO)
    house.work()
    other = HashEmbedder(dimensions=16)
    house.index = InMemoryChunkIndex(embedder=other.identity)
    house.applier = house.new_applier()
    house.apply()
    house.apply()
    house.applier = house.new_applier()
    house.apply()

    house.embedder = other
    house.settle()

    assert set(house.live_texts()) == set(TWO)
    assert len(house.jobs.list_recent(scope=house.scope, limit=50)) == 3


class Lacking(Nobody):
    """Implements `Followers` with one that is searched and can never take anything."""

    def follow(self, version_id: VersionId) -> bool:
        del version_id
        return False


def test_what_no_reading_brings_is_asked_for_once_and_given_up(house: House) -> None:
    job = house.submit(TWO)
    house.work()
    house.applier = IndexApplier(
        house.open_work, house.index, house.files, house.clock, followers=Lacking(), patience_s=0
    )
    for _ in range(6):
        house.apply()
        house.work()

    assert len(house.jobs.list_recent(scope=house.scope, limit=50)) == 1 + len(TWO)
    assert house.state_of(job).state is JobState.FAILED
    assert all(item.reason == INDEX_REFUSED for item in house.items(job).values())
    with house.open_work() as work:
        assert work.ledger.ready_versions(limit=9) == []


def ready_without_vectors(house: House) -> Job:
    """A job of two files that were read, and whose vectors are gone."""
    job = house.submit(TWO)
    house.work()
    with house.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM vectors"))
    return job


@pytest.mark.parametrize("lost", [["a.txt", "b.txt"], ["b.txt"]])
def test_a_reading_without_vectors_and_original_ends_as_failed(
    house: House, lost: list[str]
) -> None:
    job = ready_without_vectors(house)
    for name in lost:
        house.files.path(house.items(job)[name].sha256).unlink()
    house.applier = house.new_applier(patience_s=0)

    house.settle()
    house.settle()

    shown = {name: [text] for name, text in TWO.items() if name not in lost}
    assert house.live_texts() == shown
    for name in lost:
        item, document = house.items(job)[name], house.all_documents()[name]
        assert (item.state, document.state) == (ItemState.FAILED, DocumentState.FAILED)
        assert item.reason == document.reason == Reason("original_lost", {})
    ended = JobState.FAILED if len(lost) > 1 else JobState.PARTLY_FAILED
    assert house.state_of(job).state is ended
    with house.open_work() as work:
        assert work.ledger.ready_versions(limit=9) == []


def test_a_reading_whose_second_one_failed_tells_why(house: House) -> None:
    job = ready_without_vectors(house)
    house.files.path(house.items(job)["a.txt"].sha256).write_text("damaged")
    house.applier = house.new_applier(patience_s=0)

    house.settle()
    house.settle()
    house.applier = house.new_applier(patience_s=0)
    house.settle()

    assert house.items(job)["a.txt"].reason == Reason("file_damaged", {})
    assert house.state_of(job).state is JobState.PARTLY_FAILED
    assert house.live_texts() == {"b.txt": [TWO["b.txt"]]}


def test_a_reading_whose_vectors_come_back_is_shown_at_the_next_look(house: House) -> None:
    house.ingest({"c.txt": "Troisième"}, is_complete=False)
    job = house.submit(TWO, is_complete=False)
    house.work()
    with house.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT * FROM vectors"))
        connection.execute(text("DELETE FROM vectors"))
    for item in house.items(job).values():
        house.files.path(item.sha256).unlink()
    house.apply()
    assert set(house.live_texts()) == {"c.txt"}
    with house.database.engine.begin() as connection:
        connection.execute(text("INSERT INTO vectors SELECT * FROM kept"))

    leaving = house.all_documents()["c.txt"].id  # what leaves has the applier look at the others
    house.documents.delete(leaving, principal=house.principal, scope=house.scope)
    house.apply()

    assert set(house.live_texts()) == set(TWO)
    assert house.state_of(job).state is JobState.SUCCEEDED


def test_thread_applies_flushes_when_idle_and_stops(house: House) -> None:
    index = watched(house)
    applier = IndexApplier(house.open_work, index, house.files, house.clock, flush_after_s=0)
    applier.start()
    job = house.submit(TWO)
    house.work()

    deadline = time.monotonic() + 10
    while house.state_of(job).state is not JobState.SUCCEEDED or not index.flushes:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    applier.stop()
    applier.stop()

    assert index.count_all() == 2


def test_rebuild_into_another_space_embeds_what_is_missing_only(house: House) -> None:
    house.ingest({**TWO, "c.txt": "Texte C\nTexte D"})
    other = HashEmbedder(dimensions=16)
    target = InMemoryChunkIndex(embedder=other.identity)
    steps: list[RebuildProgress] = []

    end = rebuild(house.open_work, target_index=target, embedder=other, progress=steps.append)
    again = rebuild(
        house.open_work,
        target_index=InMemoryChunkIndex(embedder=other.identity),
        embedder=other,
        progress=steps.append,
    )

    assert (end.versions, end.points, end.embedded) == (3, 4, 4)
    assert (again.points, again.embedded) == (4, 0)
    assert steps[0].done == 0
    assert target.count_all() == 4
    with house.open_work() as work:
        assert work.ledger.active_index() == other.identity.id
