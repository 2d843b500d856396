"""What the pool and its children say to each other: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from ingest.errors import IngestError, ParseFailed, ParserDied, RefusedFile, UnsupportedFormat
from ingest.limits import Limits

MAX_LINE_BYTES = 65_536
MAX_RESULT_BYTES = 64_000_000
RESULT_NAME = "result"
_CLASSES = {
    kind.__name__: kind
    for kind in (IngestError, UnsupportedFormat, RefusedFile, ParseFailed, ParserDied)
}


@dataclass(frozen=True, slots=True)
class ChildConfig:
    """What a child is told at its start."""

    home: str
    """Its own folder: home, temporary files and results."""
    limits: Limits
    reading: str
    """Where its reading function lives: "module:function" or "/file.py:function"."""
    rendering: str

    def dump(self) -> str:
        """One argument of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> ChildConfig:
        """What `dump` wrote."""
        plain = cast("dict[str, Any]", json.loads(text))
        limits = Limits(**plain["limits"])
        return cls(
            home=plain["home"],
            limits=limits,
            reading=plain["reading"],
            rendering=plain["rendering"],
        )


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do with one file."""

    path: Path
    name: str = ""
    page: int = 0
    """A page to render, from 1; 0 to read the whole file."""
    wants_rows: bool = False
    """The rows of a sheet as they are, instead of a document."""

    def dump(self) -> bytes:
        """One line."""
        plain = {
            "path": str(self.path),
            "name": self.name,
            "page": self.page,
            "wants_rows": self.wants_rows,
        }
        return json.dumps(plain).encode() + b"\n"

    @classmethod
    def load(cls, line: bytes) -> Request:
        """What `dump` wrote."""
        plain = cast("dict[str, Any]", json.loads(line))
        return cls(
            path=Path(plain["path"]),
            name=plain["name"],
            page=plain["page"],
            wants_rows=plain["wants_rows"],
        )


def error_line(error: IngestError, *, detail: str = "", is_spent: bool = False) -> bytes:
    """An error as a reply line.

    Args:
        error: What the caller is to be told.
        detail: Type and place of the cause, for the log; never text of the document.
        is_spent: The child should be replaced.
    """
    return reply_line(
        error=type(error).__name__,
        code=error.code,
        params=error.params,
        detail=detail,
        is_spent=is_spent,
    )


def reply_line(**values: object) -> bytes:
    """A reply line of plain values."""
    return json.dumps(values).encode() + b"\n"


def load_reply(line: bytes) -> dict[str, Any]:
    """The values of a reply line.

    Raises:
        ValueError: It is not one.
    """
    plain: object = json.loads(line)
    if not isinstance(plain, dict):
        raise ValueError("not a reply")  # noqa: TRY004
    return cast("dict[str, Any]", plain)


def reply_error(reply: dict[str, Any]) -> IngestError:
    """The error that a reply carries."""
    kind = _CLASSES.get(str(reply["error"]), IngestError)
    params = cast("dict[str, str | int | float]", reply.get("params") or {})
    return kind(str(reply["code"]), **params)
