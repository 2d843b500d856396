"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from assistant.schemas.wire import Wire

AuditFormat = Literal["csv", "jsonl"]


def _is_absent(value: object) -> bool:
    return value is None


class AuditEntryOut(Wire):
    """One act. It names people by pseudonyms, and holds no text of anybody."""

    id: str
    time: datetime
    act: str
    """What was done, as `subject.verb`."""
    tenant_id: str
    """The tenant that it concerns; empty when nobody knows."""
    actor: str
    """Pseudonym of who did it, "system" for the machinery; empty for who is not signed in."""
    subject: str
    """Id of the thing, or pseudonym of the person, that it was done to; may be empty."""
    details: dict[str, str | int]
    """Ids, states and counts."""
    number: int | None = Field(default=None, exclude_if=_is_absent)
    """Place in the chain; only for the platform's administrators, for it tells how much others do."""
    hash: str | None = Field(default=None, exclude_if=_is_absent)
    """SHA-256 of the entry; only for the platform's administrators."""


class AuditPageOut(Wire):
    """Some entries, newest first."""

    entries: list[AuditEntryOut]
    next: str | None
    """Give it as `before` for the entries that precede; None at the end."""


class ResolvedPersonOut(Wire):
    """The person that a pseudonym stands for."""

    person_id: str
    tenant_id: str
    name: str
    email: str
