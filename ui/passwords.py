"""The part of one's own page about the password of a local account."""

from __future__ import annotations

from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.service import MeOut
from ui import acts, dialogs
from ui.messages import text

_DIALOG = "change-password"
_MOST_CHARS = 128


def show_own(api: AssistantClient, me: MeOut) -> None:
    """How to change it; nothing for who has none."""
    if not (me.local_accounts and me.has_password):
        return
    st.subheader(text("account.password"), anchor=False)
    st.write(text("account.password_lead"))
    acts.ask_button(text("account.password_change"), _DIALOG, spoken=text("account.password_help"))
    if dialogs.requested() == (_DIALOG,):
        dialogs.show(text("account.password_change"), partial(_change, api))


def _change(api: AssistantClient) -> None:
    # A form: its button also takes what was typed last, and so does the Enter key.
    with st.form("password-form", border=False):
        st.write(text("account.password_text"))
        current = _typed("current", kind="current-password")
        new = _typed("new", kind="new-password")
        again = _typed("again", kind="new-password")
        is_sent = st.form_submit_button(
            text("account.password_confirm"), type="primary", key="password-confirm"
        )
    if not is_sent:
        return
    if not (current and new) or new != again:
        st.warning(
            text("account.password_differs" if current and new else "account.password_empty")
        )
        return
    api.change_password(current=current, new=new)
    dialogs.close()
    acts.notify(text("account.password_done"))
    st.rerun()


def _typed(name: str, *, kind: str) -> str:
    return st.text_input(
        text(f"account.password_{name}"),
        type="password",
        key=f"password-{name}",
        max_chars=_MOST_CHARS,
        autocomplete=kind,
    )
