"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from assistant.schemas.wire import Wire

AuditFormat = Literal["csv", "jsonl"]
AuditOutcome = Literal["done", "refused"]


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
    is_refused: bool
    """Whether it was tried, and not done."""
    concerned: str
    """Pseudonym of the person that it was done to; empty when it is about none, or about one that is gone."""
    number: int | None = Field(default=None, exclude_if=_is_absent)
    """Place in the chain; only for the platform's administrators, for it tells how much others do."""
    hash: str | None = Field(default=None, exclude_if=_is_absent)
    """SHA-256 of the entry; only for the platform's administrators."""


class AuditPageOut(Wire):
    """Some entries, newest first."""

    entries: list[AuditEntryOut]
    next: str | None
    """Give it as `before` for the entries that precede; None at the end."""


class AuditChainOut(Wire):
    """What is known of the chain of entries. Numbers are only for the platform's administrators."""

    verified_at: datetime | None
    """When somebody had it verified last, from here; None when nobody did."""
    is_whole: bool | None
    """Whether nothing was changed, removed, inserted or cut off then; None when it was never verified."""
    head_noted_at: datetime | None
    """When its head was last noted apart from the database; None when it was not, or cannot be read."""
    are_heads_readable: bool
    """False when the place where heads are noted cannot be read, or lines of it are damaged."""
    may_verify: bool
    """Whether the caller may have it verified now."""
    entries: int | None = Field(default=None, exclude_if=_is_absent)
    """How many held, from the first on, when it was verified."""
    fault: int | None = Field(default=None, exclude_if=_is_absent)
    """Number of the first entry that did not hold."""
    lost_heads: int | None = Field(default=None, exclude_if=_is_absent)
    """Heads noted apart that the chain did not hold any more."""


class ResolvedPersonOut(Wire):
    """The person that a pseudonym stands for."""

    person_id: str
    tenant_id: str
    name: str
    email: str
