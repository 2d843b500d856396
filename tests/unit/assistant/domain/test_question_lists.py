"""Files of questions as people write them, and every fault of them by line."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.domain.catalogue import sentences
from assistant.domain.errors import LinesRefused
from assistant.domain.expected_documents import check_documents
from assistant.domain.question_lists import QuestionList, pages_of, read_list
from assistant.domain.question_sets import MAX_QUESTIONS, ExpectedAnswer, revision_of
from ingest.rows import SheetContent, SheetFile, SheetRow

FRENCH = ("question", "document attendu", "page ou passage", "réponse attendue")


def sheet(*rows: Sequence[str], name: str = "") -> SheetContent:
    return SheetContent(
        name,
        tuple(
            SheetRow(number, {place: text for place, text in enumerate(row, start=1) if text})
            for number, row in enumerate(rows, start=1)
            if any(row)
        ),
    )


def read(*rows: Sequence[str]) -> QuestionList:
    return read_list(SheetFile((sheet(*rows),), is_cut=False), question_chars=4000)


def faults(*rows: Sequence[str]) -> list[tuple[int, str]]:
    with pytest.raises(LinesRefused) as refused:
        read(*rows)
    return [(fault.line, fault.code) for fault in refused.value.faults]


def test_pages_passages_answers_and_refusals_are_told_apart() -> None:
    found = read(
        FRENCH,
        ("Qui paie ?", "budget.pdf", "3", "La Région"),
        ("Quand ?", "budget.pdf", "avant le 30 juin", ""),
        ("Combien de lunes ?", "", "", "Sans réponse"),
        ("Et Mars ?", "SANS REPONSE", "", ""),
    )

    assert found.questions == (
        ExpectedAnswer(2, "Qui paie ?", "budget.pdf", (3,), "", "La Région"),
        ExpectedAnswer(3, "Quand ?", "budget.pdf", (), "avant le 30 juin", ""),
        ExpectedAnswer(4, "Combien de lunes ?", None),
        ExpectedAnswer(5, "Et Mars ?", None),
    )
    assert found.ignored == ()


@pytest.mark.parametrize(
    "header",
    [
        ("Réponse Attendue", "THÈME", "Page ou passage", "Question ", "Document attendu"),
        ("expected_answer", "Topic", "Expected page or passage", "QUESTION", "Expected document"),
        ("reponse", "notes", "Page / passage", "Questions", "Fichier"),
    ],
)
def test_headings_are_known_in_two_languages_whatever_their_case_accents_and_order(
    header: Sequence[str],
) -> None:
    found = read(header, ("La Région", "budget", "p. 3", "Qui paie ?", "budget.pdf"))

    assert found.questions == (
        ExpectedAnswer(2, "Qui paie ?", "budget.pdf", (3,), "", "La Région"),
    )
    assert found.ignored == (header[1],)


def test_page_passage_and_refusal_may_have_columns_of_their_own() -> None:
    found = read(
        ("question", "document", "page", "passage", "sans réponse"),
        ("Qui ?", "a.pdf", "2 à 4", "la Région", "non"),
        ("Où ?", "", "", "", "oui"),
    )

    assert found.questions == (
        ExpectedAnswer(2, "Qui ?", "a.pdf", (2, 3, 4), "la Région"),
        ExpectedAnswer(3, "Où ?", None),
    )


def test_the_header_may_stand_below_a_title_and_on_a_later_sheet() -> None:
    file = SheetFile(
        (
            sheet(("Mode d'emploi",), ("Remplissez la feuille suivante",), name="Aide"),
            sheet(("Questions de la direction",), (), FRENCH, ("Qui ?", "a.pdf", "", ""), name="Q"),
        ),
        is_cut=False,
    )

    (question,) = read_list(file, question_chars=4000).questions

    assert (question.line, question.document) == (4, "a.pdf")


def test_all_faults_are_told_at_once_by_line() -> None:
    found = faults(
        FRENCH,
        ("", "a.pdf", "", ""),
        ("Qui ?", "", "", "La Région"),
        ("Quoi ?", "a.pdf", "", "sans réponse"),
        ("x" * 4001, "a.pdf", "", ""),
        ("Où ?", "a.pdf", "", "y" * 4001),
        ("Où ?", "b.pdf", "", ""),
    )

    assert found == [
        (2, "question_expected"),
        (3, "document_expected"),
        (4, "expectation_contradictory"),
        (5, "cell_too_long"),
        (6, "cell_too_long"),
        (7, "question_twice"),
    ]


def test_pages_and_flags_that_mean_nothing_are_told() -> None:
    header = ("question", "document", "page", "sans réponse")

    assert faults(
        header,
        ("a ?", "a.pdf", "trois", ""),
        ("b ?", "a.pdf", "", "peut-être"),
        ("c ?", "a", "9-3", ""),
    ) == [(2, "page_unreadable"), (3, "flag_unreadable"), (4, "page_unreadable")]


@pytest.mark.parametrize("place", ["abc", "0", "-3", "p. 0", "page trois", "9-3", "20000", "+2"])
def test_what_is_no_page_and_hardly_a_passage_is_told(place: str) -> None:
    assert faults(FRENCH, ("a ?", "a.pdf", place, "")) == [(2, "place_unreadable")]


@pytest.mark.parametrize(
    "place", ["40 %", "12 €", "mardi", "Page d'accueil", "1,5 km", "12/05/2024"]
)
def test_short_passages_stay_passages(place: str) -> None:
    assert read(FRENCH, ("a ?", "a.pdf", place, "")).questions[0].passage == place


def test_a_short_word_is_a_passage_in_a_column_of_passages() -> None:
    found = read(("question", "document", "passage"), ("a ?", "a.pdf", "CAF"))

    assert found.questions[0].passage == "CAF"


@pytest.mark.parametrize("cell", ["n/a", "N/A", "-", "—", "N.A.", "néant", "?", "null"])
def test_a_cell_filled_to_say_that_it_is_empty_is_empty(cell: str) -> None:
    header = (*FRENCH, "sans réponse")
    marked = read(header, ("a ?", cell, cell, cell, "oui"))
    known = read(header, ("a ?", "a.pdf", cell, cell, cell))

    assert faults(header, ("a ?", cell, "3", "", "")) == [(2, "document_expected")]
    assert marked.questions == (ExpectedAnswer(2, "a ?", None),)
    assert known.questions == (ExpectedAnswer(2, "a ?", "a.pdf"),)


def test_documents_that_are_not_there_or_are_several_are_told_by_line() -> None:
    questions = [
        ExpectedAnswer(2, "a ?", "budget"),
        ExpectedAnswer(3, "b ?", "2024/budget.pdf"),
        ExpectedAnswer(5, "c ?", "Compte administratif"),
        ExpectedAnswer(6, "d ?", None),
        ExpectedAnswer(7, "e ?", "Budjet"),
        ExpectedAnswer(8, "f ?", "LES ANNEXES"),
    ]
    documents = [
        ("2023/budget.pdf", "Budget primitif"),
        ("2024/budget.pdf", "Budget primitif"),
        ("ca.odt", "Compte administratif"),
        *((f"annexe-{number}.pdf", "Les annexes") for number in range(4)),
    ]

    told = check_documents(questions, documents)

    assert [(each.line, each.code) for each in told] == [
        (2, "document_ambiguous"),
        (7, "document_not_found"),
        (8, "document_ambiguous"),
    ]
    assert (
        "2 documents s'appellent « budget » (2023/budget.pdf, 2024/budget.pdf)" in told[0].sentence
    )
    assert "« Budjet »" in told[1].sentence
    assert "annexe-2.pdf, …)" in told[2].sentence
    assert check_documents(questions[1:3], documents) == []


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ((), [(1, "column_missing"), (1, "column_missing")]),
        ((("a", "b"), ("c", "d")), [(1, "column_missing"), (1, "column_missing")]),
        ((("question", "réponse"), ("Qui ?", "La Région")), [(1, "column_missing")]),
        ((("question", "Question", "document"),), [(1, "column_twice")]),
        ((FRENCH,), [(1, "questions_none")]),
    ],
)
def test_a_list_without_its_columns_or_questions_is_refused(
    rows: Sequence[Sequence[str]], found: list[tuple[int, str]]
) -> None:
    assert faults(*rows) == found


def test_too_many_questions_are_one_fault() -> None:
    rows = [(f"Question {number} ?", "a.pdf", "", "") for number in range(MAX_QUESTIONS + 1)]

    assert len(read(FRENCH, *rows[:-1]).questions) == MAX_QUESTIONS
    assert faults(FRENCH, *rows) == [(1, "questions_too_many")]


def test_what_was_cut_is_never_taken_for_the_whole() -> None:
    cut = SheetFile((sheet(FRENCH, ("Qui ?", "a.pdf", "", "")),), is_cut=True)

    with pytest.raises(LinesRefused) as refused:
        read_list(cut, question_chars=4000)

    assert [fault.code for fault in refused.value.faults] == ["questions_too_many"]


def test_the_faults_told_are_bounded_and_counted() -> None:
    with pytest.raises(LinesRefused) as refused:
        read(FRENCH, *[(f"Question {number} ?", "", "", "") for number in range(300)])

    assert len(refused.value.faults) == 100
    assert refused.value.params["count"] == 300
    assert "(300 à corriger). Ligne 2 : il manque le document" in refused.value.sentence


def test_every_fault_has_a_sentence_that_says_what_to_do() -> None:
    codes = [
        "column_missing", "column_twice", "cell_too_long", "question_expected", "question_twice",
        "document_expected", "expectation_contradictory", "flag_unreadable", "page_unreadable",
        "place_unreadable", "document_not_found", "document_ambiguous", "questions_too_many", "questions_none",
    ]  # fmt: skip

    assert [code for code in codes if sentences()[code].count(". ") < 1] == []


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("3", (3,)),
        ("p. 3", (3,)),
        ("Page 3", (3,)),
        ("pp. 3-5", (3, 4, 5)),
        ("3 à 5", (3, 4, 5)),
        ("pages 3 et 7", (3, 7)),
        ("7, 3 ; 3", (3, 7)),
        ("", None),
        ("0", None),
        ("1-9999", None),
        ("article 3", None),
        ("3 %", None),
        ("2024-06-28 12:00", None),
    ],
)
def test_pages_are_read_as_people_write_them(text: str, pages: tuple[int, ...] | None) -> None:
    assert pages_of(text) == pages


def test_a_revision_is_that_of_the_contents() -> None:
    one = ExpectedAnswer(2, "Qui ?", "a.pdf", (3,), "", "La Région")
    moved = ExpectedAnswer(9, "Qui ?", "a.pdf", (3,), "", "La Région")
    other = ExpectedAnswer(2, "Qui ?", "a.pdf", (4,), "", "La Région")

    assert revision_of([one]) == revision_of([moved]) != revision_of([other])
