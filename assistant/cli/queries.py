"""Files of queries: JSON Lines in, one JSON result a line out, in the same order."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from assistant.cli.console import is_text, say_json
from assistant.cli.failures import ExitCode, Misuse, code_of, sentence_of
from assistant.domain.catalogue import sentence

_STDIN = Path("-")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ECHO_CHARS = 200
"""Of a query in the line that says why it failed."""
Row = dict[str, Any]
Id = str | int | float


@dataclass(frozen=True, slots=True)
class QueryLine:
    """One line of the file."""

    id: Id
    """Its own id as written, else its line number."""
    text: str
    after: str
    """The previous question, empty for none."""


class BadLine(Exception):
    """A line that is no query; the message is a French sentence."""

    def __init__(self, code: str, *, id: Id, number: int) -> None:
        super().__init__(sentence(code, line=number))
        self.id = id
        self.code = "question_empty" if code == "question_empty" else "invalid_input"


def run_queries(path: Path, *, act: Callable[[QueryLine], Row]) -> ExitCode:
    """Run every line and print one result for each, also for those that fail.

    Args:
        path: JSON Lines file, "-" for standard input.
        act: Makes the result of one query, whose id is put in; what it raises becomes the `error` of
            its line. A result with a true value under "error", or a false one under "is_complete",
            counts as failed.

    Returns:
        0, or 3 when some line failed.

    Raises:
        Misuse: The file cannot be read.
    """
    has_failed = False
    for line in read_queries(path):
        row = _result(line, act=act)
        has_failed = has_failed or bool(row.get("error")) or row.get("is_complete") is False
        say_json(row)
    return ExitCode.SOME_FAILED if has_failed else ExitCode.OK


def read_queries(path: Path) -> Iterator[QueryLine | BadLine]:
    """The queries of a file in order, empty lines left away.

    Raises:
        Misuse: The file cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if path == _STDIN else path.read_bytes()
    except OSError as error:
        raise Misuse(sentence("queries_unreadable", path=str(path))) from error
    for number, line in enumerate(data.removeprefix(_BYTE_ORDER_MARK).split(b"\n"), start=1):
        if line.strip():
            yield _parsed(line, number=number)


def _parsed(line: bytes, *, number: int) -> QueryLine | BadLine:
    try:
        return _query(_object(line, number=number), number=number)
    except BadLine as bad:
        return bad


def _object(line: bytes, *, number: int) -> Row:
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError:
        raise BadLine("query_not_utf8", id=str(number), number=number) from None
    except (ValueError, RecursionError):
        raise BadLine("query_not_object", id=str(number), number=number) from None
    if not isinstance(value, dict):
        raise BadLine("query_not_object", id=str(number), number=number)
    return cast("Row", value)


def _query(row: Row, *, number: int) -> QueryLine:
    id = str(number) if row.get("id") is None else row["id"]
    if not _is_id(id):
        raise BadLine("query_id_invalid", id=str(number), number=number)
    text, after = row.get("text"), row.get("after")
    if not isinstance(text, str):
        raise BadLine("query_text_missing", id=id, number=number)
    if after is not None and not isinstance(after, str):
        raise BadLine("query_after_invalid", id=id, number=number)
    if not (is_text(text) and is_text(after or "")):
        raise BadLine("query_not_unicode", id=id, number=number)
    if not text.strip():
        raise BadLine("question_empty", id=id, number=number)
    return QueryLine(id, text, after or "")


def _is_id(value: Any) -> bool:
    """A text, or a number that JSON can write again."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int) and not isinstance(value, bool)


def _result(line: QueryLine | BadLine, *, act: Callable[[QueryLine], Row]) -> Row:
    if isinstance(line, BadLine):
        return {"id": line.id, "error": {"code": line.code, "detail": str(line)}}
    try:
        return {**act(line), "id": line.id}
    except Exception as error:  # noqa: BLE001 - one line never stops the others
        problem = {"code": code_of(error), "detail": sentence_of(error)}
        return {"id": line.id, "query": _echo(line.text), "error": problem}


def _echo(text: str) -> str:
    return text if len(text) <= _ECHO_CHARS else f"{text[: _ECHO_CHARS - 1]}…"
