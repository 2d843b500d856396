"""Column types that keep the domain's own values: aware times, words of an enum, compact JSON, vectors."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import DateTime, Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from assistant.domain.retrieval import Vector

E = TypeVar("E", bound=StrEnum)
N = TypeVar("N", int, float)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC and read back aware. A naive one is refused with `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; an engine that keeps no zone drops it."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware, in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[E], Generic[E]):
    """A member of an enum, kept as its word."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        """The word."""
        del dialect
        return None if value is None else str(self.words(value).value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> E | None:
        """The member."""
        del dialect
        return None if value is None else self.words(value)


class CompactJson(TypeDecorator[Any]):
    """A JSON value without spaces, as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Its text; None stays NULL."""
        del dialect
        return None if value is None else to_json(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:
        """The value."""
        del dialect
        return None if value is None else json.loads(value)


class Float32(TypeDecorator[Vector]):
    """A vector as little-endian 32-bit floats, four bytes each."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Vector | None, dialect: Dialect) -> bytes | None:
        """Its bytes."""
        del dialect
        return None if value is None else _swapped(array("f", value)).tobytes()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Sequence[float] | None:
        """The vector, four bytes a value in memory too."""
        del dialect
        return None if value is None else _swapped(array("f", value))


class Integers(TypeDecorator[tuple[int, ...]]):
    """Signed integers of 64 bits, little-endian, eight bytes each."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> bytes | None:
        """Their bytes."""
        del dialect
        return None if value is None else _swapped(array("q", value)).tobytes()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> tuple[int, ...] | None:
        """The integers."""
        del dialect
        return None if value is None else tuple(_swapped(array("q", value)))


def to_json(value: Any) -> str:
    """JSON without spaces, accents as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _swapped(values: array[N]) -> array[N]:
    if sys.byteorder == "big":
        values.byteswap()
    return values
