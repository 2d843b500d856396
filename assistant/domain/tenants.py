"""Organisations: what is kept of them, and the states they go through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assistant.domain.ids import TenantId

_DIGITS = re.compile(r"[0-9]+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_SIREN_DIGITS, _SIRET_DIGITS = 9, 14
_LA_POSTE = "356000000"
LEAST_CONTRAST = 4.5
"""Between a tenant's colour and white, WCAG 2.1 level AA for text."""


class TenantKind(StrEnum):
    """What kind of organisation it is."""

    REGION = "region"
    DEPARTEMENT = "departement"
    EPCI = "epci"
    COMMUNE = "commune"
    OTHER = "other"


class TenantState(StrEnum):
    """How far a tenant may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Read-only: reading and asking go on, nothing may be changed."""
    CLOSED = "closed"
    """Its people are kept out and nobody reads its collections; all is kept."""
    ARCHIVED = "archived"
    """As closed, and left out of lists unless asked for; the last step before its deletion."""
    DELETED = "deleted"
    """Being erased; its row goes last, so that an interrupted erasure can be taken up again."""


OPEN_STATES = frozenset({TenantState.ACTIVE, TenantState.SUSPENDED})
"""States in which a tenant's people sign in and its collections are read."""

MOVES: Mapping[TenantState, frozenset[TenantState]] = {
    TenantState.ACTIVE: frozenset({TenantState.SUSPENDED}),
    TenantState.SUSPENDED: frozenset({TenantState.ACTIVE, TenantState.CLOSED}),
    TenantState.CLOSED: frozenset({TenantState.SUSPENDED, TenantState.ARCHIVED}),
    TenantState.ARCHIVED: frozenset({TenantState.CLOSED, TenantState.DELETED}),
    TenantState.DELETED: frozenset(),
}
"""The legal changes of state, one step at a time; every one but deletion can be taken back."""


@dataclass(frozen=True, slots=True)
class Charter:
    """What people accept before they use the assistant."""

    version: int = 0
    """Raised by every change of the text; 0 before the first."""
    text: str = ""
    """Empty when nothing has to be accepted."""

    def asks(self, accepted: int) -> bool:
        """True when who accepted that version has to accept this one."""
        return bool(self.text) and accepted < self.version


@dataclass(frozen=True, slots=True)
class Quotas:
    """Bounds of a tenant; None leaves one open."""

    questions_per_day: int | None = None
    questions_per_person: int | None = None
    """A day and person."""
    tokens_per_day: int | None = None
    """Read and written by the chat model."""
    tokens_per_month: int | None = None
    documents: int | None = None
    storage_mb: int | None = None
    """Originals, in millions of bytes."""
    concurrent_answers: int | None = None
    """Of the whole tenant, those that wait for their turn included."""
    concurrent_per_person: int | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation; the unit of isolation."""

    id: TenantId
    name: str
    kind: TenantKind = TenantKind.OTHER
    siren: str = ""
    """Nine digits; empty when unknown."""
    sirets: frozenset[str] = frozenset()
    """Establishments whose people belong to it, fourteen digits each; of one tenant only."""
    parent_id: TenantId | None = None
    """The tenant above it, such as the region of a commune."""
    state: TenantState = TenantState.ACTIVE
    state_since: datetime | None = None
    """When the state changed last; None before the first change."""
    colour: str = "#000091"
    """`#rrggbb`, readable on white."""
    time_zone: str = "Europe/Paris"
    """Name in the IANA database."""
    welcome: str = ""
    """Shown on the first page."""
    charter: Charter = Charter()
    retention_days: int | None = None
    """After which conversations are deleted; None keeps them."""
    quotas: Quotas = Quotas()
    allowed_models: tuple[str, ...] = ()
    """Names of the chat models its people may use; empty allows all."""

    def allows(self, model: str) -> bool:
        """True when its people may use that chat model."""
        return not self.allowed_models or model in self.allowed_models


@dataclass(frozen=True, slots=True)
class Remains:
    """What is found of a tenant: rows by table, and what lies outside the database."""

    rows: Mapping[str, int] = field(default_factory=dict[str, int])
    """By table, zeros included."""
    files: int = 0
    """Contents in the file store that only this tenant used."""
    points: int = 0
    """Points of its versions in the index."""
    quotes: int = 0
    """Answers of other tenants that were given passages of its documents."""
    parts: int = 0
    """Contents that came in part."""

    @property
    def total(self) -> int:
        """All of it; 0 when nothing is left."""
        return sum(self.rows.values()) + self.files + self.points + self.quotes + self.parts


def is_siren(text: str) -> bool:
    """True for nine digits with a right check digit (Luhn)."""
    return _is_number(text, digits=_SIREN_DIGITS) and _luhn(text) % 10 == 0


def is_siret(text: str) -> bool:
    """True for fourteen digits that pass their check.

    The establishments of La Poste (SIREN 356 000 000) have numbers whose digits add up to a multiple
    of five instead, but for its head office.
    """
    if not _is_number(text, digits=_SIRET_DIGITS):
        return False
    if text.startswith(_LA_POSTE) and sum(map(int, text)) % 5 == 0:
        return True
    return _luhn(text) % 10 == 0


def contrast_with_white(colour: str) -> float | None:
    """Contrast of `#rrggbb` with white, from 1 to 21 (WCAG 2.1); None when it is no such colour."""
    if not _COLOUR.fullmatch(colour):
        return None
    red, green, blue = (_linear(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _is_number(text: str, *, digits: int) -> bool:
    return len(text) == digits and _DIGITS.fullmatch(text) is not None


def _luhn(number: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
