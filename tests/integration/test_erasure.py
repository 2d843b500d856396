"""What is deleted is in no file of the data folder any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.testing.contracts.repositories_evaluations import (
    QUESTIONS,
    RIGHT,
    store_evaluation,
    store_set,
)
from assistant.testing.contracts.repositories_world import (
    Reader,
    add_reader,
    make_answer,
    make_conversation,
    make_messages,
)
from tests.house import House, open_house

SECRET = "Ligne confidentielle numéro"


def files_with(text: str, folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and text.encode() in path.read_bytes()
    ]


def until(condition: Callable[[], bool], *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = open_house(tmp_path / "data")
    yield opened
    opened.close()


def text_of(number: int) -> str:
    return "\n".join(f"{SECRET} {number}-{line}" for line in range(300))


def delete_all(house: House) -> None:
    for document in house.all_documents().values():
        house.documents.delete(document.id, principal=house.principal, scope=house.scope)


def test_text_of_deleted_documents_leaves_every_file(house: House) -> None:
    house.ingest({f"{number}.txt": text_of(number) for number in range(6)})
    assert files_with(SECRET, house.root)

    delete_all(house)
    house.applier.start()
    is_gone = until(lambda: not files_with(SECRET, house.root))
    house.applier.stop()

    assert is_gone, files_with(SECRET, house.root)


def test_text_leaves_as_soon_as_the_reader_in_the_way_has_ended(house: House) -> None:
    house.ingest({"a.txt": text_of(1)})
    with house.open_work() as reader:
        reader.tenancy.list_tenants()
        delete_all(house)
        house.apply()
        assert files_with(SECRET, house.root)

    time.sleep(0.6)
    house.applier.run_once()

    assert files_with(SECRET, house.root) == []


def test_a_reader_in_the_way_makes_nobody_wait(house: House) -> None:
    house.ingest({"a.txt": text_of(1)})
    with house.open_work() as reader:
        reader.tenancy.list_tenants()
        delete_all(house)
        begun = time.monotonic()
        house.apply()

        assert time.monotonic() - begun < 5


def test_a_deleted_conversation_leaves_every_file_at_once(house: House) -> None:
    reader = add_reader(house.open_work, "here")
    conversation = make_conversation(reader)
    answer = make_answer(reader, conversation_id=conversation.id)
    with house.open_work() as work:
        work.conversations.add(conversation)
        work.answers.add(answer)
        for message in make_messages(answer, conversation_id=conversation.id):
            work.conversations.add_message(message)
        work.commit()
    assert files_with(answer.question, house.root)

    with house.open_work() as work:
        work.conversations.delete(conversation.id, scope=reader.scope)
        work.commit()

    assert files_with(answer.question, house.root) == []


def test_a_deleted_question_set_leaves_every_file_at_once(house: House) -> None:
    reader = add_reader(house.open_work, "here")
    kept = store_set(house.open_work, reader)
    evaluation = store_evaluation(house.open_work, reader, set_id=kept.id)
    with house.open_work() as work:
        work.evaluations.add_row(evaluation.id, RIGHT)
        work.commit()
    texts = (QUESTIONS[0].answer, RIGHT.text)
    assert all(files_with(text, house.root) for text in texts)

    with house.open_work() as work:
        work.question_sets.delete(kept.id, scope=reader.scope)
        work.commit()

    assert [files_with(text, house.root) for text in texts] == [[], []]


def test_what_an_evaluation_quotes_leaves_every_file_with_its_document(house: House) -> None:
    house.ingest({"a.txt": text_of(1)})
    reader = Reader(house.scope)
    evaluation = store_evaluation(
        house.open_work, reader, set_id=store_set(house.open_work, reader).id
    )
    document = house.all_documents()["a.txt"]
    with house.open_work() as work:
        chunk = work.chunks.list_of_document(document.id, scope=house.scope, limit=1, offset=0)[0]
        cited = replace(RIGHT.citations[0], title=SECRET, quote=SECRET, chunk_id=chunk.id)
        row = replace(RIGHT, text=f"{SECRET} [1].", citations=(cited,))
        work.evaluations.add_row(evaluation.id, row)
        work.commit()

    delete_all(house)
    house.apply()
    is_gone = until(lambda: house.applier.run_once() or not files_with(SECRET, house.root))

    assert is_gone, files_with(SECRET, house.root)
    with house.open_work() as work:
        kept = work.evaluations.rows(evaluation.id, scope=house.scope, limit=1, offset=0)[0][1]
    assert kept == replace(row, text="", citations=(cited.withheld(),))
