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


def open_table(path: Path) -> BinaryIO:
    """A file for the rows, opened before the work so that it is not done in vain.

    Raises:
        Misuse: It cannot be written.
    """
    try:
        return path.open("wb")
    except OSError as error:
        raise Misuse(sentence("table_unwritable", path=str(path))) from error


def show_summary(detail: EvaluationDetail) -> None:
    """The figures with their 95 % intervals, then the questions that went wrong."""
    evaluation = detail.evaluation
    summary = evaluation.summary
    say(
        f"{evaluation.question_set.name} : {evaluation.done}/{plural(evaluation.total, 'question')}"
        f", {summary.answerable} avec réponse, {summary.unanswerable} sans réponse."
    )
    shares = (
        ("Bon document au premier rang", summary.document_at_1),
        ("Bon document parmi cinq passages", summary.document_at_5),
        ("Bon passage au premier rang", summary.passage_at_1),
        ("Bon passage parmi cinq", summary.passage_at_5),
        ("Bon passage parmi les trois premières citations", summary.cited),
        ("Mots attendus dans les trois premières citations", summary.quoted),
        ("Refus à tort", summary.refused_wrongly),
        ("Refus à raison", summary.refused_rightly),
    )
    for label, share in shares:
        say(f"{label:<51}{_share(share)}")
    means = (
        ("Rang réciproque moyen", summary.reciprocal_rank),
        ("Mots de la réponse attendue retrouvés", summary.expected_words),
    )
    for label, mean in means:
        if mean is not None:
            say(f"{label:<51}{mean:6.3f}".replace(".", ","))
    if summary.failed:
        say(f"{'Réponses en échec':<51}{summary.failed:>6}")
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
