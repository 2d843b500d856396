"""What the pool and its children say to each other: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from ingest.errors import (
    IngestError,
    ParseFailed,
    ParserDied,
    RefusedFile,
    ScratchFull,
    UnsupportedFormat,
)
from ingest.limits import PRINT_S, RENDER_S, Limits
from ingest.model import Box
from ingest.parts import EVERY_PART_READ, PartsLeftOut

MAX_LINE_BYTES = 65_536
MAX_RESULT_BYTES = 64_000_000
RESULT_NAME = "result"
_CLASSES = {
    kind.__name__: kind
    for kind in (IngestError, UnsupportedFormat, RefusedFile, ParseFailed, ParserDied, ScratchFull)
}


@dataclass(frozen=True, slots=True)
class ChildConfig:
    """What a child is told at its start."""

    home: str
    """Its own folder: home, temporary files and results."""
    limits: Limits
    reading: str
    """Where its reading function lives: "module:function" or "/file.py:function"."""

    def dump(self) -> str:
        """One argument of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> ChildConfig:
        """What `dump` wrote."""
        plain = cast("dict[str, Any]", json.loads(text))
        limits = Limits(**plain["limits"])
        return cls(home=plain["home"], limits=limits, reading=plain["reading"])


class Task(StrEnum):
    """What a child can do with a file."""

    READ = "read"
    """Its document and chunks."""
    DRAW = "draw"
    """The image of one of its pages."""
    PRINT = "print"
    """The PDF of a deck."""
    FIND = "find"
    """The boxes of a passage on one of its pages."""
    ROWS = "rows"
    """The rows of its sheets as they are."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do with one file."""

    path: Path
    task: Task = Task.READ
    name: str = ""
    """Name as ingested, to read it."""
    page: int = 0
    """The page to draw or to look at, from 1."""
    text: str = ""
    """The passage to find."""
    left_out: PartsLeftOut = EVERY_PART_READ
    """Attachments not to read, if it is a message."""
    chunk_tokens: int | None = None
    """Length of its chunks; None for the one of the limits."""

    def wall_s(self, limits: Limits) -> float:
        """Wall time allowed to it before the pages of the file are counted, in seconds."""
        if self.task in {Task.READ, Task.ROWS}:
            return limits.wall_s(0)
        return PRINT_S if self.task is Task.PRINT else RENDER_S

    def dump(self) -> bytes:
        """One line."""
        return json.dumps(asdict(self) | {"path": str(self.path)}).encode() + b"\n"

    @classmethod
    def load(cls, line: bytes) -> Request:
        """What `dump` wrote."""
        plain = cast("dict[str, Any]", json.loads(line))
        return cls(
            path=Path(plain["path"]),
            task=Task(plain["task"]),
            name=plain["name"],
            page=plain["page"],
            text=plain["text"],
            left_out=PartsLeftOut(
                tuple(plain["left_out"]["numbers"]), plain["left_out"]["onwards"]
            ),
            chunk_tokens=plain["chunk_tokens"],
        )


def dump_boxes(boxes: Sequence[Box]) -> bytes:
    """Boxes as the bytes of a result."""
    return json.dumps([asdict(box) for box in boxes]).encode()


def load_boxes(data: bytes) -> tuple[Box, ...]:
    """The boxes that `dump_boxes` wrote.

    Raises:
        ValueError: They are none.
    """
    try:
        return tuple(Box(**each) for each in cast("list[dict[str, Any]]", json.loads(data)))
    except TypeError as error:
        raise ValueError("not boxes") from error


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
