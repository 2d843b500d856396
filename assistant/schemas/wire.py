"""Base of the wire models and the error body."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

SESSION_COOKIE: Final = "assistant_session"
"""Name of the cookie that holds a browser's session."""


class Wire(BaseModel):
    """Unknown keys are refused in requests; attribute docstrings become descriptions."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class FaultyLine(Wire):
    """What is wrong with a line of a list that was sent."""

    line: int
    """From 1, as the program it was written with shows it."""
    code: str
    """Stable code for programs."""
    detail: str
    """What is wrong and what to do, in French."""


class CharterOut(Wire):
    """A charter to accept."""

    version: int
    text: str


def _is_absent(value: object) -> bool:
    return value is None


class Problem(Wire):
    """RFC 9457 `application/problem+json`; also the data of the SSE `error` event."""

    type: str
    """URI of the kind of error: `urn:assistant:error:<code>`."""
    title: str
    """Short French title."""
    status: int
    """HTTP status; in an event, the status the same error would have had."""
    detail: str
    """What happened and what to do, in French."""
    instance: str
    """Path of the request."""
    code: str
    """Stable code for programs."""
    request_id: str
    """To quote when asking for help."""
    lines: list[FaultyLine] | None = Field(default=None, exclude_if=_is_absent)
    """Faulty lines of a list, the first hundred; absent from all other problems."""
    charter: CharterOut | None = Field(default=None, exclude_if=_is_absent)
    """What to accept first, with the code "charter_required"; absent from all other problems."""
