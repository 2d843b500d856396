from __future__ import annotations

from pathlib import Path

import pytest

from eval.questions import JudgedQuestion, load_questions
from eval.run import is_quoted, retrieval_measures

QUESTION = JudgedQuestion(id="q", text="?", file="a.pdf", pages=(2,), quote="60 % en 2028")


def passage(**changes: object) -> dict[str, object]:
    return {
        "rank": 1,
        "file": "a.pdf",
        "pages": [2],
        "text": "la cible est de 60 %  en 2028",
    } | changes


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


def test_a_question_without_answer_is_answered_by_nothing() -> None:
    question = JudgedQuestion(id="q", text="?", file=None, pages=(), quote=None)

    assert not question.is_answered_by(file="a.pdf", pages=[1], text="tout")


def test_measures_count_the_first_right_rank() -> None:
    other = JudgedQuestion(id="r", text="?", file="b.pdf", pages=(), quote="rien")
    found = {
        "q": {"results": [passage(text="autre"), passage(rank=2)]},
        "r": {"results": [passage(text="autre")]},
    }

    assert retrieval_measures([QUESTION, other], found) == pytest.approx(
        {"success_1": 0, "success_5": 0.5, "recip_rank": 0.25}
    )


def test_only_the_first_three_citations_count() -> None:
    right = {"file": "a.pdf", "locator": {"pages": [2]}, "text": "60 % en 2028"}
    wrong = right | {"file": "b.pdf"}

    assert is_quoted(QUESTION, {"citations": [wrong, wrong, right]})
    assert not is_quoted(QUESTION, {"citations": [wrong, wrong, wrong, right]})


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(
        '{"id": "a", "text": "?", "file": null, "pages": [], "quote": null}\n{"id": 1', "utf-8"
    )

    with pytest.raises(ValueError, match="ligne 2"):
        load_questions(path)
