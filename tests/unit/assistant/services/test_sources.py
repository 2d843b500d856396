from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from assistant.domain.documents import DocumentState
from assistant.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from assistant.domain.ids import CollectionId, SourceId
from assistant.domain.jobs import ItemState
from assistant.domain.sources import Finding, Rhythm, RunKind, RunState, Schedule, SourceKind
from assistant.domain.tenancy import Scope
from assistant.services.source_drafts import SourceDraft
from ingest.sources.folder import FolderSource
from ingest.sources.listing import ListedFile, SourceFault
from tests.house import MAX_FILE_BYTES, House
from tests.sources import Desk, age, counts

pytestmark = pytest.mark.each_engine
TWO = {"a.txt": "Règlement A\nAide de dix euros", "sous/b.txt": "Règlement B\nAide de vingt euros"}
TEN = {f"{number}.txt": f"Texte {number}" for number in range(10)}


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Desk:
    return Desk(house, tmp_path / "partage")


def test_a_plan_tells_what_would_come_and_changes_nothing(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()

    run = desk.run(source, RunKind.PLAN)

    assert counts(run) == {"added": 2}
    assert run.outcome.names == {Finding.ADDED: ("a.txt", "sous/b.txt")}
    assert run.outcome.estimated_s is None
    assert desk.house.all_documents() == {}


def test_a_run_brings_documents_in_line(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()

    run = desk.run(source)

    assert counts(run) == {"added": 2}
    assert {each.source for each in desk.house.all_documents().values()} == {source.label}
    assert desk.house.live_texts()["sous/b.txt"] == ["Règlement B", "Aide de vingt euros"]


def test_files_that_did_not_change_are_not_opened_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    jobs = len(desk.house.jobs.list_recent(scope=desk.house.scope, limit=99))
    monkeypatch.setattr(FolderSource, "open", _refuse_to_open)

    run = desk.run(source)

    assert counts(run) == {"unchanged": 2}
    assert run.outcome.jobs == ()
    assert len(desk.house.jobs.list_recent(scope=desk.house.scope, limit=99)) == jobs


def _refuse_to_open(place: FolderSource, file: ListedFile) -> None:
    raise AssertionError(f"{file.name} was opened")


def test_a_file_that_was_only_touched_is_read_but_nothing_is_done_with_it(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    age(desk.root / "a.txt", seconds=7)

    assert counts(desk.run(source, RunKind.PLAN)) == {"changed": 1, "unchanged": 1}
    run = desk.run(source)

    assert (counts(run), run.outcome.jobs) == ({"unchanged": 2}, ())
    assert counts(desk.run(source, RunKind.PLAN)) == {"unchanged": 2}


def test_a_file_changed_just_now_is_looked_at_again_next_time(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    (desk.root / "a.txt").write_text("Règlement C")
    desk.run(source)

    assert counts(desk.run(source, RunKind.PLAN)) == {"changed": 1, "unchanged": 1}


def test_changed_and_removed_files_are_followed(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    before = desk.house.all_documents()["a.txt"]
    desk.write({"a.txt": "Règlement A\nAide de trente euros"})
    (desk.root / "sous/b.txt").unlink()

    run = desk.run(source)

    assert counts(run) == {"changed": 1, "removed": 1}
    assert desk.house.live_texts() == {"a.txt": ["Règlement A", "Aide de trente euros"]}
    assert desk.house.all_documents()["a.txt"].id == before.id


def test_a_moved_file_keeps_its_document_and_is_read_by_nobody(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    before, reads = desk.house.all_documents()["a.txt"], len(desk.house.reader.names)
    (desk.root / "2026").mkdir()
    (desk.root / "a.txt").rename(desk.root / "2026/A bis.txt")

    plan = desk.run(source, RunKind.PLAN)
    run = desk.run(source)

    assert counts(plan) == counts(run) == {"renamed": 1, "unchanged": 1}
    assert plan.outcome.names == {Finding.RENAMED: ("a.txt → 2026/A bis.txt",)}
    after = desk.house.all_documents()["2026/A bis.txt"]
    assert (after.id, after.live_version_id) == (before.id, before.live_version_id)
    assert len(desk.house.reader.names) == reads
    assert [each.file for each in desk.house.search("dix euros")][:1] == ["2026/A bis.txt"]
    assert counts(desk.run(source)) == {"unchanged": 2}


def test_a_moved_and_changed_file_is_another_one(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    (desk.root / "a.txt").unlink()
    desk.write({"c.txt": "Règlement C\nAide de six euros"})

    assert counts(desk.run(source)) == {"added": 1, "removed": 1, "unchanged": 1}


def test_of_two_files_of_one_content_each_moved_one_keeps_its_document(desk: Desk) -> None:
    desk.write({"a.txt": "Même texte", "b.txt": "Même texte", "c.txt": "Autre texte"})
    source = desk.add()
    desk.run(source)
    ids = {desk.house.all_documents()[name].id for name in ("a.txt", "b.txt")}
    for name in ("a.txt", "b.txt"):
        (desk.root / name).rename(desk.root / f"nouveau {name}")

    assert counts(desk.run(source)) == {"renamed": 2, "unchanged": 1}
    documents = desk.house.all_documents()
    assert {documents[f"nouveau {name}"].id for name in ("a.txt", "b.txt")} == ids


def test_swapped_files_end_under_their_own_names(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    desk.write({"a.txt": TWO["sous/b.txt"], "sous/b.txt": TWO["a.txt"]})

    assert counts(desk.run(source)) == {"changed": 2}
    assert desk.house.live_texts()["a.txt"][0] == "Règlement B"
    assert desk.house.live_texts()["sous/b.txt"][0] == "Règlement A"


def test_patterns_leave_files_out_and_their_documents_go(desk: Desk) -> None:
    desk.write({**TEN, "brouillons/x.txt": "Brouillon"})
    source = desk.add()
    desk.run(source)
    draft = SourceDraft(source.name, source.address, exclude=("Brouillons",))
    desk.change(source, draft)

    run = desk.run(source)

    assert counts(run) == {"unchanged": 10, "removed": 1, "ignored": 1}


def test_a_plan_that_removes_more_than_its_share_waits_for_a_person(desk: Desk) -> None:
    desk.write(TEN)
    source = desk.add()
    desk.run(source)
    for number in range(4):
        (desk.root / f"{number}.txt").unlink()
    desk.write({"nouveau.txt": "Nouveau"})

    run = desk.run(source)

    assert run.state is RunState.AWAITING_APPROVAL
    assert run.outcome.count(Finding.REMOVED) == 4
    assert set(desk.house.all_documents()) == set(TEN)
    desk.decide(source, run, is_approved=True)
    desk.runner.run_once()
    desk.house.settle()
    assert set(desk.house.all_documents()) == {*TEN, "nouveau.txt"} - {
        f"{number}.txt" for number in range(4)
    }
    decided = desk.told(source.id, run)
    assert (decided.state, decided.decided_by) == (
        RunState.APPROVED,
        desk.house.principal.person_id,
    )


def test_what_is_missing_since_the_approval_waits_again(desk: Desk) -> None:
    desk.write(TEN)
    source = desk.add()
    desk.run(source)
    for number in range(4):
        (desk.root / f"{number}.txt").unlink()
    run = desk.run(source)
    desk.decide(source, run, is_approved=True)
    (desk.root / "9.txt").unlink()

    desk.runner.run_once()

    waiting = desk.sources.get(
        source.id, principal=desk.house.principal, scope=desk.house.scope
    ).open_run
    assert waiting is not None
    assert waiting.state is RunState.AWAITING_APPROVAL
    assert waiting.outcome.count(Finding.REMOVED) == 5
    assert len(desk.house.all_documents()) == 10


def test_a_refused_plan_changes_nothing_and_is_decided_once(desk: Desk) -> None:
    desk.write(TEN)
    source = desk.add()
    desk.run(source)
    for number in range(4):
        (desk.root / f"{number}.txt").unlink()
    run = desk.run(source)
    desk.decide(source, run, is_approved=False)

    with pytest.raises(Conflict) as error:
        desk.decide(source, run, is_approved=True)
    assert error.value.code == "source_not_waiting"
    assert not desk.runner.run_once()
    assert len(desk.house.all_documents()) == 10


def test_few_removals_go_through_whatever_their_share(desk: Desk) -> None:
    desk.write({f"{number}.txt": f"Texte {number}" for number in range(3)})
    source = desk.add()
    desk.run(source)
    (desk.root / "0.txt").unlink()

    assert counts(desk.run(source)) == {"removed": 1, "unchanged": 2}


def test_an_emptied_folder_always_waits(desk: Desk) -> None:
    desk.write({"a.txt": "Texte"})
    source = desk.add()
    desk.run(source)
    (desk.root / "a.txt").unlink()

    assert desk.run(source).state is RunState.AWAITING_APPROVAL
    assert set(desk.house.all_documents()) == {"a.txt"}


def test_a_source_that_cannot_be_listed_whole_removes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write({**TEN, "fermé/x.txt": "Texte x"})
    source = desk.add()
    desk.run(source)
    (desk.root / "0.txt").unlink()
    _close_folders(monkeypatch, "fermé")

    run = desk.run(source)

    assert counts(run) == {"unchanged": 9, "unreadable": 1}
    assert (run.outcome.is_complete, run.outcome.kept_back) == (False, 2)
    assert run.outcome.faults == (("fermé", "folder_unreadable"),)
    assert len(desk.house.all_documents()) == 11


def _close_folders(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The system refuses to list folders of a name (tests run as root, who may list all)."""
    import os

    opened = os.open

    def refuse(path: str, flags: int, *others: Any, **named: Any) -> int:
        if flags & os.O_DIRECTORY and str(path).endswith(name):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, *others, **named)

    monkeypatch.setattr(os, "open", refuse)


def test_a_folder_that_is_gone_fails_with_its_reason_and_removes_nothing(desk: Desk) -> None:
    desk.write({f"sous/{name}": text for name, text in TWO.items()})
    source = desk.add(address=str(desk.root / "sous"))
    desk.run(source)
    (desk.root / "sous").rename(desk.root / "ailleurs")

    run = desk.run(source)

    assert run.state is RunState.FAILED
    assert run.reason is not None
    assert run.reason.code == "folder_missing"
    assert len(desk.house.all_documents()) == 2


def test_a_file_that_cannot_be_opened_keeps_its_document_and_is_told_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    desk.write({"a.txt": "Règlement A\nAide changée"})
    _fail_at(monkeypatch, "a.txt", "file_unreadable")

    first, second = desk.run(source), desk.run(source)

    assert counts(first)["unreadable"] == 1
    document = desk.house.all_documents()["a.txt"]
    assert document.state is DocumentState.LIVE
    assert document.reason is not None
    assert document.reason.code == "file_unreadable"
    assert (len(first.outcome.jobs), second.outcome.jobs) == (1, ())
    monkeypatch.undo()
    desk.run(source)
    assert desk.house.live_texts()["a.txt"][1] == "Aide changée"


def test_a_file_that_vanishes_after_its_listing_leaves_no_document(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(TWO)
    source = desk.add()
    _fail_at(monkeypatch, "a.txt", "file_missing")

    run = desk.run(source)

    assert set(desk.house.all_documents()) == {"sous/b.txt"}
    assert counts(run)["unreadable"] == 1


def test_a_file_that_changes_while_it_is_read_is_read_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(TWO)
    source = desk.add()
    opened = FolderSource.open
    changes: list[str] = []

    @contextmanager
    def change(place: FolderSource, file: ListedFile) -> Generator[BinaryIO]:
        with opened(place, file) as stream:
            yield stream
            if not changes:
                changes.append(file.name)
                desk.write({"a.txt": "Règlement A\nAide changée"})

    monkeypatch.setattr(FolderSource, "open", change)
    run = desk.run(source)

    assert changes == ["a.txt"]
    assert counts(run) == {"added": 2}
    assert desk.house.live_texts()["a.txt"][1] == "Aide changée"


def _fail_at(monkeypatch: pytest.MonkeyPatch, name: str, code: str) -> None:
    opened = FolderSource.open

    @contextmanager
    def fail(place: FolderSource, file: ListedFile) -> Generator[BinaryIO]:
        if file.name == name:
            raise SourceFault(code)
        with opened(place, file) as stream:
            yield stream

    monkeypatch.setattr(FolderSource, "open", fail)


def test_a_file_that_is_too_large_fails_alone_and_once(desk: Desk) -> None:
    desk.write({**TWO, "gros.txt": "x" * (MAX_FILE_BYTES + 1)})
    source = desk.add()

    first, second = desk.run(source), desk.run(source)

    assert counts(first) == {"added": 2, "unreadable": 1}
    assert counts(second) == {"unchanged": 2, "unreadable": 1}
    assert second.outcome.jobs == ()
    reason = desk.house.all_documents()["gros.txt"].reason
    assert reason is not None
    assert reason.code == "file_too_large"


def test_a_damaged_file_is_not_read_again_until_it_changes(desk: Desk) -> None:
    desk.write({**TWO, "abîmé.txt": "damaged"})
    source = desk.add()
    desk.run(source)
    reads = len(desk.house.reader.names)

    run = desk.run(source)

    assert (counts(run), len(desk.house.reader.names)) == ({"unchanged": 3}, reads)


def test_an_original_that_was_lost_comes_back_with_the_next_run(desk: Desk) -> None:
    house = desk.house
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    before = house.live_texts()
    lost = house.all_documents()["a.txt"]
    house.files.path(lost.sha256).unlink()
    with house.open_work() as work:
        work.reconciliation.tell_lost([lost.id], now=house.clock.now())
        work.commit()

    run, later = desk.run(source), desk.run(source)

    assert (counts(run), counts(later)) == ({"changed": 1, "unchanged": 1}, {"unchanged": 2})
    assert house.files.has(lost.sha256)
    assert all(each.reason is None for each in house.all_documents().values())
    assert house.live_texts() == before


def test_a_reading_that_was_cancelled_is_taken_up_by_the_next_run(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.ask(source)
    desk.runner.run_once()
    job = desk.house.jobs.list_recent(scope=desk.house.scope, limit=1)[0][0]
    desk.house.jobs.cancel(job.id, principal=desk.house.principal, scope=desk.house.scope)

    run = desk.run(source)

    assert counts(run) == {"changed": 2}
    assert len(desk.house.live_texts()) == 2


def test_a_cancelled_update_is_told_and_taken_up_by_the_next_run(desk: Desk) -> None:
    house = desk.house
    desk.write({"budget.txt": "Budget de dix euros"})
    source = desk.add()
    desk.run(source)
    desk.write({"budget.txt": "Budget de vingt mille euros"})
    desk.ask(source)
    desk.runner.run_once()
    job = house.jobs.list_recent(scope=house.scope, limit=1)[0][0]

    house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)

    document = house.all_documents()["budget.txt"]
    assert document.state is DocumentState.LIVE
    assert document.reason is not None
    assert document.reason.code == "reading_cancelled"
    assert house.live_texts() == {"budget.txt": ["Budget de dix euros"]}
    desk.run(source)
    assert house.live_texts() == {"budget.txt": ["Budget de vingt mille euros"]}
    assert house.all_documents()["budget.txt"].reason is None


def test_a_document_deleted_by_hand_comes_back_while_its_file_is_there(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    document = desk.house.all_documents()["a.txt"]
    desk.house.documents.delete(document.id, principal=desk.house.principal, scope=desk.house.scope)

    assert counts(desk.run(source)) == {"added": 1, "unchanged": 1}


def test_the_newest_erased_files_are_told_and_all_are_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.services.source_drafts._MOST_ERASED", 1)
    house = desk.house
    who: Any = {"principal": house.principal, "scope": house.scope}
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    for name in ("a.txt", "sous/b.txt"):
        house.clock.advance(60)
        house.documents.delete(house.all_documents()[name].id, **who, with_traces=True)

    (told,) = desk.sources.list_all(**who)

    assert [each.erased_at for each in told.erased] == [house.clock.now()]
    assert told.erased_count == 2


def test_an_erased_document_stays_away_until_its_file_is_let_in(desk: Desk) -> None:
    house = desk.house
    who: Any = {"principal": house.principal, "scope": house.scope}
    desk.write({**TWO, "dossier/é.txt": "Texte É"})
    source, other = desk.add(), "autre"
    desk.run(source)
    for name in ("a.txt", "dossier/é.txt"):
        document = house.all_documents()[name]
        house.documents.delete(document.id, **who, with_traces=True)
        house.clock.advance(60)
    house.apply()

    assert counts(desk.run(source)) == {"unchanged": 1, "ignored": 2}
    newest, oldest = desk.sources.get(source.id, **who).erased
    assert newest.erased_at > oldest.erased_at
    with pytest.raises(NotFound):
        desk.requests.let_in(source.id, other, **who)
    with pytest.raises(Forbidden):
        desk.requests.let_in(source.id, oldest.id, principal=house.agent, scope=house.scope)

    left = desk.requests.let_in(source.id, oldest.id, **who)

    assert (left.erased, left.erased_count) == ((newest,), 1)
    with house.open_work() as work:
        entries = work.audit.walk_on(after=0, limit=500)
    (let_in,) = (each.facts for each in entries if each.act == "source.let_in")
    assert let_in["file"] == oldest.id
    assert counts(desk.run(source)) == {"added": 1, "unchanged": 1, "ignored": 1}
    assert set(house.all_documents()) == {"a.txt", "sous/b.txt"}


def test_estimates_come_from_past_jobs(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.ask(source)
    desk.runner.run_once()
    worker = desk.house.new_worker()
    worker.run_once()
    desk.house.clock.advance(6)
    desk.house.settle()
    size = sum(len(text.encode()) for text in TWO.values())
    desk.write({"c.txt": "x" * size})

    run = desk.run(source, RunKind.PLAN)

    assert run.outcome.read_bytes == size
    assert run.outcome.estimated_s == pytest.approx(6, abs=0.5)


def test_a_schedule_begins_with_the_first_run_and_follows_the_clock_of_the_tenant(
    desk: Desk,
) -> None:
    desk.write(TWO)
    source = desk.add(schedule=Schedule(Rhythm.DAILY, time(2, 30)))
    desk.house.clock.set(datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert desk.runner.ask_due() == 0
    desk.run(source)

    status = desk.sources.get(source.id, principal=desk.house.principal, scope=desk.house.scope)
    assert status.source.next_run_at == datetime(2026, 7, 2, 0, 30, tzinfo=UTC)
    desk.house.clock.set(datetime(2026, 7, 2, 0, 30, tzinfo=UTC))
    assert (desk.runner.ask_due(), desk.runner.ask_due()) == (1, 0)
    assert desk.runner.run_once()
    assert not desk.runner.run_once()


def test_a_source_that_fails_is_looked_at_again_within_the_hour(desk: Desk) -> None:
    desk.write({"sous/a.txt": "Texte"})
    source = desk.add(address=str(desk.root / "sous"), schedule=Schedule(Rhythm.WEEKLY, time(2), 6))
    desk.run(source)
    (desk.root / "sous").rename(desk.root / "ailleurs")
    desk.run(source)

    now = desk.house.clock.now()
    status = desk.sources.get(source.id, principal=desk.house.principal, scope=desk.house.scope)
    assert status.source.next_run_at == now + timedelta(hours=1)


def test_one_look_at_a_time_and_the_next_runner_takes_over_a_dead_one(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    run = desk.ask(source)
    with pytest.raises(Conflict) as error:
        desk.ask(source)
    assert error.value.code == "source_busy"
    with desk.house.open_work() as work:
        now = desk.house.clock.now()
        work.source_queue.lease(owner="mort", now=now, until=now + timedelta(seconds=30))
        work.commit()

    assert not desk.runner.run_once()
    desk.house.clock.advance(31)
    assert desk.runner.run_once()
    assert counts(desk.told(source.id, run)) == {"added": 2}


def test_a_run_killed_between_two_batches_is_made_again_without_loss(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.services.source_sync._FILES_A_JOB", 3)
    desk.write(TEN)
    source = desk.add()
    run = desk.ask(source)
    stop = threading.Event()
    submit = desk.house.ingestion.submit

    def submit_and_die(*args: object, **kwargs: object) -> object:
        stop.set()
        return submit(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.house.ingestion, "submit", submit_and_die)
    desk.runner._stop = stop  # pyright: ignore[reportPrivateUsage]
    assert desk.runner.run_once()
    monkeypatch.setattr(desk.house.ingestion, "submit", submit)
    assert desk.told(source.id, run).state is RunState.RUNNING
    assert len(desk.house.all_documents()) == 3

    desk.house.clock.advance(31)
    desk.new_runner(owner="suivant").run_once()
    desk.house.settle()

    assert desk.told(source.id, run).state is RunState.DONE
    assert set(desk.house.live_texts()) == set(TEN)


def test_a_source_removed_during_its_run_stops_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.services.source_sync._FILES_A_JOB", 3)
    desk.write(TEN)
    source = desk.add()
    desk.ask(source)
    submit = desk.house.ingestion.submit

    def submit_and_remove(*args: object, **kwargs: object) -> object:
        monkeypatch.setattr(desk.house.ingestion, "submit", submit)
        made = submit(*args, **kwargs)  # type: ignore[arg-type]
        _remove(desk, source.id, keeps_documents=False)
        return made

    monkeypatch.setattr(desk.house.ingestion, "submit", submit_and_remove)
    assert desk.runner.run_once()
    desk.house.settle()

    assert desk.house.all_documents() == {}
    assert not desk.runner.run_once()


def _remove(desk: Desk, source_id: SourceId, *, keeps_documents: bool) -> None:
    desk.sources.remove(
        source_id,
        keeps_documents=keeps_documents,
        principal=desk.house.principal,
        scope=desk.house.scope,
    )


def test_removal_keeps_documents_or_deletes_them(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    _remove(desk, source.id, keeps_documents=True)
    assert len(desk.house.all_documents()) == 2

    again = desk.add()
    desk.run(again)
    assert len(desk.house.documents.list_page(scope=desk.house.scope, limit=99)) == 4
    _remove(desk, again.id, keeps_documents=False)
    assert {each.source for each in desk.house.all_documents().values()} == {source.label}


@pytest.mark.parametrize("address", ["/etc", "{root}/../ailleurs", "{root}x", "relatif", "/", ""])
def test_a_folder_that_the_operator_did_not_open_is_refused(desk: Desk, address: str) -> None:
    (desk.root.parent / "ailleurs").mkdir()
    draft = SourceDraft("Interdit", address.format(root=desk.root))
    with pytest.raises(InvalidInput) as error:
        desk.sources.add(
            draft,
            kind=SourceKind.FOLDER,
            collection_id=None,
            principal=desk.house.principal,
            scope=desk.house.scope,
        )
    assert error.value.code in {"source_place_refused", "source_address_refused"}


def test_a_link_below_the_root_does_not_open_what_is_elsewhere(desk: Desk) -> None:
    secret = desk.root.parent / "secret"
    secret.mkdir()
    (desk.root / "lien").symlink_to(secret)

    with pytest.raises(InvalidInput) as error:
        desk.add(address=str(desk.root / "lien"))
    assert error.value.code == "source_place_refused"


def test_folders_are_open_to_named_tenants_or_to_the_owner_of_the_machine(desk: Desk) -> None:
    own = desk.house.principal.tenant_id
    assert desk.places.folders_of(own) == (str(desk.root),)
    assert desk.places.folders_of(type(own)("autre")) == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://ailleurs.exemple.fr/dav",
        "http://nuage.exemple.fr/dav",
        "https://nuage.exemple.fr:8443/dav",
        "https://lecture:secret@nuage.exemple.fr/dav",
        "https://nuage.exemple.fr@ailleurs.fr/dav",
        "https://nuage.exemple.fr/dav?x=1",
        "ftp://nuage.exemple.fr/",
        "file:///etc",
        "https://[",
    ],
)
def test_a_server_that_the_operator_does_not_allow_is_refused(
    house: House, tmp_path: Path, url: str
) -> None:
    desk = Desk(house, tmp_path / "partage", hosts=("nuage.exemple.fr",))
    draft = SourceDraft("Nuage", url, user="lecture", password="secret")

    with pytest.raises(InvalidInput) as error:
        _add_webdav(desk, draft)
    assert error.value.code in {"source_host_refused", "source_address_refused"}
    assert "secret" not in str(error.value.params)


def _add_webdav(desk: Desk, draft: SourceDraft) -> SourceId:
    return desk.sources.add(
        draft,
        kind=SourceKind.WEBDAV,
        collection_id=None,
        principal=desk.house.principal,
        scope=desk.house.scope,
    ).source.id


def test_a_password_is_kept_sealed_and_goes_nowhere_else(house: House, tmp_path: Path) -> None:
    desk = Desk(house, tmp_path / "partage", hosts=("nuage.exemple.fr", "autre.exemple.fr"))
    url = "https://nuage.exemple.fr/dav"
    draft = SourceDraft("Nuage", url, user="lecture", password="mot-secret")
    source_id = _add_webdav(desk, draft)
    with house.open_work() as work:
        sealed = work.source_queue.sealed(source_id)
        source = work.source_queue.source(source_id)
    assert source is not None
    assert "mot-secret" not in sealed
    assert desk.sealer.open(sealed, owner=source_id) == "mot-secret"

    kept = desk.change(source, replace(draft, password=None, name="Autre nom"))
    assert kept.has_password
    for changed in ({"address": "https://autre.exemple.fr/dav"}, {"user": "autre"}):
        with pytest.raises(InvalidInput) as error:
            desk.change(source, replace(draft, password=None, **changed))
        assert error.value.code == "source_password_elsewhere"


def test_only_administrators_and_within_their_tenant(desk: Desk) -> None:
    source = desk.add()
    with pytest.raises(Forbidden):
        desk.sources.list_all(principal=desk.house.agent, scope=desk.house.scope)
    with pytest.raises(Forbidden):
        desk.requests.ask(
            source.id, RunKind.SYNC, principal=desk.house.agent, scope=desk.house.scope
        )
    nobody = Scope(desk.house.scope.tenant_id, desk.house.scope.person_id, frozenset())
    with pytest.raises(NotFound):
        desk.sources.get(source.id, principal=desk.house.principal, scope=nobody)
    with pytest.raises(NotFound):
        desk.sources.add(
            SourceDraft("Ailleurs", str(desk.root)),
            kind=SourceKind.FOLDER,
            collection_id=CollectionId("ailleurs"),
            principal=desk.house.principal,
            scope=desk.house.scope,
        )


def test_names_are_taken_once(desk: Desk) -> None:
    desk.add()
    with pytest.raises(Conflict) as error:
        desk.add()
    assert error.value.code == "source_name_taken"


def test_every_change_is_in_the_audit_log(desk: Desk) -> None:
    desk.write(TEN)
    source = desk.add()
    desk.run(source)
    for number in range(9):
        (desk.root / f"{number}.txt").unlink()
    desk.decide(source, desk.run(source), is_approved=True)
    desk.runner.run_once()
    _remove(desk, source.id, keeps_documents=True)

    with desk.house.open_work() as work:
        entries = work.audit.walk_on(after=0, limit=500)
    acts = [each.act for each in entries if each.subject == source.id]
    assert acts == [
        "source.created",
        "source.asked",
        "source.asked",
        "source.decided",
        "source.deleted",
    ]
    assert sum(each.act == "document.deleted" for each in entries) == 9


def test_items_of_renamed_documents_say_unchanged(desk: Desk) -> None:
    desk.write(TWO)
    source = desk.add()
    desk.run(source)
    (desk.root / "a.txt").rename(desk.root / "c.txt")
    desk.run(source)

    job = desk.house.jobs.list_recent(scope=desk.house.scope, limit=1)[0][0]
    assert desk.house.states(job) == {"c.txt": ItemState.UNCHANGED}


def test_a_document_that_takes_the_name_of_an_erased_one_stays(desk: Desk) -> None:
    house = desk.house
    source = desk.add()
    desk.write({"rapport.txt": "Ancien", "rapport-v2.txt": "Corrigé"})
    desk.run(source)
    erased = house.all_documents()["rapport.txt"]
    house.documents.delete(
        erased.id, principal=house.principal, scope=house.scope, with_traces=True
    )
    house.apply()

    (desk.root / "rapport-v2.txt").replace(desk.root / "rapport.txt")

    assert counts(desk.run(source)) == {"renamed": 1}
    assert counts(desk.run(source)) == {"unchanged": 1}
    assert house.live_texts() == {"rapport.txt": ["Corrigé"]}
