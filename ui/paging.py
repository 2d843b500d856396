"""Lists that are shown a page at a time; where each stands is kept for the browser session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from ui import acts
from ui.messages import number, text


def first_shown(name: str) -> int:
    """Place of the first element to show of a list, from 0."""
    return int(st.session_state.get(_key(name), 0))


def turn_to(name: str, first: int) -> None:
    """Show a list from that place on, in the next run."""
    st.session_state[_key(name)] = first


def show_pager(name: str, label: str, *, per_page: int, has_more: bool) -> None:
    """Buttons to the pages before and after; nothing for a list of one page.

    Args:
        name: The list.
        label: Says which elements are shown.
        per_page: Elements of a page.
        has_more: Some follow those that are shown.
    """
    first = first_shown(name)
    before = partial(turn_to, name, max(0, first - per_page)) if first else None
    after = partial(turn_to, name, first + per_page) if has_more else None
    _draw(label, before=before, after=after)


def cursor_shown(name: str, query: str) -> str:
    """The cursor of the page to show of a list that tells where its next page begins; empty for the first.

    Args:
        name: The list.
        query: What was looked for; another one begins with its first page.
    """
    return _trail(name, query)[-1]


def show_cursor_pager(name: str, query: str, *, following: str | None) -> None:
    """As `show_pager`, for a list whose pages follow a cursor; the browser keeps those of the pages before.

    Args:
        name: The list.
        query: What was looked for.
        following: The cursor of the page after; None for the last one.
    """
    trail = _trail(name, query)
    before = partial(_follow, name, query, trail[:-1]) if len(trail) > 1 else None
    after = partial(_follow, name, query, [*trail, following]) if following else None
    _draw(text("pager.place", page=number(len(trail))), before=before, after=after)


def _draw(
    label: str, *, before: Callable[[], None] | None, after: Callable[[], None] | None
) -> None:
    if not before and not after:
        return
    with st.container(key="pager", horizontal=True, vertical_alignment="center"):
        for way, turn in (("previous", before), ("next", after)):
            st.button(text(f"pager.{way}"), key=f"page-{way}", disabled=turn is None, on_click=turn)
        st.caption(label)


def _trail(name: str, query: str) -> list[str]:
    asked, cursors = st.session_state.get(_key(name), (query, [""]))
    return cursors if asked == query else [""]


def _follow(name: str, query: str, cursors: list[str]) -> None:
    st.session_state[_key(name)] = (query, cursors)
    acts.turn_to_top()


def _key(name: str) -> str:
    return f"first-{name}"
