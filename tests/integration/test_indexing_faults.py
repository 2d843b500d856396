from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from io import BytesIO
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import BinaryIO

import pytest

from assistant.adapters.files.folder import FolderFileStore
from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import DocumentState
from assistant.domain.errors import StorageError
from assistant.domain.jobs import ItemState, JobState
from assistant.ports.repositories import UnitOfWorkFactory
from tests.house import House, open_house
from tests.integration.fault_points import die, processes

processes = pytest.fixture(scope="module")(processes)
COMMITS = (
    "commit of queue.lease",
    "commit of queue.update_item to parsing",
    "commit of vectors.add",
    "commit of queue.update_item to embedding",
    "commit of queue.update_item to indexing",
)
FILES = {
    f"{name}.txt": "\n".join(f"Ligne {number} du texte {name}" for number in range(9))
    for name in "abc"
}


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    house = open_house(tmp_path, database_url=database_url)
    yield house
    house.close()


@pytest.mark.each_engine
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_worker_loses_and_repeats_nothing(
    processes: ForkServerContext, house: House, database_url: str, when: str
) -> None:
    """Killed at one commit after the other; each next worker goes on from the database."""
    job = house.submit(FILES)

    codes = [
        die(processes, house.root, "worker", point, when=when, seconds=60 * run, url=database_url)
        for run, point in enumerate([*COMMITS, "none"], start=1)
    ]
    house.apply()

    assert codes == [-signal.SIGKILL] * len(COMMITS) + [0]
    assert house.live_texts() == {name: text.splitlines() for name, text in FILES.items()}
    assert house.index.count_all() == 27
    assert house.state_of(job).state is JobState.SUCCEEDED
    assert set(house.states(job).values()) == {ItemState.INDEXED}


@pytest.mark.each_engine
def test_killed_between_index_and_database_repeats_no_point(house: House) -> None:
    """The applier died after it wrote the points, before the version was live."""
    house.submit(FILES)
    house.work()
    with house.open_work() as work:
        for version in work.ledger.ready_versions(limit=2):
            house.index.upsert(
                work.ledger.points_of(
                    version.id, embedder_id=house.embedder.identity.id, cut=ORDINARY
                )
            )
    assert house.search("texte") == []

    house.new_applier().reconcile()

    assert house.index.count_all() == 27
    assert len(house.search("texte")) == 27


class FullDisk:
    """Makes a unit of work fail as a full disk does, while it is full."""

    def __init__(self) -> None:
        self.is_full = False
        self.refused = 0
        self.allowed = 0
        """Commits still accepted once full: the disk keeps room for a little."""

    def wrap(self, opened: UnitOfWorkFactory) -> UnitOfWorkFactory:
        def open_work() -> object:
            work = opened()
            commit = work.commit

            def guarded() -> None:
                if self.is_full and self.allowed <= 0:
                    self.refused += 1
                    raise StorageError("disk_full")
                self.allowed -= self.is_full
                commit()

            work.commit = guarded
            return work

        return open_work  # pyright: ignore[reportReturnType]


def test_full_disk_while_indexing_then_space_again(tmp_path: Path) -> None:
    disk = FullDisk()
    house = open_house(tmp_path, wrap=disk.wrap)
    job = house.submit(FILES)
    house.reader.hook = lambda name: setattr(disk, "is_full", True)

    with pytest.raises(StorageError) as error:
        house.work()
    assert error.value.code == "disk_full"
    assert disk.refused
    assert house.live_texts() == {}

    house.reader.hook = lambda name: None
    disk.is_full = False
    house.clock.advance(60)
    house.settle()

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert house.live_texts() == {name: text.splitlines() for name, text in FILES.items()}
    house.close()


def test_disk_full_while_vectors_are_kept_pauses_and_goes_on(tmp_path: Path) -> None:
    disk = FullDisk()
    house = open_house(tmp_path, wrap=disk.wrap)
    job = house.submit(FILES)
    add = house.embedder.embed_passages

    def fill(texts: object) -> object:
        disk.is_full, disk.allowed = True, 0
        return add(texts)  # pyright: ignore[reportArgumentType]

    house.embedder.embed_passages = fill  # pyright: ignore[reportAttributeAccessIssue]
    worker = house.new_worker()
    with pytest.raises(StorageError):
        worker.run_once()
    disk.is_full = False
    house.embedder.embed_passages = add  # pyright: ignore[reportAttributeAccessIssue]
    house.clock.advance(60)
    house.settle()

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert house.index.count_all() == 27
    house.close()


def test_disk_full_in_the_worker_ends_the_job_with_its_reason(house: House) -> None:
    job = house.submit(FILES)

    def full(sha256: str) -> Path:
        raise StorageError("disk_full")

    real, house.files.path = house.files.path, full
    house.settle()

    assert house.state_of(job).state is JobState.FAILED
    assert {item.reason.code for item in house.items(job).values() if item.reason} == {"disk_full"}
    assert {each.state for each in house.all_documents().values()} == {DocumentState.FAILED}

    house.files.path = real
    house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    house.settle()
    assert house.state_of(job).state is JobState.SUCCEEDED


def test_disk_full_while_receiving_leaves_the_file_awaited(tmp_path: Path) -> None:
    class FullStore(FolderFileStore):
        is_full = True

        def put(self, stream: BinaryIO, *, max_bytes: int, claimant: str = "") -> tuple[str, int]:
            if self.is_full:
                raise StorageError("disk_full")
            return super().put(stream, max_bytes=max_bytes, claimant=claimant)

    files = FullStore(tmp_path / "files")
    house = open_house(tmp_path, files=files)
    job, wanted = house.announce({"a.txt": "Texte A"})

    with pytest.raises(StorageError):
        house.send(wanted[0], "Texte A")
    assert house.states(job) == {"a.txt": ItemState.AWAITING_FILE}
    files.is_full = False
    house.send(wanted[0], "Texte A")
    house.settle()

    assert house.state_of(job).state is JobState.SUCCEEDED
    house.close()


def test_upload_cut_in_the_middle_keeps_nothing_and_can_be_sent_again(house: House) -> None:
    class Cut(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    _, wanted = house.announce({"a.txt": "Texte A"})

    with pytest.raises((ConnectionResetError, StorageError)):
        house.ingestion.receive(wanted[0].id, Cut(), principal=house.principal, scope=house.scope)
    house.send(wanted[0], "Texte A")
    house.settle()

    assert house.live_texts() == {"a.txt": ["Texte A"]}


def test_readers_see_old_or_new_while_the_real_index_changes(tmp_path: Path) -> None:
    """A thread searches all along while a document is replaced six times in the real engine."""
    house = open_house(tmp_path)
    house.index = EdgeChunkIndex(  # pyright: ignore[reportAttributeAccessIssue]
        tmp_path / "index", embedder=house.embedder.identity
    )
    house.applier = house.new_applier()
    house.ingest({"a.txt": "\n".join(f"Aide version0 ligne{n}" for n in range(5))})
    done = threading.Event()
    wrong: list[list[str]] = []
    searches = 0

    def search() -> None:
        nonlocal searches
        while not done.is_set():
            texts = [chunk.text for chunk in house.search("aide")]
            searches += 1
            if len(texts) != 5 or len({text.split()[1] for text in texts}) != 1:
                wrong.append(texts)

    thread = threading.Thread(target=search)
    thread.start()
    for version in range(1, 7):
        house.ingest({"a.txt": "\n".join(f"Aide version{version} ligne{n}" for n in range(5))})
    done.set()
    thread.join()

    assert searches > 10
    assert wrong == []
    assert {chunk.text.split()[1] for chunk in house.search("aide")} == {"version6"}
    house.index.close()
    house.close()


def test_removed_file_is_unquotable_before_the_index_knows(house: House) -> None:
    house.ingest(FILES)

    house.submit({"a.txt": FILES["a.txt"]})

    assert {chunk.file for chunk in house.search("texte")} == {"a.txt"}
    assert house.index.count_all() == 27
    house.settle()
    assert house.index.count_all() == 9
