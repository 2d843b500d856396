"""From the rows of a sheet to a question set, or to every fault of it by line. Writes nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.domain.catalogue import sentence
from assistant.domain.errors import LineFault, LinesRefused
from assistant.domain.question_sets import MAX_QUESTIONS, ExpectedAnswer, compared
from ingest.rows import SheetFile, SheetRow

_HEADER_ROWS = 10
"""Filled rows of a sheet among which its header is looked for: titles may stand above it."""
_MAX_PAGE = 10_000
_MAX_RANGE = 200


class Column(StrEnum):
    """What a column of a list of questions holds; its French name is in the messages."""

    QUESTION = "question"
    DOCUMENT = "document"
    PLACE = "place"
    """A page when it looks like one, else words of the passage."""
    PAGE = "page"
    PASSAGE = "passage"
    ANSWER = "answer"
    UNANSWERABLE = "unanswerable"


_NAMES = {
    Column.QUESTION: "question|questions|question posee|texte de la question|query",
    Column.DOCUMENT: "document|document attendu|documents attendus|fichier|fichier attendu"
    "|nom du document|source|source attendue|expected document|file|expected file",
    Column.PLACE: "page ou passage|page ou passage attendu|page passage|emplacement"
    "|page or passage|expected page or passage|place",
    Column.PAGE: "page|pages|page attendue|pages attendues|n de page|numero de page"
    "|expected page|expected pages",
    Column.PASSAGE: "passage|passage attendu|extrait|extrait attendu|citation|citation attendue"
    "|expected passage|quote|expected quote",
    Column.ANSWER: "reponse|reponse attendue|reponses attendues|answer|expected answer",
    Column.UNANSWERABLE: "sans reponse|question sans reponse|unanswerable|no answer|without answer",
}
_COLUMNS = {name: column for column, names in _NAMES.items() for name in names.split("|")}
_NO_ANSWER = frozenset(
    {
        "sans reponse",
        "pas de reponse",
        "aucune reponse",
        "aucun document",
        "no answer",
        "unanswerable",
        "without answer",
    }
)
_NOTHING = frozenset({"n/a", "n.a.", "na.", "néant", "null", "none", "nan", "aucun", "aucune"})
"""What people and programs write into a cell to leave it empty, beside signs without letters."""
_YES = frozenset({"oui", "x", "1", "vrai", "yes", "true", "o", "y"}) | _NO_ANSWER
_NO = frozenset({"non", "0", "faux", "no", "false", "n"})
_LIMITS = {
    Column.DOCUMENT: 500,
    Column.PLACE: 2000,
    Column.PASSAGE: 2000,
    Column.ANSWER: 4000,
}
"""Characters of a cell; those of a question are a setting."""
_PAGE_WORD = re.compile(r"\b(?:pages?|pp?)\b\.?", re.I)
_PAGE_NAME = re.compile(r"(?:pages?|pp?)\b[\s.]*", re.I)
_LEAST_LETTERS = 4
"""Of one word that stands alone for a passage; a shorter one has a column of its own to go to."""
_PAGES = re.compile(r"\d+(?:\s*(?:-|–|—|à|to|,|;|et|and|&)\s*\d+)*", re.I)
_RANGE = re.compile(r"(\d+)(?:\s*(?:-|–|—|à|to)\s*(\d+))?", re.I)
_BETWEEN = re.compile(r"\s*(?:,|;|et|and|&)\s*", re.I)


@dataclass(frozen=True, slots=True)
class QuestionList:
    """What a file of questions holds."""

    questions: tuple[ExpectedAnswer, ...]
    """At least one, in order."""
    ignored: tuple[str, ...]
    """Headings of columns that stand for nothing here."""


def read_list(file: SheetFile, *, question_chars: int) -> QuestionList:
    """The questions of the first sheet that has a column of questions.

    Headings are known in French and English, whatever their case, accents and order.

    Args:
        file: The sheets as they are.
        question_chars: Greatest length of a question, in characters.

    Raises:
        LinesRefused: With every fault of the file; nothing of it is to be kept.
    """
    header, rows = _header(file)
    faults = list(header.faults())
    if not faults:
        reader = _Reader(header, question_chars=question_chars)
        questions = [each for row in rows if (each := reader.read(row)) is not None]
        faults = reader.faults
        if len(questions) > MAX_QUESTIONS or file.is_cut:
            faults = [LineFault(header.line, "questions_too_many", {"limit": MAX_QUESTIONS})]
        elif not questions and not faults:
            faults = [LineFault(header.line, "questions_none", {})]
        if not faults:
            return QuestionList(tuple(questions), header.ignored)
    raise LinesRefused("question_set_refused", faults=faults)


@dataclass(frozen=True, slots=True)
class _Header:
    line: int
    titles: Mapping[int, str]

    @property
    def places(self) -> dict[int, Column]:
        known = {place: _COLUMNS.get(_folded(title)) for place, title in self.titles.items()}
        return {place: column for place, column in known.items() if column is not None}

    @property
    def ignored(self) -> tuple[str, ...]:
        return tuple(title for place, title in self.titles.items() if place not in self.places)

    def faults(self) -> Iterator[LineFault]:
        """What forbids to read the rows below."""
        found = list(self.places.values())
        for column in Column:
            if found.count(column) > 1:
                params = {"column": title_of(column)}
                yield LineFault(self.line, "column_twice", params)
        for column in (Column.QUESTION, Column.DOCUMENT):
            if column not in found:
                seen = ", ".join(f"« {title[:40]} »" for title in list(self.titles.values())[:8])
                params = {"column": title_of(column), "seen": seen or "aucune"}
                yield LineFault(self.line, "column_missing", params)


def title_of(column: Column) -> str:
    """What a column is called in French."""
    return sentence(f"column_{column.value}")


def _header(file: SheetFile) -> tuple[_Header, Sequence[SheetRow]]:
    best = (-1, _Header(1, {}), ())
    for sheet in file.sheets:
        for index, row in enumerate(sheet.rows[:_HEADER_ROWS]):
            header = _Header(row.number, row.cells)
            known = len(header.places)
            if Column.QUESTION in header.places.values():
                return header, sheet.rows[index + 1 :]
            if known > best[0]:
                best = (known, header, sheet.rows[index + 1 :])
    return best[1], best[2]


class _Reader:
    """Reads row after row and remembers what is wrong."""

    def __init__(self, header: _Header, *, question_chars: int) -> None:
        self.faults: list[LineFault] = []
        self._columns = header.places
        self._limits = {**_LIMITS, Column.QUESTION: question_chars}
        self._seen: dict[str, int] = {}

    def read(self, row: SheetRow) -> ExpectedAnswer | None:
        """A question, None when the row has none or a fault."""
        cells = {
            column: row.cells[place].strip()
            for place, column in self._columns.items()
            if not _is_empty(row.cells.get(place, ""))
        }
        if not cells:
            return None
        before = len(self.faults)
        self._check_lengths(row.number, cells)
        self._check_question(row.number, cells.get(Column.QUESTION, ""))
        is_refusal = self._is_unanswerable(row.number, cells)
        document = cells.get(Column.DOCUMENT, "")
        if not is_refusal and not document:
            self._fault(row.number, "document_expected")
        pages, passage = self._place(row.number, cells)
        if len(self.faults) > before:
            return None
        return ExpectedAnswer(
            line=row.number,
            question=cells[Column.QUESTION],
            document=None if is_refusal else document,
            pages=() if is_refusal else pages,
            passage="" if is_refusal else passage,
            answer="" if is_refusal else cells.get(Column.ANSWER, ""),
        )

    def _fault(self, line: int, code: str, **params: str | int) -> None:
        self.faults.append(LineFault(line, code, params))

    def _check_lengths(self, line: int, cells: Mapping[Column, str]) -> None:
        for column, limit in self._limits.items():
            count = len(cells.get(column, ""))
            if count > limit:
                title = title_of(column)
                self._fault(line, "cell_too_long", column=title, characters=count, limit=limit)

    def _check_question(self, line: int, question: str) -> None:
        if not question:
            self._fault(line, "question_expected")
            return
        first = self._seen.setdefault(compared(question), line)
        if first != line:
            self._fault(line, "question_twice", first=first)

    def _is_unanswerable(self, line: int, cells: dict[Column, str]) -> bool:
        """True when a mark says so, wherever it stands; marks are taken out of the cells."""
        marked = [
            column
            for column in (Column.DOCUMENT, Column.PLACE, Column.PASSAGE, Column.ANSWER)
            if _folded(cells.get(column, "")) in _NO_ANSWER
        ]
        for column in marked:
            del cells[column]
        flag = _folded(cells.get(Column.UNANSWERABLE, ""))
        if flag and flag not in _YES | _NO:
            self._fault(line, "flag_unreadable", value=cells[Column.UNANSWERABLE][:40])
        is_refusal = bool(marked) or flag in _YES
        if is_refusal and any(cells.get(column) for column in _EXPECTATIONS):
            self._fault(line, "expectation_contradictory")
        return is_refusal

    def _place(self, line: int, cells: Mapping[Column, str]) -> tuple[tuple[int, ...], str]:
        place, passage = cells.get(Column.PLACE, ""), cells.get(Column.PASSAGE, "")
        pages = pages_of(place) if place else ()
        if place and pages is None:
            if _is_meant_as_page(place):
                self._fault(line, "place_unreadable", value=place[:40])
            passage = passage or place
        written = cells.get(Column.PAGE, "")
        if written:
            pages = pages_of(written)
            if pages is None:
                self._fault(line, "page_unreadable", value=written[:40])
        return pages or (), passage


_EXPECTATIONS = (Column.DOCUMENT, Column.PLACE, Column.PAGE, Column.PASSAGE)


def pages_of(text: str) -> tuple[int, ...] | None:
    """Pages as people write them, such as "3", "p. 3-5" or "pages 3 et 7"; None for other words."""
    written = _PAGE_WORD.sub("", text).strip(" .")
    if not _PAGES.fullmatch(written):
        return None
    pages: set[int] = set()
    for part in _BETWEEN.split(written):
        found = _RANGE.fullmatch(part)
        if found is None:
            return None
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last <= _MAX_PAGE or last - first > _MAX_RANGE:
            return None
        pages.update(range(first, last + 1))
    return tuple(sorted(pages))


def _is_empty(cell: str) -> bool:
    """True for an empty cell, or one filled only to say so, such as "-" or "n/a"."""
    written = cell.strip().casefold()
    return written in _NOTHING or not any(char.isalnum() for char in written)


def _is_meant_as_page(text: str) -> bool:
    """True for what is no page, yet can hardly be the words of a passage.

    Numbers out of bounds, such as "0", "-3" or "12-5"; one word after "page"; a word of a few letters.
    """
    rest = text.strip()
    named = _PAGE_NAME.match(rest)
    if named is not None:
        rest = rest[named.end() :]
    if _PAGES.fullmatch(rest.strip(" .+-–—−")):
        return True
    return rest.isalpha() and (named is not None or len(rest) < _LEAST_LETTERS)


def _folded(text: str) -> str:
    """A heading or a mark without case, accents, quotes and signs."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())
