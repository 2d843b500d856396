"""Which documents a list is asked for, as query parameters."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Query

from assistant.domain.documents import DocumentState, ListFilter
from ingest.model import FileFormat


class ListedState(StrEnum):
    """States of documents in a list."""

    PENDING = "pending"
    LIVE = "live"
    FAILED = "failed"
    EXCLUDED = "excluded"
    """Kept, and read by nobody; only their administrators see these."""


class ListOrder(StrEnum):
    """Orders of a list."""

    NAME = "name"
    DATE = "date"
    """Newest first, undated ones last."""


def wanted_documents(
    *,
    state: ListedState | None = None,
    name: Annotated[str, Query(max_length=200)] = "",
    file_format: Annotated[FileFormat | None, Query(alias="format")] = None,
    problems: Annotated[
        bool, Query(description="Only those whose last reading failed, or was imperfect.")
    ] = False,
    order: ListOrder = ListOrder.NAME,
) -> ListFilter:
    """The filter of a request."""
    is_excluded = state is ListedState.EXCLUDED
    return ListFilter(
        state=None if state is None or is_excluded else DocumentState(state.value),
        is_excluded=True if is_excluded else None,
        name_contains=name,
        format=file_format,
        has_problems=problems,
        by_date=order is ListOrder.DATE,
    )
