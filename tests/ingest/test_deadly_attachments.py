"""Attachments that end the child that reads them: their message is read without them, and names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.errors import ParserDied
from ingest.limits import Limits
from ingest.model import IngestedFile, Notice
from ingest.reader import ParserPool
from tests.ingest.made_compounds import attached_file
from tests.ingest.made_messages import attach, mail, outlook, texts

READERS = Path(__file__).parent / "planted_readers.py"
BASE_S = 5.0
Read = Callable[[bytes], IngestedFile]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserPool]:
    limits = Limits(base_s=BASE_S, memory_bytes=600_000_000)
    scratch = tmp_path_factory.mktemp("scratch")
    pool = ParserPool(limits, children=1, scratch=scratch, reading=f"{READERS}:read_message")
    yield pool
    pool.close()


@pytest.fixture
def read(planted: ParserPool, tmp_path: Path) -> Read:
    def read_bytes(data: bytes) -> IngestedFile:
        path = tmp_path / "contenu"
        path.write_bytes(data)
        return planted.read(path, name="message.eml")

    return read_bytes


def with_texts(contents: dict[str, str], *, outer: str = "Bonjour à tous.") -> bytes:
    made = mail(outer)
    for name, text in contents.items():
        attach(made, text.encode(), name=name, mime="text/plain")
    return bytes(made)


@pytest.mark.parametrize("word", ["SLEEP", "SEGFAULT", "KILL", "MULTIPLY", "WRITE"])
def test_message_survives_an_attachment_that_ends_the_child(read: Read, word: str) -> None:
    contents = {
        "avant.txt": "Texte d'avant.",
        "plan.txt": f"{word} ",
        "après.txt": "Texte d'après.",
    }

    document = read(with_texts(contents)).document

    header = document.blocks[1].text
    assert header.endswith("Pièces jointes : avant.txt, plan.txt (non lue), après.txt")
    said = "\n".join(block.text for block in document.blocks)
    assert all(text in said for text in ("Bonjour à tous", "Texte d'avant", "Texte d'après"))
    assert word not in said
    assert document.notices == (Notice.ATTACHMENTS_UNREAD,)
    assert document.quality.unread_parts == ("plan.txt",)


def test_outlook_message_survives_too(read: Read) -> None:
    files = [
        attached_file("plan.txt", b"SEGFAULT "),
        attached_file("note.txt", b"Texte de la note."),
    ]

    ingested = read(outlook(attachments=files))

    assert ingested.document.quality.unread_parts == ("plan.txt",)
    assert "Texte de la note" in texts(ingested, part="note.txt")


def test_only_the_deadly_part_of_an_inner_message_is_lost(read: Read) -> None:
    inner = mail("Corps joint.", subject="Joint")
    attach(inner, b"SEGFAULT ", name="plan.txt", mime="text/plain")
    attach(inner, b"Texte joint.", name="note.txt", mime="text/plain")
    outer = mail()
    outer.add_attachment(inner)
    attach(outer, b"Texte final.", name="fin.txt", mime="text/plain")

    ingested = read(bytes(outer))

    assert ingested.document.quality.unread_parts == ("Joint.eml › plan.txt",)
    said = texts(ingested)
    assert all(text in said for text in ("Corps joint", "Texte joint", "Texte final"))


def test_many_deadly_attachments_cost_a_bounded_number_of_readings(
    read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    contents = {"avant.txt": "Texte d'avant."}
    contents |= {f"plan{number}.txt": "SEGFAULT " for number in range(9)}
    contents["après.txt"] = "Texte d'après."

    caplog.set_level("WARNING", logger="ingest.reader")

    ingested = read(with_texts(contents))

    said = texts(ingested)
    assert "Texte d'avant" in said
    assert "Bonjour à tous" in said
    assert len(ingested.document.quality.unread_parts) == 10
    assert sum(record.message == "attachment left out" for record in caplog.records) == 3


def test_file_that_is_no_message_still_dies(read: Read) -> None:
    with pytest.raises(ParserDied, match="échouer"):
        read(b"SEGFAULT ")
