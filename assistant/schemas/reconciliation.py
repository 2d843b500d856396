"""Database, index and files compared."""

from __future__ import annotations

from datetime import datetime

from assistant.schemas.wire import Wire


class VerificationIn(Wire):
    """A comparison to begin."""

    repair: bool = False
    """Whether to mend what can be."""


class FindingOut(Wire):
    """All that was found of one kind of defect."""

    code: str
    """Stable code of the kind."""
    count: int
    mended: int
    """How many were mended, or asked to be read again; 0 when that was not wanted."""
    examples: list[str]
    """The first ten ids: of chunks, documents or files of jobs, or the SHA-256 of contents."""
    detail: str
    """What it is and what it means for readers, in French."""
    remedy: str
    """What a repair does about it, or what else is to be done, in French."""


class VerificationReportOut(Wire):
    """What one comparison found."""

    started_at: datetime
    finished_at: datetime
    is_repair: bool
    is_clean: bool
    """Whether all agreed."""
    is_settled: bool
    """Whether nothing is left to do."""
    compared: dict[str, int]
    """How many `chunks`, `points` and `files` were looked at."""
    findings: list[FindingOut]


class VerificationOut(Wire):
    """What is known of comparisons now."""

    is_running: bool
    compared: dict[str, int]
    """How far the one under way is; empty without."""
    failure: str
    """Why the last one ended without report, in French; empty when it did not."""
    report: VerificationReportOut | None
    """The newest report; None before the first."""
