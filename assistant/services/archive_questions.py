"""Question sets as CSV files, in the columns that `assistant questions add` knows, and back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from assistant.domain.errors import InvalidInput
from assistant.domain.question_sets import MAX_QUESTIONS, ExpectedAnswer

HEADINGS = ("question", "document", "pages", "passage", "answer", "unanswerable")
_YES = "oui"
_MARK = "\ufeff"
_CELL_CHARS = 10_000


def csv_of(questions: Iterable[ExpectedAnswer]) -> Iterator[bytes]:
    """A CSV file with semicolons, in UTF-8 with a byte order mark, as spreadsheets take it."""
    yield _MARK.encode() + _row(HEADINGS)
    for each in questions:
        pages = ", ".join(map(str, each.pages))
        flag = "" if each.is_answerable else _YES
        yield _row((each.question, each.document or "", pages, each.passage, each.answer, flag))


def questions_of(data: bytes, *, file: str) -> list[ExpectedAnswer]:
    """The questions of a file that `csv_of` wrote.

    Raises:
        InvalidInput: It is none ("archive_line_refused").
    """
    try:
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput("archive_line_refused", file=file, line=1) from error
    if not rows or tuple(rows[0]) != HEADINGS or len(rows) > MAX_QUESTIONS + 1:
        raise InvalidInput("archive_line_refused", file=file, line=1)
    return [_question(row, file=file, line=line) for line, row in enumerate(rows[1:], start=2)]


def _row(cells: Iterable[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerow(cells)
    return text.getvalue().encode()


def _question(row: list[str], *, file: str, line: int) -> ExpectedAnswer:
    is_long = any(len(cell) > _CELL_CHARS for cell in row)
    if len(row) != len(HEADINGS) or is_long or not row[0].strip():
        raise InvalidInput("archive_line_refused", file=file, line=line)
    question, document, pages, passage, answer, flag = row
    numbers = [each.strip() for each in pages.split(",") if each.strip()]
    if (flag == _YES) == bool(document) or not all(map(_is_page, numbers)):
        raise InvalidInput("archive_line_refused", file=file, line=line)
    return ExpectedAnswer(
        line=line,
        question=question,
        document=document or None,
        pages=tuple(map(int, numbers)),
        passage=passage,
        answer=answer,
    )


def _is_page(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6
