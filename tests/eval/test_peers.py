"""The contest with a peer: its sample, its judging, its tables, and its program on a small folder."""

from __future__ import annotations

import argparse
import re
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.datasets import QuestionSet
from eval.instance import Row
from eval.peers import command
from eval.peers.contest import lay_out, measure_peer, ranked_places
from eval.peers.environment import HERE
from eval.peers.reading import Gap, Reading, distinct, gap, is_right, right
from eval.peers.report import as_record, markdown
from eval.peers.sample import MOST_FILES, load_files, load_questions
from eval.questions import JudgedQuestion

ON_PAGE = JudgedQuestion("q1", "Où ?", judged={"a.pdf": 1}, pages=(2,))
IN_FILE = JudgedQuestion("q2", "Quoi ?", judged={"b.docx": 1})
UNREAD = JudgedQuestion("q3", "Qui ?", judged={"c.doc": 1})
SET = QuestionSet("petit", (ON_PAGE, IN_FILE, UNREAD), {"a.pdf": b"", "b.docx": b"", "c.doc": b""})


def reading(name: str, *, unread: tuple[str, ...] = (), **places: tuple[str, int]) -> Reading:
    return replace(holding(name, places), unread=unread)


def holding(name: str, places: Mapping[str, tuple[str, int]]) -> Reading:
    found = {id: (place,) for id, place in places.items()}
    return Reading(name, 60.0, 300.0, (), (0.01, 0.02, 0.03), found)


OURS = reading("ours", q1=("a.pdf", 2), q2=("b.docx", 0), q3=("c.doc", 0))
PEER = reading("llamaindex_starter", unread=("c.doc",), q1=("a.pdf", 1), q2=("b.docx", 0))


def squeezed(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return re.sub(r"[\s\xad\ufffe\x02-]+", "", folded)


def test_a_page_is_right_by_file_and_number() -> None:
    assert is_right(ON_PAGE, [("a.pdf", 2)], depth=1)
    assert not is_right(ON_PAGE, [("a.pdf", 1), ("b.docx", 0)], depth=5)
    assert not is_right(ON_PAGE, [("a.pdf", 1), ("a.pdf", 2)], depth=1)
    assert is_right(ON_PAGE, [("a.pdf", 1), ("a.pdf", 2)], depth=5)
    assert is_right(IN_FILE, [("b.docx", 0)], depth=1)


def test_pages_are_ranked_once_each() -> None:
    places = [("a.pdf", 1), ("a.pdf", 1), ("b.docx", 0), ("a.pdf", 1)]

    assert distinct(places) == (("a.pdf", 1), ("b.docx", 0))


def test_a_passage_over_two_pages_stands_first_for_the_one_it_is_opened_at() -> None:
    rows: list[Row] = [
        {"file": "a.pdf", "page": 2, "pages": [1, 2]},
        {"file": "a.pdf", "page": 3, "pages": [3]},
        {"file": "b.docx", "page": None, "pages": []},
    ]

    assert [*ranked_places(rows)] == [("a.pdf", 2), ("a.pdf", 1), ("a.pdf", 3), ("b.docx", 0)]


def test_the_gap_is_paired() -> None:
    found = gap(OURS, PEER, questions=SET.questions, depth=1)

    assert right(PEER, SET.questions, depth=1) == [False, True, False]
    assert found.value == pytest.approx(2 / 3)
    assert found.low <= found.value <= found.high


def test_questions_on_one_file_count_as_one_when_chance_is_told() -> None:
    def found(*, files: int) -> Gap:
        asked = [
            JudgedQuestion(f"q{number}", "?", judged={f"{number % files}.pdf": 1})
            for number in range(40)
        ]
        right = {each.id: (next(iter(each.judged)), 0) for each in asked}
        half = {id: place for id, place in right.items() if int(place[0].split(".")[0]) % 2}
        return gap(holding("ours", right), holding("peer", half), questions=asked, depth=1)

    alone, shared = found(files=40), found(files=4)

    assert alone.value == shared.value == 0.5
    assert (alone.low, alone.high) == (0.35, 0.65)
    assert (shared.low, shared.high) == (0, 1)


def test_several_questions_on_one_file_tell_nothing_of_others() -> None:
    asked = [JudgedQuestion(id, "?", judged={"a.pdf": 1}) for id in ("q1", "q2")]
    ours = reading("ours", q1=("a.pdf", 0), q2=("a.pdf", 0))
    found = gap(ours, reading("peer", q1=("a.pdf", 0)), questions=asked, depth=1)

    assert (found.value, found.low, found.high) == (0.5, -1, 1)


def test_the_tables_count_unread_files_and_leave_them_out_of_a_second_gap() -> None:
    table = markdown(SET, [OURS, PEER])
    gaps = as_record(SET, [OURS, PEER])["gaps"]

    assert "Non lus par LlamaIndex, exemple de départ : c.doc." in table
    assert "toutes (3)" in table
    assert "sur les fichiers qu'il lit (2)" in table
    assert (HERE / "llamaindex_starter.py").read_text("utf-8").strip() in table
    assert [row["count"] for row in gaps] == [3, 3, 2, 2]


def test_the_questions_are_enough_and_well_formed() -> None:
    questions = load_questions()

    assert len(questions) >= 40
    assert len({each.id for each in questions}) == len({each.text for each in questions})
    assert len({each.id for each in questions}) == len(questions)
    assert all(len(each.quotes[0]) <= 40 for each in questions)


def test_the_peer_is_pinned_and_names_no_registry() -> None:
    requirements = (HERE / "requirements.txt").read_text("utf-8")
    pinned = re.findall(r"^[a-z].*==", requirements, re.MULTILINE)

    assert "://" not in requirements
    assert len(pinned) > 20
    assert len(re.findall(r"^[a-z]", requirements, re.MULTILINE)) == len(pinned)
    assert requirements.count("--hash=sha256:") >= len(pinned)


def test_without_the_real_files_nothing_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    assert command.run(parser.parse_args(["--shared", str(tmp_path)])) == 1
    assert "rien n'est comparé" in capsys.readouterr().err


@pytest.mark.shared_data
def test_every_question_stands_on_its_page_of_the_sample(shared_data: Path) -> None:
    pdfium: Any = __import__("pypdfium2")
    sample = load_files(shared_data / "admin_docs")

    assert len(sample.files) == MOST_FILES
    assert len(sample.questions) == len(load_questions())
    read = {
        name: [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(content)]
        for name, content in sample.files.items()
        if name.endswith(".pdf")
    }
    for question in sample.questions:
        quote = squeezed(question.quotes[0])
        told = {
            page: [
                squeezed(read[name][page - 1])
                for name in question.judged
                if page <= len(read[name])
            ]
            for page in question.pages
        }
        stands = {page: any(quote in text for text in texts) for page, texts in told.items()}
        is_scan = not any(text for texts in told.values() for text in texts if len(text) > 200)
        is_shared = len(question.judged) > 1
        assert is_scan or (any if is_shared else all)(stands.values()), question.id


@pytest.mark.timeout(600)
def test_the_peer_program_reads_its_folder_and_ranks(tmp_path: Path) -> None:
    files = {
        "velo.txt": "L'aide à l'achat d'un vélo électrique est plafonnée à 400 euros.".encode(),
        "cantine.txt": "Le repas à la cantine scolaire coûte 3,20 euros.".encode(),
        "vide.txt": b" ",
    }
    question = JudgedQuestion("q", "Quel plafond pour le vélo électrique ?", judged={"velo.txt": 1})
    questions = QuestionSet("petit", (question,), files)
    lay_out(questions, tmp_path)

    found = measure_peer(
        "llamaindex_starter", questions, folder=tmp_path, python=Path(sys.executable)
    )

    assert found.unread == ("vide.txt",)
    assert found.places["q"][0] == ("velo.txt", 0)
    assert right(found, questions.questions, depth=1) == [True]
    assert found.memory_mb > 50
