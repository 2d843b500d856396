"""What a person sees when a call to the API fails, wherever on the page it was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from assistant.client import ClientError
from assistant.schemas.sessions import SignInWayOut
from ui.connection import is_signed_out, session_cookie
from ui.markup import escape, plain
from ui.messages import text

_FAILED = "failed-action"
SignInWays = Callable[[], Sequence[SignInWayOut]]
"""Asks for the identity providers to choose from."""


def guarded(draw: Callable[[], object], *, ways: SignInWays = list) -> None:
    """Draw a part of the page; a failure is shown in its place, an ended session instead of the page.

    Args:
        draw: Draws it.
        ways: Tells how else than by a link a person may sign in.
    """
    try:
        draw()
    except ClientError as error:
        show_failure(error, ways=ways)


def attempt(call: Callable[..., object], *args: Any) -> None:
    """Make a call on a click; its failure is shown by the next `show_failed_attempt`."""
    try:
        call(*args)
    except ClientError as error:
        st.session_state[_FAILED] = error


def show_failed_attempt() -> None:
    """Show why the last click had no effect, once."""
    guarded(raise_failed_attempt)


def raise_failed_attempt() -> None:
    """Raise the failure of the last click, once."""
    error = st.session_state.pop(_FAILED, None)
    if isinstance(error, ClientError):
        raise error


def show_failure(error: ClientError, *, ways: SignInWays = list) -> None:
    """Show an error; without a session, how to get one, and nothing else."""
    if not is_signed_out(error):
        show_problem(error)
        return
    kind = "expired" if session_cookie() else "absent"
    with st.container(key="signed-out", border=True):
        st.title(text(f"session.{kind}_title"), anchor=False)
        st.write(text(f"session.{kind}"))
        _show_sign_in_ways(ways)
        st.subheader(text("session.how_title"), anchor=False)
        st.write(text("session.how_machine"))
        st.write(text("session.how_admin"))
    st.stop()


def _show_sign_in_ways(ways: SignInWays) -> None:
    """A button for each identity provider; plain links, since signing in leaves this page."""
    try:
        offered = ways()
    except ClientError:
        return
    links = (
        f'<a class="sign-in-way" href="{escape(way.url)}">{escape(way.label)}</a>'
        for way in offered
    )
    if offered:
        st.html(f'<p class="sign-in-ways">{"".join(links)}</p>')


def show_problem(error: ClientError) -> None:
    """Show an error of the API as an error: what happened, what to do, the number to quote."""
    problem = error.problem
    st.error(plain(problem.detail or text("app.unreachable")))
    if problem.request_id:
        st.caption(plain(text("app.request_id", id=problem.request_id)))
