from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from assistant.adapters.files.folder import FolderFileStore
from assistant.domain.documents import DocumentState
from assistant.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from assistant.domain.ids import CollectionId, DocumentId
from assistant.domain.jobs import ItemState, Job, JobItem, JobState
from assistant.domain.tenancy import Scope
from assistant.services.submission import AnnouncedFile, Submission
from ingest.tools import Tool
from tests.house import MAX_FILE_BYTES, House, announced, open_house

pytestmark = pytest.mark.each_engine
TWO = {"a.txt": "Règlement A\nAide de dix euros", "sous/b.txt": "Règlement B\nAide de vingt euros"}


@dataclass(frozen=True)
class Submitted:
    job: Job
    wanted: list[JobItem]
    items: dict[str, JobItem]


def submit(
    house: House,
    *files: AnnouncedFile,
    source: str = "/dossier",
    unreadable: tuple[tuple[str, str], ...] = (),
    is_complete: bool = False,
    collection_id: CollectionId | None = None,
) -> Submitted:
    request = Submission(source, files, collection_id, unreadable, is_complete)
    job, wanted = house.ingestion.submit(request, principal=house.principal, scope=house.scope)
    return Submitted(house.state_of(job), wanted, house.items(job))


def test_submit_wants_what_is_new(house: House) -> None:
    job, wanted = house.announce(TWO)

    assert job.state is JobState.QUEUED
    assert [item.name for item in wanted] == ["a.txt", "sous/b.txt"]
    assert {item.state for item in wanted} == {ItemState.AWAITING_FILE}


def test_ingest_makes_documents_live_and_searchable(house: House) -> None:
    job = house.ingest(TWO)

    assert job.state is JobState.SUCCEEDED
    assert set(house.states(job).values()) == {ItemState.INDEXED}
    assert house.live_texts()["a.txt"] == ["Règlement A", "Aide de dix euros"]
    assert [chunk.file for chunk in house.search("vingt euros")][:1] == ["sous/b.txt"]
    document = house.all_documents()["a.txt"]
    assert (document.state, document.title, document.chunk_count) == (
        DocumentState.LIVE,
        "Règlement A",
        2,
    )


def test_same_folder_twice_changes_nothing_and_says_so(house: House) -> None:
    house.ingest(TWO)
    reads = len(house.reader.names)

    job = house.ingest(TWO)

    assert job.state is JobState.SUCCEEDED
    assert set(house.states(job).values()) == {ItemState.UNCHANGED}
    assert len(house.reader.names) == reads
    assert job.finished_at is not None


def test_another_reader_version_reads_all_again_without_asking_for_contents(house: House) -> None:
    house.ingest(TWO)
    house.reader._version = "lines-2"  # pyright: ignore[reportPrivateUsage]
    house.ingestion = house.new_ingestion()

    job, wanted = house.announce(TWO)
    house.settle()

    assert wanted == []
    assert set(house.states(job).values()) == {ItemState.INDEXED}


SCANNED = {
    "texte.txt": "Texte seul",
    "mixte.txt": "Texte\n[image]",
    "scan.txt": "[image]",
}


def test_what_a_missing_program_kept_from_being_read_is_read_once_it_is_there(house: House) -> None:
    house.reader.missing = frozenset(Tool)
    house.ingest(SCANNED)
    assert house.live_texts() == {"texte.txt": ["Texte seul"], "mixte.txt": ["Texte"]}

    house.reader.missing = frozenset({Tool.LIBREOFFICE})
    job = house.ingest(SCANNED)

    assert house.states(job) == {
        "texte.txt": ItemState.UNCHANGED,
        "mixte.txt": ItemState.INDEXED,
        "scan.txt": ItemState.INDEXED,
    }
    assert house.live_texts()["mixte.txt"] == ["Texte", "[image]"]
    assert house.live_texts()["scan.txt"] == ["[image]"]


@pytest.mark.parametrize("before", [frozenset[Tool](), frozenset({Tool.TESSERACT})])
@pytest.mark.parametrize("after", [frozenset({Tool.TESSERACT}), frozenset(Tool)])
def test_programs_that_are_missing_still_or_from_now_on_read_nothing_again(
    house: House, before: frozenset[Tool], after: frozenset[Tool]
) -> None:
    contents = {name: text for name, text in SCANNED.items() if name != "scan.txt"}
    house.reader.missing = before
    house.ingest(contents)
    served, reads = house.live_texts(), len(house.reader.names)

    house.reader.missing = after
    job = house.ingest(contents)

    assert set(house.states(job).values()) == {ItemState.UNCHANGED}
    assert len(house.reader.names) == reads
    assert house.live_texts() == served


def test_a_program_that_was_added_counts_for_reindexing_too(house: House) -> None:
    house.reader.missing = frozenset({Tool.TESSERACT})
    house.ingest(SCANNED)
    house.reader.missing = frozenset()

    job = house.ingestion.reindex(None, force=False, principal=house.principal, scope=house.scope)
    house.settle()

    assert house.states(job) == {
        "texte.txt": ItemState.UNCHANGED,
        "mixte.txt": ItemState.INDEXED,
        "scan.txt": ItemState.INDEXED,
    }


def test_unchanged_thousand_files_take_one_second(house: House) -> None:
    contents = {f"{number:04}.txt": f"Texte {number}" for number in range(1000)}
    house.plant_live(contents)

    begun = time.perf_counter()
    job, wanted = house.announce(contents)
    taken = time.perf_counter() - begun

    assert wanted == []
    assert job.state is JobState.SUCCEEDED
    assert taken < 1


def test_changed_file_replaces_and_removed_file_goes(house: House) -> None:
    house.ingest(TWO)

    job = house.ingest({"a.txt": "Règlement A\nAide de trente euros"})

    assert house.states(job) == {"a.txt": ItemState.INDEXED, "sous/b.txt": ItemState.REMOVED}
    assert house.live_texts() == {"a.txt": ["Règlement A", "Aide de trente euros"]}
    assert house.search("vingt") == []
    assert house.index.count_all() == 2


def test_folder_that_suddenly_holds_nothing_removes_nothing(house: House) -> None:
    house.ingest(TWO)

    with pytest.raises(InvalidInput) as refused:
        house.announce({})

    assert (refused.value.code, refused.value.params) == ("source_empty", {"documents": 2})
    assert "--allow-empty" in refused.value.sentence
    assert set(house.live_texts()) == set(TWO)


def test_folder_that_is_meant_to_be_empty_loses_its_documents(house: House) -> None:
    house.ingest(TWO)
    request = Submission("/dossier", (), is_complete=True, may_empty=True)

    job, _ = house.ingestion.submit(request, principal=house.principal, scope=house.scope)

    assert job.state is JobState.SUCCEEDED
    assert house.all_documents() == {}


def test_empty_folder_without_documents_is_a_job_without_files(house: House) -> None:
    job, wanted = house.announce({})

    assert (job.state, wanted) == (JobState.SUCCEEDED, [])


def test_folder_of_unreadable_files_keeps_their_documents(house: House) -> None:
    house.ingest(TWO)
    unreadable = tuple((name, "file_unreadable") for name in TWO)

    submit(house, unreadable=unreadable, is_complete=True)

    assert set(house.live_texts()) == set(TWO)


def test_partial_submission_removes_nothing(house: House) -> None:
    house.ingest(TWO)

    house.ingest({"c.txt": "Texte C"}, is_complete=False)

    assert set(house.live_texts()) == {"a.txt", "sous/b.txt", "c.txt"}


@pytest.mark.parametrize(
    "name",
    [
        "../x.txt",
        "a/../x.txt",
        "/etc/passwd",
        "C:/x.txt",
        "a\\..\\x.txt",
        "a//b",
        "a\x00b",
        "a\nb",
        ".",
        "é" * 1001,
        "a\u2028b",
    ],
)
def test_unsafe_name_fails_alone(house: House, name: str) -> None:
    files = (announced(name, "x"), announced("sain.txt", "Texte sain"))

    result = submit(house, *files)

    states = [item.state for item in result.items.values()]
    assert states == [ItemState.FAILED, ItemState.AWAITING_FILE]
    reason = next(iter(result.items.values())).reason
    assert reason is not None
    assert reason.code == "file_name_unsafe"
    assert set(house.all_documents()) == set()


def test_names_are_compared_in_one_unicode_form(house: House) -> None:
    house.ingest({"délibération.txt": "Texte"})

    job, wanted = house.announce({"de\u0301libe\u0301ration.txt": "Texte"})

    assert wanted == []
    assert list(house.states(job).values()) == [ItemState.UNCHANGED]


def test_second_file_of_one_name_fails_and_the_first_goes_on(house: House) -> None:
    result = submit(house, announced("a.txt", "un"), announced("a.txt", "deux"))

    assert len(result.wanted) == 1
    items = house.jobs.items(result.job.id, scope=house.scope, limit=10)
    assert [item.state for item in items] == [ItemState.AWAITING_FILE, ItemState.FAILED]
    assert items[1].reason is not None
    assert items[1].reason.code == "file_name_duplicate"


def test_unreadable_file_keeps_its_live_version_and_tells_why(house: House) -> None:
    house.ingest(TWO)

    files = (announced("a.txt", TWO["a.txt"]),)
    result = submit(
        house, *files, unreadable=(("sous/b.txt", "file_unreadable"),), is_complete=True
    )

    assert result.job.state is JobState.PARTLY_FAILED
    document = house.all_documents()["sous/b.txt"]
    assert document.state is DocumentState.LIVE
    assert document.reason is not None
    assert document.reason.code == "file_unreadable"


def test_file_that_was_unreadable_once_and_is_unchanged_fails_no_more(house: House) -> None:
    house.ingest({"a.txt": "Texte A"})
    submit(house, unreadable=(("a.txt", "file_unreadable"),))
    assert house.all_documents()["a.txt"].reason is not None

    job = house.ingest({"a.txt": "Texte A"})

    document = house.all_documents()["a.txt"]
    assert house.states(job) == {"a.txt": ItemState.UNCHANGED}
    assert (document.state, document.reason) == (DocumentState.LIVE, None)


def test_unreadable_new_file_is_a_failed_document(house: House) -> None:
    submit(house, unreadable=(("x.pdf", "file_unreadable"),))

    assert house.all_documents()["x.pdf"].state is DocumentState.FAILED


@pytest.mark.parametrize("name", ["sous", "."])
def test_an_unreadable_folder_is_told_and_becomes_no_document(house: House, name: str) -> None:
    house.ingest(TWO)
    files = (announced("a.txt", TWO["a.txt"]),)

    told = submit(house, *files, unreadable=((name, "folder_unreadable"),))
    again = house.ingest(TWO)

    reason = told.items[name].reason
    assert reason is not None
    assert reason.code == "folder_unreadable"
    assert told.job.state is JobState.PARTLY_FAILED
    assert set(house.states(again).values()) == {ItemState.UNCHANGED}
    assert set(house.all_documents()) == set(TWO)


def test_unknown_code_of_an_unreadable_file_is_refused(house: House) -> None:
    with pytest.raises(InvalidInput):
        submit(house, unreadable=(("x.pdf", "no_such_code"),))


def test_announced_too_large_fails_without_upload(house: House) -> None:
    file = AnnouncedFile("gros.txt", "0" * 64, MAX_FILE_BYTES + 1)

    result = submit(house, file)

    assert result.wanted == []
    reason = result.items["gros.txt"].reason
    assert reason is not None
    assert reason.code == "file_too_large"
    assert result.job.state is JobState.FAILED


def test_received_too_large_fails_its_item_and_the_job_goes_on(house: House) -> None:
    big = "x" * (MAX_FILE_BYTES + 10)
    liar = AnnouncedFile("gros.txt", sha256(big.encode()).hexdigest(), 10)
    job = submit(house, liar, announced("b.txt", "Texte B"))
    by_name = {item.name: item for item in job.wanted}

    failed = house.send(by_name["gros.txt"], big)
    house.send(by_name["b.txt"], "Texte B")
    house.settle()

    assert failed.state is ItemState.FAILED
    assert failed.reason is not None
    assert failed.reason.code == "file_too_large"
    assert house.state_of(job.job).state is JobState.PARTLY_FAILED
    assert not house.files.has(liar.sha256)


@pytest.mark.parametrize("sent", ["autre contenu", "", "Texte A plus long"])
def test_content_that_is_not_the_announced_one_fails_and_nothing_is_kept(
    house: House, sent: str
) -> None:
    _, wanted = house.announce({"a.txt": "Texte A"})

    item = house.send(wanted[0], sent)

    assert item.reason is not None
    assert item.reason.code == "content_changed"
    assert not house.files.has(sha256(sent.encode()).hexdigest())


def test_content_sent_twice_changes_nothing(house: House) -> None:
    _, wanted = house.announce({"a.txt": "Texte A"})
    house.send(wanted[0], "Texte A")

    again = house.send(wanted[0], "Texte A")

    assert again.state is ItemState.PENDING


def test_content_for_an_ended_item_is_a_conflict(house: House) -> None:
    job, wanted = house.announce({"a.txt": "Texte A"})
    house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)

    with pytest.raises(Conflict):
        house.send(wanted[0], "Texte A")


def test_agents_do_not_ingest(house: House) -> None:
    request = Submission(source="upload", files=())

    with pytest.raises(Forbidden):
        house.ingestion.submit(request, principal=house.agent, scope=house.scope)
    with pytest.raises(Forbidden):
        house.ingestion.reindex(None, force=True, principal=house.agent, scope=house.scope)


@pytest.mark.parametrize("source", ["", "a\nb", "x" * 1001])
def test_bad_source_is_refused(house: House, source: str) -> None:
    with pytest.raises(InvalidInput):
        submit(house, source=source)


def test_collection_outside_the_scope_is_not_found(house: House) -> None:
    nothing = Scope(house.scope.tenant_id, house.scope.person_id, frozenset())
    with pytest.raises(NotFound):
        submit(house, collection_id=CollectionId("other"))
    with pytest.raises(NotFound):
        house.ingestion.submit(
            Submission(source="upload", files=()), principal=house.principal, scope=nothing
        )


def test_reindex_reads_again_from_the_kept_originals(house: House) -> None:
    house.ingest(TWO)
    reads = len(house.reader.names)

    job = house.ingestion.reindex(None, force=True, principal=house.principal, scope=house.scope)
    house.settle()

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert len(house.reader.names) == reads + 2
    assert set(house.live_texts()) == set(TWO)
    assert house.index.count_all() == 4


@pytest.mark.parametrize("force", [True, False])
def test_reindexed_failed_document_waits_again(house: House, force: bool) -> None:
    house.ingest({"a.txt": "damaged"})

    house.ingestion.reindex(None, force=force, principal=house.principal, scope=house.scope)
    waiting = house.all_documents()["a.txt"]
    house.settle()

    assert (waiting.state, waiting.reason) == (DocumentState.PENDING, None)
    assert house.all_documents()["a.txt"].state is DocumentState.FAILED


def test_reindex_without_force_skips_what_is_up_to_date(house: House) -> None:
    house.ingest(TWO)

    job = house.ingestion.reindex(None, force=False, principal=house.principal, scope=house.scope)

    assert job.state is JobState.SUCCEEDED
    assert set(house.states(job).values()) == {ItemState.UNCHANGED}


def test_reindex_of_an_unknown_document_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        house.ingestion.reindex(
            [DocumentId("none")], force=True, principal=house.principal, scope=house.scope
        )


def test_same_content_under_two_names_is_embedded_once_and_both_are_found(house: House) -> None:
    job = house.ingest({"a.txt": "Texte commun", "b.txt": "Texte commun"})

    assert job.state is JobState.SUCCEEDED
    assert {chunk.file for chunk in house.search("commun")} == {"a.txt", "b.txt"}


class WatchedStore(FolderFileStore):
    """Calls a hook when it was asked for a content and holds it."""

    hook: Callable[[], None] = staticmethod(lambda: None)

    def has(self, sha256: str) -> bool:
        found = super().has(sha256)
        if found:
            self.hook()
        return found


def test_content_that_a_plan_counts_on_is_not_swept_meanwhile(tmp_path: Path) -> None:
    files = WatchedStore(tmp_path / "files")
    house = open_house(tmp_path, files=files)
    house.ingest({"a.txt": "Texte commun"})
    document = house.all_documents()["a.txt"]

    def delete_and_sweep() -> None:
        house.documents.delete(document.id, principal=house.principal, scope=house.scope)
        house.apply()

    other = threading.Thread(target=delete_and_sweep)

    def delete_meanwhile() -> None:
        files.hook = lambda: None
        other.start()
        other.join(0.3)

    files.hook = delete_meanwhile

    job, wanted = house.announce({"b.txt": "Texte commun"}, is_complete=False)
    other.join()
    house.settle()

    assert wanted == []
    assert house.states(job) == {"b.txt": ItemState.INDEXED}
    house.close()


def test_content_of_a_document_deleted_just_before_is_asked_for_again(house: House) -> None:
    house.ingest({"a.txt": "Texte commun"})
    document = house.all_documents()["a.txt"]
    house.documents.delete(document.id, principal=house.principal, scope=house.scope)

    job, wanted = house.announce({"a.txt": "Texte commun"}, is_complete=False)
    house.apply()
    house.send(wanted[0], "Texte commun")
    house.settle()

    assert house.states(job) == {"a.txt": ItemState.INDEXED}
