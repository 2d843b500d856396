from __future__ import annotations

import pytest

from eval.questions import JudgedQuestion, contains_one

QUESTION = JudgedQuestion(
    id="q", text="?", judged={"a.pdf": 1}, pages=(2,), quotes=("60 % en 2028",)
)


def test_a_passage_with_the_quote_on_the_page_is_right() -> None:
    assert QUESTION.is_answered_by(file="a.pdf", pages=[2, 3], text="Cible : 60\u00a0% en 2028.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"file": "b.pdf", "pages": [2], "text": "60 % en 2028"},
        {"file": "a.pdf", "pages": [1], "text": "60 % en 2028"},
        {"file": "a.pdf", "pages": [2], "text": "61 % en 2028"},
    ],
)
def test_another_file_page_or_number_is_wrong(wrong: dict[str, object]) -> None:
    assert not QUESTION.is_answered_by(**wrong)  # pyright: ignore[reportArgumentType]


def test_a_document_without_pages_is_placed_by_its_file() -> None:
    question = JudgedQuestion(id="q", text="?", judged={"a.md": 1})

    assert question.is_placed(file="a.md", pages=[])
    assert not question.is_placed(file="b.md", pages=[])


def test_a_question_without_answer_is_answered_by_nothing() -> None:
    question = JudgedQuestion(id="q", text="?")

    assert not question.is_answerable
    assert not question.is_answered_by(file="a.pdf", pages=[1], text="tout")


def test_case_quotes_spaces_and_table_bars_do_not_matter() -> None:
    assert contains_one("| L’AIDE |  est de\n8 000 € |", ["l'aide est de 8\u202f000 €"])
    assert not contains_one("l'aide est de 80 €", ["8 000 €"])
