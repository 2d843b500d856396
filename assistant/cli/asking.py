"""`assistant ask`: an answer as it comes, then its numbered sources."""

from __future__ import annotations

from assistant.cli.console import note, say, say_raw
from assistant.cli.failures import ExitCode
from assistant.cli.queries import QueryLine, Row
from assistant.cli.searching import classified
from assistant.client import AssistantClient
from assistant.domain.catalogue import sentence
from assistant.schemas.answers import (
    AnswerOut,
    CitationOut,
    CompletedEvent,
    DeltaEvent,
    ErrorEvent,
)

_FAILED = "failed"


def answer_row(client: AssistantClient, line: QueryLine) -> Row:
    """The whole answer to one query, as the API gives it."""
    return client.ask(line.text, after=line.after).model_dump(mode="json")


def exit_code(row: Row) -> ExitCode:
    """5 for a failed answer, 3 for one that ends before its end, else 0: a refusal is an answer."""
    if row["status"] == _FAILED:
        return ExitCode.SERVICE
    return _code_of(is_complete=row["is_complete"])


def stream_answer(client: AssistantClient, question: str, *, after: str) -> ExitCode:
    """Write an answer while it is made, then its sources; the code is that of `exit_code`."""
    code = ExitCode.OK
    for event in client.stream_answer(question, after=after):
        match event:
            case DeltaEvent():
                say_raw(event.text)
            case CompletedEvent():
                _show_end(event.answer)
                code = _code_of(is_complete=event.answer.is_complete)
            case ErrorEvent():
                say_raw("\n")
                note(event.problem.detail)
                return ExitCode.SERVICE
            case _:
                continue
    return code


def _code_of(*, is_complete: bool) -> ExitCode:
    return ExitCode.OK if is_complete else ExitCode.SOME_FAILED


def _show_end(answer: AnswerOut) -> None:
    say("")
    if answer.understood:
        say(f"\n{sentence('question_understood', question=answer.understood)}")
    if answer.notice:
        say(f"\n{answer.notice}")
    if answer.citations:
        say("\nSources")
    for citation in answer.citations:
        say(
            f"[{citation.marker}] {citation.title}{_place(citation)} ({citation.file}){classified(citation.label)}"
        )
    if answer.marks:
        say(f"\n{sentence('marked_statements')}")
    for mark in answer.marks:
        say(f"- {' '.join(mark.sentence.split())}\n  → {mark.reason}")


def _place(citation: CitationOut) -> str:
    section = citation.locator.section[-1:]
    page = [f"p. {citation.page}"] if citation.page is not None else []
    return "".join(f" — {part}" for part in [*section, *page])
