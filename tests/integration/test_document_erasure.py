"""An erased document: every byte of the data folder is searched for its text and its name."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.adapters.sql.tables import metadata
from assistant.domain.answers import (
    AnswerCompleted,
    RetrievalCompleted,
    TextDelta,
)
from assistant.domain.audit import Act
from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import Document, SourceChunk
from assistant.domain.ids import AnswerId
from assistant.domain.jobs import ItemState, JobState
from assistant.domain.retrieval import Vector
from assistant.domain.sources import RunKind
from assistant.services.job_keeping import JobKeeper
from assistant.testing.embedder import HashEmbedder
from tests.house import House, open_house
from tests.kept_answers import keep_answer
from tests.sources import Desk

SECRET = "Ligne confidentielle é numéro"
KEPT = "Ligne publique ordinaire"
NAME = "Dossier de madame Exemple.txt"
SAID = "Selon la ligne confidentielle"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
NOTHING = bytes(4096)
"""The index makes its files large beforehand: no text holds so many zeros."""


def traces(folder: Path, *texts: str) -> list[tuple[str, str]]:
    """Files that hold one of the texts, in any encoding that programs write."""
    wanted = {
        form: text
        for text in texts
        for form in (
            text.encode(),
            text.encode("utf-16-le"),
            text.encode("utf-16-be"),
            text.encode("latin-1"),
            text.encode("unicode-escape"),
        )
    }
    found: list[tuple[str, str]] = []
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes().replace(NOTHING, b"") if path.is_file() else b""
        found += [
            (path.relative_to(folder).as_posix(), text)
            for form, text in wanted.items()
            if form in data or form in str(path).encode()
        ]
    return found


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = open_house(tmp_path / "data")
    opened.index = EdgeChunkIndex(  # pyright: ignore[reportAttributeAccessIssue]
        opened.root / "index", embedder=opened.embedder.identity
    )
    opened.applier = opened.new_applier()
    opened.ingest(
        {
            NAME: "\n".join(f"{SECRET} {line}" for line in range(60)),
            "gardé.txt": f"{KEPT}\nAutre ligne gardée",
        }
    )
    yield opened
    opened.index.close()
    opened.close()


def chunk_of(house: House, document: Document) -> SourceChunk:
    with house.open_work() as work:
        found = work.chunks.list_of_document(document.id, scope=house.scope, limit=1, offset=0)
    return found[0]


def answered(house: House, *documents: Document) -> AnswerId:
    """A conversation whose answer rests on some documents."""
    return keep_answer(house, *(chunk_of(house, each) for each in documents), text=f"{SAID} [1].")


def erase(house: House, name: str) -> None:
    document = house.all_documents()[name]
    house.documents.delete(
        document.id, principal=house.principal, scope=house.scope, with_traces=True
    )


def test_no_byte_of_text_or_name_is_left_in_the_data_folder(house: House) -> None:
    document = house.all_documents()[NAME]
    house.files.put_page_image(
        document.sha256, page=1, image=SIGNATURE + SECRET.encode("utf-16-le")
    )
    house.files.put_deck_pdf(document.sha256, content=b"%PDF-" + SECRET.encode())
    answered(house, document)
    where = {path.split("/")[0] for path, _ in traces(house.root, SECRET, NAME, SAID)}
    assert where >= {"files", "pages"}
    assert any(name.startswith("assistant.sqlite3") for name in where)

    erase(house, NAME)
    house.apply()
    time.sleep(0.6)  # the files are cleared at most twice a second
    house.applier.run_once()

    left = traces(house.root, SECRET, NAME, SAID, KEPT)
    assert {text for _, text in left} == {KEPT}
    assert house.index.held_versions().keys() == set(_live(house))


class HookedEmbedder(HashEmbedder):
    """Calls its hook before each batch."""

    def __init__(self) -> None:
        super().__init__(dimensions=32)
        self.hook: Callable[[], None] = lambda: None

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        self.hook()
        return super().embed_passages(texts)


@pytest.mark.each_engine
@pytest.mark.parametrize("amid", ["reading", "embedding", "a reading that fails"])
def test_a_name_erased_amid_the_work_on_it_does_not_come_back(
    tmp_path: Path, database_url: str, amid: str
) -> None:
    embedder = HookedEmbedder()
    house = open_house(tmp_path / "data", database_url=database_url, embedder=embedder)

    def act() -> None:
        house.reader.hook, embedder.hook = lambda _: None, lambda: None
        erase(house, NAME)

    if amid == "embedding":
        embedder.hook = act
    else:
        house.reader.hook = lambda _: act()
    text = "damaged" if amid == "a reading that fails" else f"{SECRET} 1\n{SECRET} 2"

    job = house.ingest({NAME: text})
    time.sleep(0.6)  # the files are cleared at most twice a second
    house.applier.run_once()

    assert job.state is JobState.SUCCEEDED
    assert [(name, item.state) for name, item in house.items(job).items()] == [
        ("–", ItemState.REMOVED)
    ]
    assert house.all_documents() == {}
    assert traces(house.root, SECRET, NAME) == []
    assert rows_with(house, NAME) == []
    house.close()


def rows_with(house: House, text: str) -> list[str]:
    """Tables of which a row tells it, in any column."""
    found: list[str] = []
    with house.database.engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(select(table))
            found += [table.name for row in rows if text in repr(tuple(row))]
    return found


def test_no_byte_of_a_name_that_a_source_told_is_left(house: House, tmp_path: Path) -> None:
    desk = Desk(house, tmp_path / "partage")
    former, moved, gone = "Madame Ancienne.txt", "Madame Nouvelle.txt", "Madame Partie.txt"
    desk.write({former: SECRET, gone: "Texte parti", "public.txt": KEPT})
    source = desk.add()
    desk.run(source, RunKind.PLAN)
    desk.run(source)
    (desk.root / former).rename(desk.root / moved)
    (desk.root / gone).unlink()
    desk.run(source)
    desk.write({gone: "Texte revenu"})
    desk.run(source)
    assert len({text for _, text in traces(house.root, former, moved, gone)}) == 3

    erase(house, moved)
    erase(house, gone)
    house.apply()
    time.sleep(0.6)
    house.applier.run_once()

    left = traces(house.root, former, moved, gone, SAID, "public.txt")
    assert {text for _, text in left} == {"public.txt"}
    assert source.id in {
        each.source.id
        for each in desk.sources.list_all(principal=house.principal, scope=house.scope)
    }


def test_no_byte_of_a_former_name_is_left_once_no_line_tells_it(
    house: House, tmp_path: Path
) -> None:
    desk = Desk(house, tmp_path / "partage")
    former, moved = "Madame Ancienne.txt", "Madame Nouvelle.txt"
    desk.write({former: SECRET})
    source = desk.add()
    desk.run(source)
    (desk.root / former).rename(desk.root / moved)
    renamed = desk.run(source)
    house.clock.advance(91 * 86_400)
    JobKeeper(house.open_work, house.clock, days=90).look()

    erase(house, moved)
    house.apply()
    time.sleep(0.6)
    house.applier.run_once()

    assert traces(house.root, former, moved) == []
    assert desk.told(source.id, renamed).outcome.counts == renamed.outcome.counts


def _live(house: House) -> list[str]:
    with house.open_work() as work:
        return [*work.ledger.live_versions(ORDINARY)]


def test_the_index_never_held_the_text(house: House) -> None:
    house.index.flush()

    assert traces(house.root / "index", SECRET, NAME, KEPT) == []


def test_an_answer_loses_its_text_and_keeps_its_question_and_other_sources(house: House) -> None:
    documents = house.all_documents()
    touched = answered(house, documents[NAME], documents["gardé.txt"])
    other = answered(house, documents["gardé.txt"])

    erase(house, NAME)

    with house.open_work() as work:
        events = work.answers.events_after(touched, number=0, scope=house.scope)
        untouched = work.answers.events_after(other, number=0, scope=house.scope)
        answer = work.answers.find(touched, scope=house.scope)
        assert answer is not None
        assert answer.conversation_id is not None
        said = work.conversations.messages(answer.conversation_id, scope=house.scope)
    assert [each.number for each in events] == [1, 2, 3, 4, 5]
    end = events[-1].event
    assert isinstance(end, AnswerCompleted)
    assert (end.text, [each.code for each in end.notices]) == ("", ["answer_erased"])
    assert [each.chunk.text for each in end.citations] == [KEPT]
    begin = events[0].event
    assert isinstance(begin, RetrievalCompleted)
    assert [each.chunk.text for each in begin.passages] == [KEPT]
    assert [each.event for each in events[1:3]] == [TextDelta(""), TextDelta("")]
    assert answer.question
    assert "effacé" in said[-1].text
    assert any(SAID in repr(each.event) for each in untouched)


def test_a_plain_deletion_keeps_the_words_that_answers_cite(house: House) -> None:
    document = house.all_documents()[NAME]
    kept = answered(house, document)

    house.documents.delete(document.id, principal=house.principal, scope=house.scope)
    house.apply()

    with house.open_work() as work:
        events = work.answers.events_after(kept, number=0, scope=house.scope)
        acts = [each.act for each in work.audit.walk_on(after=0, limit=99)]
    assert any(SAID in repr(each.event) for each in events)
    assert Act.DOCUMENT_DELETED in acts
    assert Act.DOCUMENT_ERASED not in acts


def test_the_log_tells_the_erasure_and_no_name(house: House) -> None:
    document = house.all_documents()[NAME]

    erase(house, NAME)

    with house.open_work() as work:
        (told,) = [
            each
            for each in work.audit.walk_on(after=0, limit=99)
            if each.act == Act.DOCUMENT_ERASED
        ]
    assert told.subject == document.id
    assert NAME not in str(told)


def test_a_plant_in_any_encoding_is_seen(house: House) -> None:
    """The search itself sees what it is to see."""
    (house.root / "oubli").write_bytes(b"x" + SECRET.encode("utf-16-be"))
    connection = sqlite3.connect(house.root / "autre.db")
    connection.execute("CREATE TABLE t (a)")
    connection.execute("INSERT INTO t VALUES (?)", (SECRET,))
    connection.commit()
    connection.close()

    assert {path for path, _ in traces(house.root, SECRET)} >= {"oubli", "autre.db"}
