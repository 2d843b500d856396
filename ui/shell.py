"""The frame around every page: look, language, navigation, and what to say without a session."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from pathlib import Path

import streamlit as st

from assistant.client import AssistantClient
from ui import chat, documents, question_sets
from ui.components import french_page, sign_out_button
from ui.failures import guarded, show_failed_attempt
from ui.markup import escape
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
    guarded(partial(_signed_in, api), ways=api.list_sign_in_ways)


def _signed_in(api: AssistantClient) -> None:
    me = api.me()
    show_failed_attempt()
    conversation = st.Page(
        partial(guarded, partial(chat.show, api, me)),
        title=text("app.nav_chat"),
        url_path="conversation",
        default=True,
    )
    as_admin = partial(st.Page, visibility="visible" if me.is_admin else "hidden")
    administration = [
        as_admin(
            partial(guarded, partial(documents.show, api, me)),
            title=text("app.nav_documents"),
            url_path="documents",
        ),
        as_admin(
            partial(guarded, partial(question_sets.show, api, me)),
            title=text("app.nav_evaluation"),
            url_path="evaluation",
        ),
    ]
    page = st.navigation([conversation, *administration], position="hidden")
    with st.sidebar:
        _brand()
        if me.is_admin:
            for entry in (conversation, *administration):
                st.page_link(entry, label=entry.title, width="stretch")
        guarded(partial(chat.list_conversations, api, conversation))
        with st.container(key="sidebar-end"):
            sign_out_button()
    page.run()


def _brand() -> None:
    st.html(
        f'<div class="brand"><span class="brand-name">{escape(text("app.title"))}</span>'
        f'<span class="brand-line">{escape(text("app.tagline"))}</span></div>'
    )
