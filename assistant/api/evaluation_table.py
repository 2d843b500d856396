"""The rows of an evaluation as CSV, for a person's spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from assistant.domain.catalogue import sentence
from assistant.schemas.evaluations import CitedPassageOut, EvaluationRowOut

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def evaluation_table(rows: Sequence[EvaluationRowOut]) -> bytes:
    """One line a question, with semicolons and a byte order mark, as French spreadsheets expect.

    A text that a spreadsheet would take for a formula begins with an apostrophe: it may come from
    any document.
    """
    table = StringIO(newline="")
    writer = csv.writer(table, delimiter=";")
    titles = sentence("table_titles").split(";")
    writer.writerow(titles)
    for row in rows:
        cells = _cells(row)
        writer.writerow([_inert(cell) for cell in cells] + [""] * (len(titles) - len(cells)))
    return table.getvalue().encode("utf-8-sig")


def _cells(row: EvaluationRowOut) -> list[str]:
    expected, result = row.expected, row.result
    told = [
        str(expected.line),
        expected.question,
        sentence("table_no_answer") if expected.document is None else expected.document,
        ", ".join(map(str, expected.pages)),
        expected.passage,
        expected.answer,
    ]
    if result is None:
        return [*told, sentence("verdict_none")]
    sources = map(_source, result.citations)
    ranks = (result.document_rank, result.passage_rank, result.citation_rank, result.quote_rank)
    marked = (result.unsupported_sentences, result.uncited_sentences)
    words = "" if result.expected_words is None else f"{result.expected_words:.3f}"
    return [
        *told,
        sentence(f"verdict_{result.verdict}"),
        *("" if rank is None else str(rank) for rank in ranks),
        words.replace(".", ","),
        *("" if count is None else str(count) for count in marked),
        result.model_fault or "",
        result.answer,
        " | ".join(sources),
        result.reason or "",
        str(result.elapsed_ms),
    ]


def _source(cited: CitedPassageOut) -> str:
    if cited.is_withheld:
        return cited.quote
    return f"{cited.file}{', p. ' + ', '.join(map(str, cited.pages)) if cited.pages else ''}"


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
