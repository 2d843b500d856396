"""Which dialog is open, kept across runs: an answer or a job that ends must not close it on someone."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.fragments import guarded_fragment, want_page

_OPEN = "open-dialog"


def ask_for(*name: str) -> None:
    """Open the dialog of that name in this run and the next ones, until it is closed."""
    st.session_state[_OPEN] = name
    want_page()


def requested() -> tuple[str, ...]:
    """Name of the dialog to show; empty when there is none."""
    found: tuple[str, ...] = st.session_state.get(_OPEN, ())
    return found


def close() -> None:
    """Show no dialog from the next run on."""
    st.session_state.pop(_OPEN, None)


def show(title: str, draw: Callable[[], None], *, is_wide: bool = False) -> None:
    """Show a dialog; dismissing it closes it for good."""
    size = "large" if is_wide else "small"
    st.dialog(title, width=size, on_dismiss=close)(guarded_fragment(draw))()
