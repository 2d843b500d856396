"""Which documents the list shows, and in what order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.documents import DocumentCountsOut
from ui.messages import catalogue, number, text

_STATES = ("all", "live", "pending", "failed", "excluded")
_ORDERS = ("name", "date")
_EVERY = ""


def choose(
    api: AssistantClient, counts: DocumentCountsOut, *, on_change: Callable[[], None]
) -> dict[str, Any]:
    """The controls above the list, and what to ask the API for.

    Args:
        api: Tells which collections there are.
        counts: Of all documents, whatever is chosen.
        on_change: Called when something else is chosen.
    """
    with st.container(key="filters"):
        with st.container(key="filter-states", horizontal=True, vertical_alignment="bottom"):
            state = st.segmented_control(
                text("documents.filter_state"),
                _STATES,
                default="all",
                required=True,
                key="state",
                format_func=partial(_state_label, counts),
                on_change=on_change,
            )
            name = st.text_input(
                text("documents.filter_name"),
                key="name",
                type="search",
                placeholder=text("documents.filter_hint"),
                on_change=on_change,
            )
        others = _others(api, on_change)
    is_every = state in {None, "all"}
    return {"state": None if is_every else state, "name": (name or "").strip(), **others}


def _others(api: AssistantClient, on_change: Callable[[], None]) -> dict[str, Any]:
    with st.container(key="filter-others", horizontal=True, vertical_alignment="bottom"):
        file_format = st.selectbox(
            text("documents.filter_format"),
            [_EVERY, *_formats()],
            key="format",
            format_func=lambda each: text(f"format.{each}" if each else "documents.every_format"),
            on_change=on_change,
        )
        collection = _collection(api, on_change)
        order = st.selectbox(
            text("documents.order"),
            _ORDERS,
            key="order",
            format_func=lambda each: text(f"documents.order_{each}"),
            on_change=on_change,
        )
        only_problems = st.toggle(
            text("documents.only_problems"),
            key="problems",
            help=text("documents.only_problems_help"),
            on_change=on_change,
        )
    return {
        "format": file_format or None,
        "collections": [collection] if collection else None,
        "order": order,
        "only_problems": only_problems,
    }


def _collection(api: AssistantClient, on_change: Callable[[], None]) -> str:
    """The collection that is wanted; no choice is offered of one."""
    names = {each.id: each.name for each in api.list_collections()}
    if len(names) < 2:
        return _EVERY
    return st.selectbox(
        text("documents.filter_collection"),
        [_EVERY, *names],
        key="collection",
        format_func=lambda each: names.get(each, text("documents.every_collection")),
        on_change=on_change,
    )


def _formats() -> list[str]:
    """The formats that documents have, as the catalogue names them."""
    return [key.removeprefix("format.") for key in catalogue() if key.startswith("format.")]


def _state_label(counts: DocumentCountsOut, state: str) -> str:
    totals = {
        "live": counts.live,
        "pending": counts.pending,
        "failed": counts.failed,
        "excluded": counts.excluded,
    }
    total = totals.get(state, sum(totals.values()))
    return f"{text(f'documents.{state}')} ({number(total)})"
