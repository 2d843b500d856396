"""Question sets kept and removed, and one evaluation from its start to its figures."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from assistant.cli.console import moment, note, plural, say, say_json
from assistant.cli.failures import ExitCode
from assistant.cli.following import duration
from assistant.cli.measures import fill_table, show_summary
from assistant.client import AssistantClient, ClientError
from assistant.domain.catalogue import sentence
from assistant.domain.errors import NotFound
from assistant.schemas.evaluations import EvaluationDetail, EvaluationOut, QuestionSetOut
from assistant.schemas.wire import FaultyLine

_FINAL = frozenset({"succeeded", "failed", "cancelled"})
_POLL_S = 0.5
_TELL_S = 10.0
_PAGE = 200
_MOST_SETS = 200
_MOST_LINES = 100


def import_set(client: AssistantClient, path: Path, *, as_json: bool) -> ExitCode:
    """Send a file of questions and tell what became of it.

    Returns:
        0, or 6 when it is refused; each faulty line is told.

    Raises:
        ClientError: The service failed, or refused the file as a whole.
    """
    try:
        added = client.add_question_set(path)
    except ClientError as error:
        if not error.problem.lines:
            raise
        if as_json:
            say_json({"error": error.problem.model_dump(mode="json")})
        note(error.problem.detail)
        _note_lines(error.problem.lines)
        return ExitCode.REFUSED
    if as_json:
        say_json(added)
        return ExitCode.OK
    _show_set(added)
    if added.ignored_columns:
        columns = ", ".join(f"« {title} »" for title in added.ignored_columns)
        note(sentence("columns_ignored", columns=columns))
    _note_lines(added.notices)
    return ExitCode.OK


def show_sets(client: AssistantClient, *, as_json: bool) -> None:
    """One line a set, newest first."""
    found = client.list_question_sets(limit=_MOST_SETS)
    if as_json:
        say_json([each.model_dump(mode="json") for each in found])
        return
    if not found:
        say("Aucun jeu de questions.")
    for each in found:
        _show_set(each)


def delete_sets(client: AssistantClient, wanted: Sequence[str]) -> ExitCode:
    """Delete sets one by one, saying of each what became of it.

    Returns:
        0, or 6 when some set is unknown; the others are deleted all the same.
    """
    code = ExitCode.OK
    for name in dict.fromkeys(wanted):
        try:
            found = find_set(client, name)
        except NotFound as error:
            note(error.sentence)
            code = ExitCode.REFUSED
            continue
        client.delete_question_set(found.id)
        say(f"{found.id} supprimé ({found.name}).")
    return code


def run_evaluation(
    client: AssistantClient, name: str, *, table: BinaryIO | None, as_json: bool
) -> ExitCode:
    """Evaluate a set, follow it to its end, and write its figures.

    Args:
        client: Speaks to the service.
        name: Identifier of the set, or its name.
        table: Where the rows go as CSV, None for nowhere; closed at the end.
        as_json: Writes the evaluation with all rows as one line of JSON.

    Returns:
        0; 3 when answers failed or it was cancelled elsewhere; 5 when the service gave it up.

    Raises:
        NotFound: There is no such set ("question_set_unknown").
        ClientError: The service failed or refused.
    """
    found = find_set(client, name)
    started = client.start_evaluation(found.id)
    _note_lines(started.notices)
    evaluation: EvaluationOut = started
    with _cancelled_on_interrupt(client, evaluation.id):
        evaluation = _follow(client, evaluation)
    detail = _whole(client, evaluation.id)
    if table is not None:
        with table:
            fill_table(table, client.evaluation_table(evaluation.id))
    say_json(detail) if as_json else show_summary(detail)
    if evaluation.reason:
        note(evaluation.reason)
    if evaluation.state == "failed":
        return ExitCode.SERVICE
    is_whole = evaluation.state == "succeeded" and not evaluation.summary.failed
    return ExitCode.OK if is_whole else ExitCode.SOME_FAILED


def find_set(client: AssistantClient, wanted: str) -> QuestionSetOut:
    """A set by its identifier, else the newest one of this name.

    Raises:
        NotFound: There is none ("question_set_unknown").
    """
    sets = client.list_question_sets(limit=_MOST_SETS)
    for each in (*(one for one in sets if one.id == wanted), *sets):
        if wanted in {each.id, each.name}:
            return each
    raise NotFound("question_set_unknown", name=wanted)


def _note_lines(lines: Sequence[FaultyLine]) -> None:
    for each in lines[:_MOST_LINES]:
        note(f"  {sentence('line_told', line=each.line, told=each.detail)}")
    if len(lines) > _MOST_LINES:
        note(f"  {sentence('lines_more', count=len(lines) - _MOST_LINES)}")


def _show_set(found: QuestionSetOut) -> None:
    say(
        f"{found.id}  {moment(found.created_at)}  {plural(found.question_count, 'question'):>15}"
        f", dont {found.unanswerable_count} sans réponse  {found.name}"
    )


def _follow(client: AssistantClient, evaluation: EvaluationOut) -> EvaluationOut:
    told_at = time.monotonic()
    while evaluation.state not in _FINAL:
        time.sleep(_POLL_S)
        evaluation = client.get_evaluation(evaluation.id, limit=1).evaluation
        if time.monotonic() - told_at >= _TELL_S:
            told_at = time.monotonic()
            left = "" if evaluation.left_s is None else f", reste {duration(evaluation.left_s)}"
            note(f"{evaluation.done}/{plural(evaluation.total, 'question')}{left}")
    return evaluation


def _whole(client: AssistantClient, evaluation_id: str) -> EvaluationDetail:
    detail = client.get_evaluation(evaluation_id, limit=_PAGE)
    rows = list(detail.rows)
    while len(rows) < detail.evaluation.total:
        page = client.get_evaluation(evaluation_id, limit=_PAGE, offset=len(rows)).rows
        if not page:
            break
        rows.extend(page)
    return EvaluationDetail(evaluation=detail.evaluation, rows=rows)


@contextmanager
def _cancelled_on_interrupt(client: AssistantClient, evaluation_id: str) -> Generator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        try:
            client.cancel_evaluation(evaluation_id)
        except ClientError as error:
            note(error.problem.detail)
        else:
            note("Évaluation annulée ; ce qui était déjà mesuré reste.")
        raise
