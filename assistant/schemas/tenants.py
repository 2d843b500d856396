"""Tenants: organisations of the instance."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from assistant.schemas.wire import Wire

Kind = Literal["region", "departement", "epci", "commune", "other"]
State = Literal["active", "suspended", "closed", "archived", "deleted"]
Bound = int | None


class QuotasIO(Wire):
    """Bounds of a tenant; null leaves one open."""

    questions_per_day: Bound = Field(default=None, ge=0)
    questions_per_person: Bound = Field(default=None, ge=0)
    """A day and person."""
    tokens_per_day: Bound = Field(default=None, ge=0)
    """Read and written by the chat model."""
    tokens_per_month: Bound = Field(default=None, ge=0)
    documents: Bound = Field(default=None, ge=0)
    storage_mb: Bound = Field(default=None, ge=0)
    """Originals, in millions of bytes."""
    concurrent_answers: Bound = Field(default=None, ge=0)
    """Of the whole tenant, those that wait for their turn included."""
    concurrent_per_person: Bound = Field(default=None, ge=0)


class _TenantFields(Wire):
    kind: Kind | None = None
    siren: str | None = None
    """Nine digits; empty to remove it."""
    sirets: list[str] | None = Field(default=None, max_length=1000)
    """Fourteen digits each."""
    parent_id: str | None = None
    """Empty to put it at the top."""
    colour: str | None = None
    """`#rrggbb`, readable on white."""
    time_zone: str | None = None
    """IANA name, such as "Indian/Reunion"."""
    welcome: str | None = None
    charter_text: str | None = None
    """Empty when nothing has to be accepted; another text has to be accepted anew."""
    retention_days: int | None = None
    """After which conversations are deleted; 0 keeps them."""
    quotas: QuotasIO | None = None
    allowed_models: list[str] | None = None
    """Empty allows all."""


class TenantChangeIn(_TenantFields):
    """What to change of a tenant; what is left out, or null, stays as it is."""

    name: str | None = None


class TenantIn(_TenantFields):
    """A new tenant."""

    name: str


class TenantOut(Wire):
    """A tenant."""

    id: str
    name: str
    kind: Kind
    siren: str
    sirets: list[str]
    parent_id: str | None
    state: State
    state_since: datetime | None
    colour: str
    time_zone: str
    welcome: str
    charter_version: int
    charter_text: str
    retention_days: int | None
    quotas: QuotasIO
    allowed_models: list[str]


class TenantStateIn(Wire):
    """The state to bring a tenant to, one legal step from its present one."""

    state: Literal["active", "suspended", "closed", "archived"]


class RemainsOut(Wire):
    """What is found of a tenant."""

    rows: dict[str, int]
    """By table of the database."""
    files: int
    """Contents that only this tenant used."""
    points: int
    """Points of the index."""
    quotes: int
    """Answers in other tenants that rest on its documents."""
    parts: int
    """Contents whose sending was begun."""
    total: int


class ErasureOut(Wire):
    """An erasure: what was found before, and what is left."""

    is_complete: bool
    """True when nothing is left; else erasing again goes on."""
    found: RemainsOut
    left: RemainsOut
