"""The figures of an evaluation for a person, and the file for its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from assistant.cli.console import plural, say
from assistant.cli.failures import Misuse
from assistant.domain.catalogue import sentence
from assistant.schemas.evaluations import EvaluationDetail, EvaluationRowOut, ShareOut

_SHOWN_MISSES = 20
_LABEL_CHARS = 51
_SHARES = (
    "document_at_1",
    "document_at_5",
    "passage_at_1",
    "passage_at_5",
    "cited",
    "quoted",
    "refused_wrongly",
    "refused_rightly",
    "marked",
    "fell_back",
    "cut",
)
_MEANS = ("reciprocal_rank", "expected_words")
_COUNTS = ("failed", "unsupported_sentences", "uncited_sentences")
"""Fields of a summary, in the order in which they are told."""


def open_table(path: Path) -> BinaryIO:
    """A file for the rows, opened before the work so that it is not done in vain.

    What it holds stays until `fill_table` has something to put in its place.

    Raises:
        Misuse: It cannot be written.
    """
    try:
        return path.open("ab")
    except OSError as error:
        raise Misuse(sentence("table_unwritable", path=str(path))) from error


def fill_table(table: BinaryIO, rows: bytes) -> None:
    """Put rows in the place of all that a table held."""
    table.truncate(0)
    table.write(rows)


def show_summary(detail: EvaluationDetail) -> None:
    """The figures with their 95 % intervals, then the questions that went wrong."""
    evaluation = detail.evaluation
    summary = evaluation.summary
    say(
        f"{evaluation.question_set.name} : {evaluation.done}/{plural(evaluation.total, 'question')}"
        f", {summary.answerable} avec réponse, {summary.unanswerable} sans réponse."
    )
    for name in _SHARES:
        share: ShareOut = getattr(summary, name)
        say(f"{sentence(f'measured_{name}'):<{_LABEL_CHARS}}{_share(share)}")
    for name in _MEANS:
        mean: float | None = getattr(summary, name)
        if mean is not None:
            say(f"{sentence(f'measured_{name}'):<{_LABEL_CHARS}}{mean:6.3f}".replace(".", ","))
    for name in _COUNTS:
        count: int = getattr(summary, name)
        if count:
            say(f"{sentence(f'measured_{name}'):<{_LABEL_CHARS}}{count:>6}")
    for line in _misses(detail.rows):
        say(line)


def _misses(rows: Sequence[EvaluationRowOut]) -> Iterator[str]:
    missed = [
        (row, row.result)
        for row in rows
        if row.result is not None and row.result.verdict not in {"right", "refused_rightly"}
    ]
    for row, result in missed[:_SHOWN_MISSES]:
        why = sentence(f"verdict_{result.verdict}")
        yield f"  ligne {row.expected.line} : {why} — {row.expected.question}"
    if len(missed) > _SHOWN_MISSES:
        yield f"  … et {len(missed) - _SHOWN_MISSES} autres : voir « --csv » ou « --json »."


def _share(share: ShareOut) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "     —"
    shown = (
        f"{100 * share.value:5.1f} %  [{100 * share.low:.1f} ; {100 * share.high:.1f}]"
        f"  ({share.successes}/{share.total})"
    )
    return shown.replace(".", ",")
