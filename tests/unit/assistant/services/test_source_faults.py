"""Looks at sources when disks hang, hosts fail, and people change their minds meanwhile."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from assistant.adapters.sql.source_queue import SqlSourceQueue
from assistant.domain.errors import (
    AssistantError,
    Conflict,
    Forbidden,
    NotFound,
    StorageError,
    UpstreamError,
)
from assistant.domain.ids import SourceRunId
from assistant.domain.sources import Rhythm, RunKind, RunState, Schedule, Source, SourceRun
from assistant.domain.tenants import TenantState
from assistant.services.source_difference import SourceDifference
from assistant.services.source_drafts import SourceDraft
from ingest.sources.folder import FolderSource
from ingest.sources.listing import ListedFile, ListingFault
from tests.house import House
from tests.sources import Desk, counts

each_engine = pytest.mark.each_engine
TEN = {f"{number}.txt": f"Texte {number}" for number in range(10)}


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Desk:
    return Desk(house, tmp_path / "partage")


@pytest.fixture
def awake() -> Generator[threading.Event]:
    """Set when what hangs is to go on; at the end of the test in any case."""
    event = threading.Event()
    yield event
    event.set()


def kept(desk: Desk) -> set[str]:
    """Contents in the file store."""
    pages = desk.house.files.iter_kept(page=99, older_than_s=-9)
    return {sha256 for page in pages for sha256 in page}


def tell_no_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    real = FolderSource.list

    def list_without(
        place: FolderSource, *, check: Callable[[], None]
    ) -> Iterator[ListedFile | ListingFault]:
        for each in real(place, check=check):
            yield replace(each, size_bytes=-1) if isinstance(each, ListedFile) else each

    monkeypatch.setattr(FolderSource, "list", list_without)


def refuse_to_open(place: FolderSource, file: ListedFile) -> None:
    raise AssertionError(f"{file.name} was opened")


def test_what_is_only_examined_is_kept_nowhere(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tell_no_sizes(monkeypatch)
    desk.write(TEN)
    source = desk.add()
    desk.run(source)
    before = kept(desk)
    assert len(before) == 10
    (desk.root / "0.txt").rename(desk.root / "moved.txt")
    desk.write({"new.txt": "Texte nouveau"})

    assert counts(desk.run(source, RunKind.PLAN)) == {"added": 1, "renamed": 1, "unchanged": 9}
    assert kept(desk) == before
    for number in range(1, 8):
        (desk.root / f"{number}.txt").unlink()
    assert desk.run(source).state is RunState.AWAITING_APPROVAL
    assert kept(desk) == before


def test_a_first_look_at_a_place_without_sizes_reads_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_no_sizes(monkeypatch)
    monkeypatch.setattr(FolderSource, "open", refuse_to_open)
    desk.write(TEN)

    assert counts(desk.run(desk.add(), RunKind.PLAN)) == {"added": 10}


def hang(monkeypatch: pytest.MonkeyPatch, awake: threading.Event, root: Path) -> None:
    """A disk of which nothing comes any more: where its folder lies, and what stands in it."""
    real = os.path.realpath

    def realpath(path: str | Path, **kwargs: bool) -> str:
        if str(path).startswith(str(root)):
            awake.wait(60)
        return real(path, **kwargs)

    monkeypatch.setattr(os.path, "realpath", realpath)


@each_engine
def test_a_dead_disk_holds_up_no_other_writer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, awake: threading.Event
) -> None:
    source = desk.add()
    draft = SourceDraft(source.name, source.address)
    house = desk.house

    def add() -> None:
        desk.add(address=str(desk.root / "sous"))

    acts: list[Callable[[], object]] = [
        lambda: desk.ask(source),
        lambda: desk.change(source, draft),
        add,
    ]
    monkeypatch.setattr("assistant.source_places._PATIENCE_S", 30)
    hang(monkeypatch, awake, desk.root)
    threads = [threading.Thread(target=swallow, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    time.sleep(0.2)

    begun = time.monotonic()
    with house.open_work() as work:
        work.lock()
        work.commit()
    assert time.monotonic() - begun < 5
    assert all(thread.is_alive() for thread in threads)
    awake.set()
    for thread in threads:
        thread.join(30)


def swallow(act: Callable[[], object]) -> None:
    try:
        act()
    except AssistantError:
        return


def test_a_dead_disk_is_told_in_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, awake: threading.Event
) -> None:
    source = desk.add()
    monkeypatch.setattr("assistant.source_places._PATIENCE_S", 0.1)
    hang(monkeypatch, awake, desk.root)

    with pytest.raises(UpstreamError) as error:
        desk.ask(source)
    assert error.value.code == "source_silent"
    assert "ne répond pas" in error.value.sentence


def hang_listing(monkeypatch: pytest.MonkeyPatch, awake: threading.Event, name: str) -> None:
    real = FolderSource.list

    def list_never(
        place: FolderSource, *, check: Callable[[], None]
    ) -> Iterator[ListedFile | ListingFault]:
        if place._root.endswith(name):  # pyright: ignore[reportPrivateUsage]
            awake.wait(60)
        yield from real(place, check=check)

    monkeypatch.setattr(FolderSource, "list", list_never)


@each_engine
def test_a_look_that_hangs_ends_with_its_reason_and_other_sources_are_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, awake: threading.Event
) -> None:
    desk.write({"mort/a.txt": "Texte A", "vif/b.txt": "Texte B"})
    dead = desk.add(address=str(desk.root / "mort"))
    alive = desk.sources.add(
        SourceDraft("Vive", str(desk.root / "vif")),
        kind=dead.kind,
        collection_id=None,
        principal=desk.house.principal,
        scope=desk.house.scope,
    ).source
    hang_listing(monkeypatch, awake, "mort")
    desk.runner = desk.new_runner(patience_s=0.2)

    def reason() -> str:
        ended = desk.run(dead)
        assert ended.state is RunState.FAILED
        assert ended.reason is not None
        return ended.reason.code

    assert reason() == "source_silent"
    assert counts(desk.run(alive)) == {"added": 1}
    hanging = threading.active_count()
    assert reason() == "source_silent"
    assert threading.active_count() == hanging
    awake.set()
    time.sleep(0.5)
    assert set(desk.house.live_texts()) == {"b.txt"}
    assert counts(desk.run(dead)) == {"added": 1}


@each_engine
def test_a_look_that_hangs_is_cancelled_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, awake: threading.Event
) -> None:
    desk.write({"mort/a.txt": "Texte A"})
    source = desk.add(address=str(desk.root / "mort"))
    hang_listing(monkeypatch, awake, "mort")
    run = desk.ask(source)
    look = threading.Thread(target=desk.runner.run_once, daemon=True)
    look.start()
    while desk.told(source.id, run).state is not RunState.RUNNING:
        time.sleep(0.05)

    status = cancel(desk, source, run.id)

    look.join(20)
    assert not look.is_alive()
    assert status.open_run is None
    told = desk.told(source.id, run)
    assert (told.state, told.finished_at) == (RunState.CANCELLED, desk.house.clock.now())
    awake.set()
    with pytest.raises(Conflict) as error:
        cancel(desk, source, run.id)
    assert error.value.code == "source_not_running"
    with pytest.raises(NotFound):
        cancel(desk, source, SourceRunId("inconnu"))
    time.sleep(0.5)
    assert desk.house.all_documents() == {}


def cancel(desk: Desk, source: Source, run_id: SourceRunId):  # noqa: ANN201 - what the service tells
    return desk.requests.cancel(
        source.id, run_id, principal=desk.house.principal, scope=desk.house.scope
    )


def test_a_queued_look_is_cancelled_and_another_one_may_be_asked_for(desk: Desk) -> None:
    source = desk.add()
    run = desk.ask(source)

    cancel(desk, source, run.id)

    assert not desk.runner.run_once()
    assert counts(desk.run(source)) == {}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (sqlite3.OperationalError("unable to open database file"), "storage_error"),
        (OSError(errno.ENOSPC, "plein"), "disk_full"),
        (ValueError("imprévu"), "internal_error"),
    ],
)
def test_an_unforeseen_failure_ends_the_look_with_its_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    desk.write(TEN)
    source = desk.add(schedule=Schedule(Rhythm.DAILY))

    def fail(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(SourceDifference, "take_listing", fail)
    run = desk.run(source)

    assert run.state is RunState.FAILED
    assert run.reason is not None
    assert run.reason.code == code
    monkeypatch.undo()
    assert counts(desk.run(source)) == {"added": 10}


def test_a_file_that_cannot_be_read_on_is_told_and_the_others_are_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def read(self, size: int = -1) -> bytes:
            raise OSError(errno.EIO, "disque")

    real = FolderSource.open

    @contextmanager
    def open_broken(place: FolderSource, file: ListedFile) -> Generator[BinaryIO]:
        with real(place, file) as stream:
            yield cast("BinaryIO", Broken()) if file.name == "3.txt" else stream

    monkeypatch.setattr(FolderSource, "open", open_broken)
    desk.write(TEN)

    run = desk.run(desk.add())

    assert run.outcome.faults == (("3.txt", "file_unreadable"),)
    assert len(desk.house.live_texts()) == 9


@each_engine
def test_a_look_that_never_gets_anywhere_is_given_up(desk: Desk) -> None:
    desk.write(TEN)
    source = desk.add()
    run = desk.ask(source)
    for attempt in range(5):
        take_over(desk, owner=f"mort {attempt}")
        desk.house.clock.advance(31)

    assert desk.runner.run_once()

    told = desk.told(source.id, run)
    assert told.state is RunState.FAILED
    assert told.reason is not None
    assert (told.reason.code, dict(told.reason.params)) == ("source_given_up", {"limit": 5})
    assert counts(desk.run(source)) == {"added": 10}


def take_over(desk: Desk, *, owner: str) -> SourceRun:
    now = desk.house.clock.now()
    with desk.house.open_work() as work:
        taken = work.source_queue.lease(owner=owner, now=now, until=now + timedelta(seconds=30))
        work.commit()
    assert taken is not None
    return taken


def test_what_a_look_gets_done_counts_for_its_attempts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.services.source_sync._FILES_A_JOB", 3)
    desk.write(TEN)
    source = desk.add()
    run = desk.ask(source)
    for _ in range(3):
        take_over(desk, owner="mort")
        desk.house.clock.advance(31)
    stop = threading.Event()
    before_submit(desk, monkeypatch, stop.set)
    desk.runner._stop = stop  # pyright: ignore[reportPrivateUsage]

    assert desk.runner.run_once()

    assert desk.told(source.id, run).attempt == 0


def before_submit(desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen right before the first submission."""
    submit = desk.house.ingestion.submit

    def act_and_submit(*args: object, **kwargs: object) -> object:
        monkeypatch.setattr(desk.house.ingestion, "submit", submit)
        act()
        return submit(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.house.ingestion, "submit", act_and_submit)


@each_engine
def test_a_look_that_was_taken_over_adds_nothing_any_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(TEN)
    source = desk.add()
    run = desk.ask(source)

    def steal() -> None:
        desk.house.clock.advance(31)
        take_over(desk, owner="autre")

    before_submit(desk, monkeypatch, steal)

    assert desk.runner.run_once()

    assert desk.house.all_documents() == {}
    told = desk.told(source.id, run)
    assert (told.state, told.attempt) == (RunState.RUNNING, 2)


@each_engine
@pytest.mark.parametrize("keeps_documents", [True, False])
def test_a_look_adds_nothing_to_a_source_that_was_removed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, keeps_documents: bool
) -> None:
    desk.write(TEN)
    source = desk.add()
    desk.ask(source)
    before_submit(desk, monkeypatch, lambda: remove(desk, source, keeps_documents=keeps_documents))

    assert desk.runner.run_once()

    assert desk.house.all_documents() == {}


def remove(desk: Desk, source: Source, *, keeps_documents: bool) -> None:
    desk.sources.remove(
        source.id,
        keeps_documents=keeps_documents,
        principal=desk.house.principal,
        scope=desk.house.scope,
    )


@each_engine
def test_a_source_goes_with_its_documents_or_not_at_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(TEN)
    source = desk.add()
    desk.run(source)

    def fail(*args: object, **kwargs: object) -> None:
        raise StorageError("disk_full")

    monkeypatch.setattr("assistant.services.ingestion.supersede_older", fail)
    with pytest.raises(StorageError):
        remove(desk, source, keeps_documents=False)

    assert desk.sources.get(source.id, principal=desk.house.principal, scope=desk.house.scope)
    assert len(desk.house.all_documents()) == 10
    monkeypatch.undo()
    remove(desk, source, keeps_documents=False)
    assert desk.house.all_documents() == {}


@each_engine
def test_a_schedule_keeps_what_was_changed_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write({"sous/a.txt": "Texte A"})
    source = desk.add(schedule=Schedule(Rhythm.HOURLY))
    desk.run(source)
    desk.house.clock.advance(3601)
    elsewhere = str(desk.root / "sous")
    changes = [SourceDraft("Autre nom", elsewhere, schedule=Schedule(Rhythm.HOURLY))]
    real = SqlSourceQueue.due

    def due_then_changed(*args: object, **kwargs: object) -> list[Source]:
        found = real(*args, **kwargs)  # type: ignore[arg-type]
        if changes:
            changed = desk.change(source, changes.pop())
            with desk.house.open_work() as work:
                work.sources.set_times(changed.id, next_run_at=source.created_at)
                work.commit()
        return found

    monkeypatch.setattr(SqlSourceQueue, "due", due_then_changed)
    assert desk.runner.ask_due() == 1

    now = desk.sources.get(source.id, principal=desk.house.principal, scope=desk.house.scope).source
    assert (now.address, now.name) == (elsewhere, "Autre nom")
    assert now.next_run_at == desk.house.clock.now() + timedelta(hours=1)


def test_a_schedule_outlives_the_memory_of_the_first_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.services.source_runner._KEPT_RUNS", 1)
    desk.write({"sous/a.txt": "Texte A"})
    source = desk.add(address=str(desk.root / "sous"), schedule=Schedule(Rhythm.HOURLY))
    desk.run(source)
    (desk.root / "sous").rename(desk.root / "ailleurs")
    for _ in range(3):
        assert desk.run(source).state is RunState.FAILED

    changed = desk.change(
        source, SourceDraft("Source", str(desk.root), schedule=Schedule(Rhythm.HOURLY))
    )

    assert changed.next_run_at == desk.house.clock.now() + timedelta(hours=1)


def move_tenant(desk: Desk, state: TenantState) -> None:
    with desk.house.open_work() as work:
        tenant = work.tenancy.find_tenant(desk.house.principal.tenant_id)
        assert tenant is not None
        work.tenancy.update_tenant(replace(tenant, state=state))
        work.commit()


@each_engine
def test_a_look_at_a_tenant_that_was_suspended_stops_and_goes_on_afterwards(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(TEN)
    source = desk.add()
    run = desk.ask(source)
    before_submit(desk, monkeypatch, lambda: move_tenant(desk, TenantState.SUSPENDED))

    assert desk.runner.run_once()

    assert desk.house.all_documents() == {}
    with desk.house.open_work() as work:
        now = desk.house.clock.now()
        assert not work.source_queue.is_at_work(source.tenant_id, now=now)
    assert not desk.runner.run_once()
    move_tenant(desk, TenantState.ACTIVE)
    assert desk.runner.run_once()
    assert counts(desk.told(source.id, run)) == {"added": 10}


def test_nothing_is_submitted_to_a_tenant_that_was_suspended_meanwhile(desk: Desk) -> None:
    desk.house.ingest({"a.txt": "Texte A"})
    move_tenant(desk, TenantState.SUSPENDED)

    for act in (
        lambda: desk.house.announce({"b.txt": "Texte B"}),
        lambda: desk.house.ingestion.reindex(
            None, force=True, principal=desk.house.principal, scope=desk.house.scope
        ),
    ):
        with pytest.raises(Forbidden) as error:
            act()
        assert error.value.code == "tenant_suspended"


@each_engine
def test_several_lanes_look_at_several_tenants_and_end_together(desk: Desk) -> None:
    desk.write(TEN)
    source = desk.add()
    run = desk.ask(source)
    stop = threading.Event()
    lanes = threading.Thread(target=desk.runner.run_forever, args=(stop,), daemon=True)
    lanes.start()
    ends = time.monotonic() + 60
    while desk.told(source.id, run).state is not RunState.DONE and time.monotonic() < ends:
        time.sleep(0.05)
    stop.set()
    lanes.join(30)

    assert not lanes.is_alive()
    assert counts(desk.told(source.id, run)) == {"added": 10}
    assert len(desk.house.all_documents()) == 10
