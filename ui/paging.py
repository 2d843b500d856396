"""Lists that are shown a page at a time; where each stands is kept for the browser session."""

from __future__ import annotations

import streamlit as st

from ui.messages import text


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
    if not first and not has_more:
        return
    with st.container(key="pager", horizontal=True, vertical_alignment="center"):
        for way, start, is_possible in (
            ("previous", first - per_page, first > 0),
            ("next", first + per_page, has_more),
        ):
            st.button(
                text(f"pager.{way}"),
                key=f"page-{way}",
                disabled=not is_possible,
                on_click=turn_to,
                args=(name, max(0, start)),
            )
        st.caption(label)


def _key(name: str) -> str:
    return f"first-{name}"
