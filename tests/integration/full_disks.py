"""Scenarios on a disk that is full at one writing step: each runs in a process that sees the disk alone.

What each looks at afterwards: one clear reason, nothing half-written, and, once there is room, that all
is as if the disk had never been full.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from assistant.adapters.audit.heads import FileHeadSink
from assistant.adapters.files.folder import FolderFileStore
from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.adapters.sql.snapshots import SqliteSnapshots
from assistant.api.body import uploads_of
from assistant.domain.audit_chain import Head
from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, StorageError
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import VersionId
from assistant.domain.jobs import ItemState, Job, JobState
from assistant.domain.retrieval import Vector
from assistant.domain.sources import RunState
from assistant.ports.index import ChunkIndex
from assistant.services.backup import BackupWriter
from assistant.testing.embedder import HashEmbedder
from ingest.limits import Limits
from ingest.reader import ParserPool
from tests.house import House, announced, open_house
from tests.small_disk import MEGABYTE, SmallDisk
from tests.sources import Desk
from tests.unit.assistant.services.generation_world import (
    GenerationWorld,
    MemoryPlaces,
    MemoryShelf,
)
from tests.unit.assistant.services.moves import mover_of

OLD = {name: f"Ancien {name} un\nAncien {name} deux" for name in ("a.txt", "b.txt", "c.txt")}
NEW = {
    "a.txt": "Nouveau a un\nNouveau a deux\nNouveau a trois",
    "b.txt": OLD["b.txt"],
    "d.txt": "\n".join(f"Nouveau d {n} " + "mots " * 200 for n in range(24)),
}
"""One changed, one the same, one gone, one new whose vectors come in many batches."""
LINES = {name: text.splitlines() for name, text in NEW.items()}
RESERVE = 150 * MEGABYTE
"""Of the index: what the engine needs to be opened and written at all."""
INDEX_DISK_BYTES = 400 * MEGABYTE
OF_INDEX = "index_disk_full"
PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE_S = 60.0


def is_full(act: Callable[[], Any], *, code: str = "disk_full") -> None:
    """The act is refused for one reason, which has its sentence."""
    with pytest.raises(StorageError) as error:
        act()
    assert error.value.code == code
    assert "disque" in error.value.sentence


def go_on(house: House, job: Job) -> None:
    """There is room again: what waits goes on, what was not received is sent, what ended is retried."""
    for item in house.items(job).values():
        if item.state is ItemState.AWAITING_FILE:
            house.send(item, NEW[item.name])
    house.clock.advance(600)
    house.applier = house.new_applier()
    house.applier.reconcile()
    house.settle()
    if house.state_of(job).state is not JobState.SUCCEEDED:
        reasons = {item.reason.code for item in house.items(job).values() if item.reason}
        assert reasons == {"disk_full"}, reasons
        house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
        house.settle()
    look_at_everything(house, job)


def look_at_everything(house: House, job: Job) -> None:
    """No lost document, no duplicate, no ghost, nothing half-written."""
    assert house.state_of(job).state is JobState.SUCCEEDED
    assert house.live_texts() == LINES
    assert len(house.all_documents()) == len(LINES)
    with house.open_work() as work:
        live = work.ledger.live_versions(ORDINARY)
        assert work.ledger.ready_versions(limit=9) == []
        assert work.ledger.retired_versions(limit=9) == []
        assert work.ledger.unused_files(limit=9) == []
    assert house.index.held_versions() == live
    kept = {path.name for path in (house.root / "files").glob("[0-9a-f][0-9a-f]/*")}
    assert kept == {document.sha256 for document in house.all_documents().values()}
    assert list((house.root / "files" / "partial").iterdir()) == []
    house.database.check()


def a_job(disk: SmallDisk, large: Path, *, rooms: Iterable[int]) -> None:
    """Database, contents and vectors on one disk with so much room, until it is enough."""
    house = open_house(large / "house")
    house.ingest(OLD)
    house.close()
    told: list[bool] = []
    for room in rooms:
        root = Path(shutil.copytree(large / "house", disk.root / "house"))
        house = open_house(root)
        house.clock.advance(10)
        house.applier.reconcile()
        disk.fill(left_bytes=room)
        job, codes = worked_on_a_full_disk(house)
        assert codes <= {"disk_full"}, (room, codes)
        assert house.live_texts(), "what was there is served meanwhile"
        disk.free()
        go_on(house, job or house.announce(NEW)[0])
        house.close()
        shutil.rmtree(root)
        told.append(bool(codes))
        if not codes:
            break
    assert (told[0], told[-1]) == (True, False), told


def worked_on_a_full_disk(house: House) -> tuple[Job | None, set[str]]:
    """A job as far as it goes, and why it went no further."""
    codes: set[str] = set()
    job: Job | None = None
    try:
        job, wanted = house.announce(NEW)
        for item in wanted:
            house.send(item, NEW[item.name])
        house.settle()
    except AssistantError as error:
        codes.add(error.code)
    reasons = [item.reason for item in house.items(job).values()] if job else []
    return job, codes | {reason.code for reason in reasons if reason is not None}


def a_job_sampled(disk: SmallDisk, large: Path) -> None:
    a_job(disk, large, rooms=(0, 30_000, 90_000, 200_000, 400_000, 8_000_000))


def a_job_at_every_page(disk: SmallDisk, large: Path) -> None:
    a_job(disk, large, rooms=range(0, 8_000_000, 2 * PAGE))


def what_is_kept_of_files(disk: SmallDisk, large: Path) -> None:
    """Contents, page images and PDFs of decks."""
    del large
    store = FolderFileStore(disk.root / "files", reserve_bytes=0)
    first, _ = store.put(BytesIO(b"%PDF-" + b"x" * 50_000), max_bytes=MEGABYTE)
    image, deck = b"\x89PNG" + b"i" * 90_000, b"%PDF-" + b"d" * 90_000
    acts: list[Callable[[], Any]] = [
        lambda: store.put(BytesIO(b"y" * 90_000), max_bytes=MEGABYTE),
        lambda: store.put_page_image(first, page=1, image=image),
        lambda: store.put_deck_pdf(first, content=deck),
    ]
    for room in (0, 40_000):
        before = files_of(disk)
        disk.fill(left_bytes=room)
        for act in acts:
            is_full(act)
        disk.free()
        assert files_of(disk) == before
    for act in acts:
        act()
    assert store.page_image(first, page=1) is not None
    assert store.deck_pdf(first) is not None


def files_of(disk: SmallDisk) -> dict[Path, int]:
    return {path: path.stat().st_size for path in disk.root.rglob("*") if path.is_file()}


def an_upload(disk: SmallDisk, large: Path) -> None:
    """A form whose files do not fit where they wait for their checks."""
    del large
    site = FastAPI()

    @site.post("/")
    async def take(request: Request) -> list[int]:  # pyright: ignore[reportUnusedFunction]
        return [upload.size or 0 for upload in await uploads_of(request)]

    tempfile.tempdir = str(disk.root)
    parts = [("files", (f"{n}.txt", b"x" * 300_000)) for n in range(3)]
    client = TestClient(site)
    disk.fill(left_bytes=400_000)
    is_full(lambda: client.post("/", files=parts))
    disk.free()
    assert client.post("/", files=parts).json() == [300_000] * 3
    assert files_of(disk) == {}


def an_index(disk: SmallDisk, large: Path) -> None:
    """The folder of the index alone: what was live is served, what is ready waits and goes on."""
    house = open_house(large / "house")

    def open_index() -> Any:
        identity = house.embedder.identity
        return EdgeChunkIndex(disk.root / "index", embedder=identity, reserve_bytes=RESERVE)

    index = house.index = open_index()
    house.applier = house.new_applier()
    house.ingest(OLD)
    house.clock.advance(10)
    job = house.submit(NEW)
    house.work()

    disk.fill(left_bytes=RESERVE // 2)
    is_full(house.apply, code=OF_INDEX)
    is_full(house.apply, code=OF_INDEX)
    assert house.states(job)["d.txt"] is ItemState.INDEXING
    assert house.live_texts()["a.txt"] == OLD["a.txt"].splitlines()
    found = {chunk.text for chunk in house.search("ancien")}
    assert found >= {*OLD["a.txt"].splitlines(), *OLD["b.txt"].splitlines()}
    disk.fill()
    is_full(index.flush, code=OF_INDEX)
    house.applier.start()
    wait_until(lambda: house.applier.trouble == Reason(OF_INDEX, {}))
    house.applier.stop()
    house.clock.advance(10)
    _, progress = house.jobs.get(job.id, scope=house.scope)
    assert progress.held_reason == Reason(OF_INDEX, {})
    assert progress.files_per_s
    assert progress.left_s is None
    assert house.search("ancien")
    index.close()
    is_full(open_index, code=OF_INDEX)
    disk.free()
    index = house.index = open_index()
    house.applier = house.new_applier()
    go_on(house, job)
    index.close()
    house.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def heads_of_the_log(disk: SmallDisk, large: Path) -> None:
    """A head that does not fit is told; the next one is noted whole."""
    del large
    sink = FileHeadSink(disk.root / "heads.jsonl")
    heads = [Head("2026-11-26T00:00:00Z", number, "f" * 64) for number in range(1, 200)]
    disk.fill()
    is_full(lambda: sink.append(heads[0]))
    disk.fill(left_bytes=PAGE)
    is_full(lambda: [sink.append(head) for head in heads])
    noted = len(sink.noted().heads)
    disk.free()
    sink.append(heads[noted])
    assert sink.noted().heads == tuple(heads[: noted + 1])
    assert len(sink.noted().damaged_lines) == 1, "the torn line, which counts for nothing"


def a_backup(disk: SmallDisk, large: Path) -> None:
    """The disk it is written to, then the disk that it is made of."""
    house = open_house(large / "house")
    house.ingest(OLD | {"e.txt": "\n".join(os.urandom(700).hex() for _ in range(200))})
    (large / "held").mkdir()

    def back_up() -> Path:
        snapshots = SqliteSnapshots(house.root / "assistant.sqlite3")
        writer = BackupWriter(snapshots, house.files, house.clock, held=large / "held")
        return writer.write(disk.root, extras={}, product_version="test", keep=1).path

    first = back_up()
    house.clock.advance(10)
    for room in (0, 100_000, 500_000):
        disk.fill(left_bytes=room)
        is_full(back_up)
        disk.free()
        assert [*disk.root.iterdir()] == [first]
        assert list((large / "held").iterdir()) == []
    again = back_up()
    assert [*disk.root.iterdir()] == [again]
    house.close()


def an_export(disk: SmallDisk, large: Path) -> None:
    """The archive of an organisation."""
    house = open_house(large / "house")
    house.ingest(OLD | {"e.txt": "\n".join(os.urandom(700).hex() for _ in range(100))})
    mover = mover_of(house)

    def export() -> Any:
        return mover.exporter.export(
            house.principal.tenant_id,
            disk.root / "commune.zip",
            principal=mover.owner,
            product_version="test",
        )

    for room in (0, 60_000, 100_000):
        disk.fill(left_bytes=room)
        is_full(export)
        disk.free()
        assert list(disk.root.iterdir()) == []
    export()
    assert [path.name for path in disk.root.iterdir()] == ["commune.zip"]
    house.close()


def a_listing(disk: SmallDisk, large: Path) -> None:
    """The scratch in which a source is compared: the look fails with its reason, the next one goes through."""
    house = open_house(large / "house")
    desk = Desk(house, large / "partage")
    (house.root / "scratch").rmdir()
    (house.root / "scratch").symlink_to(disk.root)
    desk.write({f"{'nom' * 30}-{n}.txt": f"Texte {n}" for n in range(400)})
    source = desk.add()
    for room in (0, 60_000):
        disk.fill(left_bytes=room)
        run = desk.run(source)
        disk.free()
        assert run.state is RunState.FAILED
        assert run.reason is not None
        assert run.reason.code == "disk_full"
        assert (house.all_documents(), [*disk.root.iterdir()]) == ({}, [])
    desk.write({f"{n}.txt": f"Texte {n}" for n in range(3)})
    for path in desk.root.glob("nom*"):
        path.unlink()
    assert desk.run(source).state is RunState.DONE
    assert len(house.live_texts()) == 3
    house.close()


def a_reading(disk: SmallDisk, large: Path) -> None:
    """The scratch of the children that read files, from their start to what they read."""
    reader = ParserPool(Limits(), children=1, scratch=disk.root / "scratch")
    house = open_house(large / "house", reader=reader)
    text = "Règlement intérieur\n\n" + "Article premier. Des mots et des mots.\n\n" * 900
    reasons: list[set[str]] = []
    for number, room in enumerate((0, 40_000)):
        if number:
            reader.read(house.files.path(announced("", text).sha256), name="a.txt")
        disk.fill(left_bytes=room)
        job = house.submit({"a.txt": f"{text}"}, source=f"/{number}")
        house.settle()
        disk.free()
        found = [item.reason.code for item in house.items(job).values() if item.reason]
        reasons.append(set(found))
        house.clock.advance(3600)
        if house.state_of(job).state is JobState.FAILED:
            house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
        house.settle()
        assert house.state_of(job).state is JobState.SUCCEEDED
    assert reasons == [{"disk_full"}, {"disk_full"}]
    house.close()
    reader.close()


def a_generation(disk: SmallDisk, large: Path) -> None:
    """Its index: the searched one is not touched, the reason is told, and it is whole once there is room."""
    house = open_house(large / "house")
    places = DiskPlaces(disk.root, large)
    world = GenerationWorld(house, places=places, shelf=shelf_of(house))
    house.ingest(NEW)
    planned = world.service.plan("autre", principal=world.principal)
    world.service.build(planned.id, principal=world.principal)

    disk.fill(left_bytes=RESERVE // 2)
    world.settle()
    told = world.now(planned)
    assert told.state is GenerationState.BUILDING
    assert told.reason is not None
    assert told.reason.code == OF_INDEX
    assert len(house.live_texts()) == len(NEW)
    assert house.search("nouveau")
    disk.free()
    deadline = time.monotonic() + _PATIENCE_S
    while world.now(planned).state is GenerationState.BUILDING and time.monotonic() < deadline:
        time.sleep(0.2)  # what could not be opened is left alone for some seconds
        world.settle()
    whole = world.now(planned)
    assert (whole.state, whole.reason) == (GenerationState.BUILT, None)
    assert [each.index.held_versions() for each in world.room.everyone()] == [live_of(house)] * 2
    world.room.close()
    house.close()


def vectors_of_a_generation(disk: SmallDisk, large: Path) -> None:
    """The database: what was computed before stays, nothing of it is computed again."""
    del large
    house = open_house(disk.root / "house")
    shelf = shelf_of(house)
    counted: list[str] = []
    embed = shelf.embedders["autre"].embed_passages

    def count(texts: Sequence[str]) -> list[Vector]:
        counted.extend(texts)
        return embed(texts)

    shelf.embedders["autre"].embed_passages = count  # type: ignore[method-assign]
    world = GenerationWorld(house, shelf=shelf)
    house.ingest(NEW)
    planned = world.service.plan("autre", principal=world.principal)
    world.service.build(planned.id, principal=world.principal)
    disk.fill(left_bytes=0)
    is_full(lambda: [world.builder.run_once(threading.Event()) for _ in range(40)])
    disk.free()
    house.clock.advance(60)
    world.settle()
    assert world.now(planned).state is GenerationState.BUILT
    assert world.held(planned) == world.live_chunks()
    wanted = {line for text in NEW.values() for line in text.splitlines()}
    assert len(counted) <= len(wanted) + 8, "one batch more at most"
    house.close()


class DiskPlaces(MemoryPlaces):
    """Real folders: the first generation on the large disk, the others on the small one."""

    def __init__(self, small: Path, large: Path) -> None:
        super().__init__()
        self._small, self._large = small, large

    def open(self, generation: Generation) -> ChunkIndex:
        root = self._large if generation.number == 1 else self._small
        return EdgeChunkIndex(
            root / generation.place,
            embedder=generation.composition.embedder,
            reserve_bytes=RESERVE,
        )


def shelf_of(house: House) -> MemoryShelf:
    return MemoryShelf(default=house.embedder, autre=HashEmbedder(dimensions=24))


def live_of(house: House) -> dict[VersionId, int]:
    with house.open_work() as work:
        return work.ledger.live_versions(ORDINARY)
