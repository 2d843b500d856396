"""Files of queries: JSON Lines in, one JSON result a line out, in the same order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from assistant.cli.console import say_json
from assistant.cli.failures import ExitCode, Misuse, sentence_of
from assistant.client import ClientError
from assistant.domain.catalogue import sentence

_STDIN = Path("-")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class QueryLine:
    """One line of the file."""

    id: str
    """Its own id, else its line number."""
    text: str
    after: str
    """The previous question, empty for none."""


class BadLine(Exception):
    """A line that is no query; the message is a French sentence."""

    def __init__(self, id: str, message: str, *, code: str = "invalid_input") -> None:
        super().__init__(message)
        self.id = id
        self.code = code


def run_queries(path: Path, *, act: Callable[[QueryLine], Row]) -> ExitCode:
    """Run every line and print one result for each, also for those that fail.

    Args:
        path: JSON Lines file, "-" for standard input.
        act: Makes the result of one query; a `ClientError` becomes the `error` of its line. A
            result with a true value under "error" counts as failed.

    Returns:
        0, or 3 when some line failed.

    Raises:
        Misuse: The file cannot be read.
    """
    has_failed = False
    for line in read_queries(path):
        row = _result(line, act=act)
        has_failed = has_failed or bool(row.get("error"))
        say_json(row)
    return ExitCode.SOME_FAILED if has_failed else ExitCode.OK


def read_queries(path: Path) -> Iterator[QueryLine | BadLine]:
    """The queries of a file in order, empty lines left away.

    Raises:
        Misuse: The file cannot be read.
    """
    try:
        text = sys.stdin.read() if path == _STDIN else path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(
            f"Le fichier de questions « {path} » ne peut pas être lu. Vérifiez son chemin, "
            "ses droits et son encodage (UTF-8)."
        ) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _parsed(line, number=number)


def _parsed(line: str, *, number: int) -> QueryLine | BadLine:
    try:
        value = json.loads(line)
    except ValueError:
        return BadLine(str(number), f"La ligne {number} n'est pas un objet JSON.")
    row = cast("Row", value) if isinstance(value, dict) else {}
    id, text, after = row.get("id", number), row.get("text"), row.get("after") or ""
    if not isinstance(text, str) or not isinstance(after, str):
        return BadLine(str(id), f"La ligne {number} n'a pas de champ « text » qui soit un texte.")
    if not text.strip():
        return BadLine(str(id), sentence("question_empty"), code="question_empty")
    return QueryLine(str(id), text, after)


def _result(line: QueryLine | BadLine, *, act: Callable[[QueryLine], Row]) -> Row:
    if isinstance(line, BadLine):
        return {"id": line.id, "error": {"code": line.code, "detail": str(line)}}
    try:
        return act(line)
    except ClientError as error:
        problem = {"code": error.code, "detail": sentence_of(error)}
        return {"id": line.id, "query": line.text, "error": problem}
