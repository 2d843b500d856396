from __future__ import annotations

from io import BytesIO

import pytest

from assistant.domain.errors import Conflict
from assistant.domain.jobs import ItemState, Job, JobItem, JobState
from assistant.services.access import default_collection
from assistant.services.pushed_documents import Place, PushedDocuments
from tests.house import House

TWO = {"a.txt": "Texte A", "b.txt": "Texte B"}
THREE = {**TWO, "c.txt": "Texte C"}


def reasons(house: House) -> dict[str, str | None]:
    return {
        name: document.reason.code if document.reason else None
        for name, document in house.all_documents().items()
    }


def test_a_second_run_takes_over_what_the_first_left(house: House) -> None:
    old, wanted = house.announce(THREE)
    for item in wanted[:2]:
        house.send(item, THREE[item.name])

    new, missing = house.announce(THREE)

    assert [item.name for item in missing] == ["c.txt"]
    assert house.states(new) == {
        "a.txt": ItemState.PENDING,
        "b.txt": ItemState.PENDING,
        "c.txt": ItemState.AWAITING_FILE,
    }
    assert house.state_of(old).state is JobState.CANCELLED
    assert set(house.states(old).values()) == {ItemState.CANCELLED}
    assert reasons(house) == {"a.txt": None, "b.txt": None}
    house.send(missing[0], THREE["c.txt"])
    house.settle()
    assert sorted(house.reader.names) == ["a.txt", "b.txt", "c.txt"]
    assert house.state_of(new).state is JobState.SUCCEEDED
    assert set(house.live_texts()) == set(THREE)


def test_what_the_second_run_no_longer_names_goes_without_blame(house: House) -> None:
    house.submit(TWO)

    new = house.ingest({"a.txt": "Texte A"})

    assert house.state_of(new).state is JobState.SUCCEEDED
    assert reasons(house) == {"a.txt": None}
    assert house.reader.names == ["a.txt"]


def test_a_worker_leaves_a_superseded_job_for_the_new_one(house: House) -> None:
    old = house.submit({**TWO, "d.txt": "Texte D"})
    news: list[ItemState] = []

    def supersede(_: str) -> None:
        house.reader.hook = lambda _: None
        news.extend(house.states(house.announce(TWO)[0]).values())

    house.reader.hook = supersede
    house.settle()

    assert news == [ItemState.PENDING, ItemState.PENDING, ItemState.REMOVED]
    assert house.state_of(old).state is JobState.CANCELLED
    assert set(house.live_texts()) == set(TWO)
    assert set(reasons(house).values()) == {None}
    assert {job.state for job, _ in house.jobs.list_recent(scope=house.scope, limit=9)} == {
        JobState.CANCELLED,
        JobState.SUCCEEDED,
    }


def test_what_was_read_still_reaches_the_index(house: House) -> None:
    old = house.submit(TWO)
    house.work()
    assert set(house.states(old).values()) == {ItemState.INDEXING}

    new, wanted = house.announce(TWO)
    house.apply()

    assert wanted == []
    assert set(house.states(old).values()) == {ItemState.INDEXED}
    assert house.state_of(old).state is JobState.SUCCEEDED
    house.settle()
    assert set(house.states(new).values()) == {ItemState.UNCHANGED}
    assert len(house.reader.names) == 2


@pytest.mark.parametrize("is_complete", [True, False])
def test_the_same_again_is_answered_with_the_job_that_is_at_it(
    house: House, *, is_complete: bool
) -> None:
    first = house.submit(TWO, is_complete=is_complete)
    seen: list[tuple[Job, list[JobItem]]] = []

    def again(_: str) -> None:
        house.reader.hook = lambda _: None
        seen.append(house.announce(TWO, is_complete=is_complete))

    again("")
    house.reader.hook = again
    house.settle()

    assert {(job.id, *wanted) for job, wanted in seen} == {(first.id,)}
    assert house.state_of(first).state is JobState.SUCCEEDED
    assert sorted(house.reader.names) == sorted(TWO)
    assert len(house.jobs.list_recent(scope=house.scope, limit=9)) == 1


def test_a_document_put_again_goes_on_being_read(house: House) -> None:
    pushed = PushedDocuments(
        house.open_work,
        house.files,
        ingestion=house.ingestion,
        documents=house.documents,
        max_file_bytes=99,
    )
    with house.open_work() as work:
        collection = default_collection(work, scope=house.scope)

    def put(text: str, *, name: str = "a.txt") -> Job:
        place, content = Place("12", collection.id), BytesIO(text.encode())
        return pushed.put(
            place, content, name=name, principal=house.principal, scope=house.scope
        ).job

    first = put("Texte A")
    again = [put("Texte A"), put("Texte A", name="b.txt"), put("Texte A", name="b.txt")]

    def put_again(_: str) -> None:
        house.reader.hook = lambda _: None
        again.append(put("Texte A", name="b.txt"))

    house.reader.hook = put_again
    house.settle()

    assert {job.id for job in again} == {first.id}
    assert house.state_of(first).state is JobState.SUCCEEDED
    assert len(house.reader.names) == 1
    changed = [put("Texte B"), put("Texte C")]
    assert len({job.id for job in (first, *changed)}) == 3
    assert house.state_of(changed[0]).state is JobState.CANCELLED


@pytest.mark.parametrize("source", ["/autre", "upload"])
def test_other_sources_and_uploads_go_on(house: House, source: str) -> None:
    older = house.submit(TWO, source=source)

    house.submit(TWO, source="/dossier" if source != "upload" else "upload", is_complete=False)

    assert house.state_of(older).state is JobState.QUEUED
    assert set(house.states(older).values()) == {ItemState.PENDING}


def test_a_reindexing_goes_on(house: House) -> None:
    house.ingest(TWO)
    reindexing = house.ingestion.reindex(
        None, force=True, principal=house.principal, scope=house.scope
    )

    house.announce(TWO)

    assert house.state_of(reindexing).state is JobState.QUEUED


def test_one_file_of_a_folder_leaves_the_others_to_the_older_job(house: House) -> None:
    older, wanted = house.announce(TWO)
    for item in wanted:
        house.send(item, TWO[item.name])

    newer = house.submit({"a.txt": "Texte A, corrigé"}, is_complete=False)

    assert house.states(older) == {"a.txt": ItemState.CANCELLED, "b.txt": ItemState.PENDING}
    house.settle()
    assert house.live_texts() == {"a.txt": ["Texte A, corrigé"], "b.txt": ["Texte B"]}
    assert house.state_of(newer).state is JobState.SUCCEEDED
    assert set(reasons(house).values()) == {None}


def test_the_same_files_again_end_the_older_job(house: House) -> None:
    older, _ = house.announce(TWO, is_complete=False)

    house.announce(TWO, is_complete=False)

    assert house.state_of(older).state is JobState.CANCELLED


def test_a_file_sent_for_a_superseded_job_is_no_longer_expected(house: House) -> None:
    _, wanted = house.announce(TWO)
    house.announce(TWO)

    with pytest.raises(Conflict) as refused:
        house.send(wanted[0], TWO["a.txt"])

    assert refused.value.code == "item_ended"
