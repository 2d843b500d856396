"""The frame around every page: look, language, navigation, and what to say without a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path

import streamlit as st

from assistant.client import AssistantClient, ClientError
from assistant.schemas.service import MeOut
from ui import chat, documents
from ui.components import french_page, sign_out_button
from ui.connection import is_signed_out, session_cookie
from ui.markup import escape, plain
from ui.messages import text

_HERE = Path(str(files("ui")))


def show(api: AssistantClient) -> None:
    """Show the page the browser asks for, or why it cannot be shown.

    Args:
        api: Speaks for the person of this browser session.
    """
    st.set_page_config(
        page_title=text("app.title"),
        page_icon=str(_HERE / "assets" / "icon.svg"),
        layout="wide",
        initial_sidebar_state="auto",
    )
    st.html(_HERE / "assets" / "style.css")
    french_page()
    try:
        me = api.me()
    except ClientError as error:
        _refuse(error)
        return
    _pages(api, me)


def _pages(api: AssistantClient, me: MeOut) -> None:
    conversation = st.Page(
        partial(_guarded, partial(chat.show, api, me)),
        title=text("app.nav_chat"),
        url_path="conversation",
        default=True,
    )
    administration = st.Page(
        partial(_guarded, partial(documents.show, api, me)),
        title=text("app.nav_documents"),
        url_path="documents",
        visibility="visible" if me.is_admin else "hidden",
    )
    page = st.navigation([conversation, administration], position="hidden")
    with st.sidebar:
        _brand()
        if me.is_admin:
            for entry in (conversation, administration):
                st.page_link(entry, label=entry.title, width="stretch")
        _guarded(partial(chat.list_conversations, api, conversation))
        with st.container(key="sidebar-end"):
            sign_out_button()
    page.run()


def _brand() -> None:
    st.html(
        f'<div class="brand"><span class="brand-name">{escape(text("app.title"))}</span>'
        f'<span class="brand-line">{escape(text("app.tagline"))}</span></div>'
    )


def _guarded(draw: Callable[[], None]) -> None:
    try:
        draw()
    except ClientError as error:
        _refuse(error)


def _refuse(error: ClientError) -> None:
    if is_signed_out(error):
        _signed_out("expired" if session_cookie() else "absent")
    else:
        show_problem(error)


def _signed_out(kind: str) -> None:
    with st.container(key="signed-out", border=True):
        st.title(text(f"session.{kind}_title"), anchor=False)
        st.write(text(f"session.{kind}"))
        st.subheader(text("session.how_title"), anchor=False)
        st.write(text("session.how_machine"))
        st.write(text("session.how_admin"))
    st.stop()


def show_problem(error: ClientError) -> None:
    """Show an error of the API as an error: what happened, what to do, the number to quote."""
    problem = error.problem
    st.error(plain(problem.detail or text("app.unreachable")))
    if problem.request_id:
        st.caption(plain(text("app.request_id", id=problem.request_id)))
