"""What tenants owe: quantities of a month at the operator's prices, in exact decimals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from assistant.domain.ids import TenantId
from assistant.domain.usage import Month, Unit

CURRENCY: Final = "EUR"
_CENT = Decimal("0.01")
_MEGABYTES_OF_GB = Decimal("0.001")
_SCALES: Mapping[Unit, int] = {
    Unit.PROMPT_TOKENS: 6,
    Unit.COMPLETION_TOKENS: 6,
    Unit.EMBEDDED_TOKENS: 6,
    Unit.STORED_BYTES: 9,
}
"""Powers of ten in one priced unit; 0 for the others, priced by the piece."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One unit of one tenant in a month."""

    tenant_id: TenantId
    tenant: str
    """Its name."""
    unit: Unit
    quantity: Decimal
    """Millions of tokens, pages, questions; billions of bytes kept for the whole month."""
    price: Decimal
    """Of one such unit."""

    @property
    def amount(self) -> Decimal:
        """Quantity by price, not rounded."""
        return self.quantity * self.price


def total_of(rows: Iterable[UsageRow]) -> Decimal:
    """The sum of some rows, rounded once, to the cent; half a cent goes up."""
    total = sum((row.amount for row in rows), Decimal(0))
    return total.quantize(_CENT, rounding=ROUND_HALF_UP)


def quantity_of(unit: Unit, amount: int) -> Decimal:
    """A counted amount in the unit that is priced, exactly."""
    return Decimal(amount).scaleb(-_SCALES.get(unit, 0))


def stored_quantity(levels: Mapping[date, int], *, month: Month, until: date) -> Decimal:
    """Billions of bytes kept for a whole month, to a million of bytes.

    A day without a level has that of the last one before.

    Args:
        levels: Bytes kept by day, with the last day before the month.
        month: The month.
        until: The last day that counts when the month has not ended: later ones are not owed yet.
    """
    level, total, days = 0, 0, (month.last - month.first).days + 1
    before = [day for day in levels if day < month.first]
    if before:
        level = levels[max(before)]
    for place in range(days):
        day = month.first + timedelta(days=place)
        if day > until:
            break
        level = levels.get(day, level)
        total += level
    return (quantity_of(Unit.STORED_BYTES, total) / days).quantize(
        _MEGABYTES_OF_GB, rounding=ROUND_HALF_UP
    )
