"""What tenants used in a month, and what it costs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from assistant.schemas.wire import Wire

UnitName = Literal[
    "questions",
    "prompt_tokens",
    "completion_tokens",
    "embedded_tokens",
    "pages",
    "ocr_pages",
    "stored_bytes",
]


class UsageRowOut(Wire):
    """One unit of one tenant. Numbers are exact decimals, written with a point."""

    tenant_id: str
    tenant: str
    unit: UnitName
    quantity: str
    """Millions of tokens; pages; questions; billions of bytes kept for the whole month."""
    price: str
    """Of one such unit."""
    amount: str
    """Quantity by price, not rounded."""


class UsageTotalOut(Wire):
    """What one tenant owes."""

    tenant_id: str
    tenant: str
    total: str
    """Sum of its amounts, rounded once to the cent."""


class UsageOut(Wire):
    """The usage of a month, so far when it has not ended."""

    month: str
    """As "2026-11"; its days are those of each tenant's time zone."""
    currency: str
    rows: list[UsageRowOut]
    totals: list[UsageTotalOut]
    total: str
    """Sum of all amounts, rounded once to the cent."""


class QuotaUseOut(Wire):
    """How much of a bound was used."""

    name: str
    """As in the quotas of a tenant."""
    used: int
    limit: int | None
    """Null when it is open."""
    resets_at: datetime | None
    """When the counter begins anew; null for what is kept or under way."""
