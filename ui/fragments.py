"""Parts of a page that Streamlit draws again alone, and when they have the whole page drawn instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from assistant.client import ClientError
from ui.connection import is_signed_out
from ui.failures import raise_failed_attempt, show_problem

_REFRESH = "2s"
_WHOLE_PAGE = "whole-page-wanted"
Seen = TypeVar("Seen")


def want_page() -> None:
    """Have the whole page drawn: a click within a part draws that part alone, and nothing around it."""
    st.session_state[_WHOLE_PAGE] = True


def guarded_fragment(
    draw: Callable[[], object], *, look: Callable[[], object] | None = None
) -> Callable[[], None]:
    """The function of a fragment or dialog, which shows failures in its place.

    Drawn again alone, it has the whole page drawn instead where that is wanted or the session has ended.

    Args:
        draw: Draws the part.
        look: Called first where the part is drawn again alone; may have the whole page drawn. A click
            that failed is told after it, so that this is not lost.
    """
    is_with_page = True

    def part() -> None:
        nonlocal is_with_page
        is_alone, is_with_page = not is_with_page, False
        if st.session_state.pop(_WHOLE_PAGE, False) and is_alone:
            st.rerun()
        if is_alone and look and not _succeeds(look):
            return
        _succeeds(raise_failed_attempt)
        _succeeds(draw)

    return part


def follow(
    look: Callable[[], Seen],
    *,
    seen: Seen,
    is_working: Callable[[Seen], bool],
    draw: Callable[[Seen], object],
) -> None:
    """Draw a part that is drawn anew by itself while something is under way.

    How often a fragment is drawn anew is settled where the whole page is drawn, which is thus drawn when
    work begins as well as when it ends.

    Args:
        look: Finds out what there is.
        seen: What there is now.
        is_working: True while something is under way.
        draw: Draws the part.
    """
    was_working = is_working(seen)

    def look_anew() -> None:
        nonlocal seen
        seen = look()
        if is_working(seen) != was_working:
            st.rerun()

    part = guarded_fragment(lambda: draw(seen), look=look_anew)
    st.fragment(part, run_every=_REFRESH if was_working else None)()


def _succeeds(step: Callable[[], object]) -> bool:
    try:
        step()
    except ClientError as error:
        if is_signed_out(error):
            st.rerun()
        show_problem(error)
        return False
    return True
