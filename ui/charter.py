"""The charter of one's organisation: accepted before anything else, and read again later."""

from __future__ import annotations

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.service import CharterState, MeOut
from ui.markup import paragraphs_html
from ui.messages import text


def owed(me: MeOut) -> CharterState | None:
    """The charter that a person has to accept first; None when it owes none."""
    return me.charter if me.charter and not me.charter.is_accepted else None


def ask(api: AssistantClient, charter: CharterState) -> None:
    """The whole page of who has to accept the charter: its text, and the button that accepts it."""
    st.title(text("charter.title"), anchor=False)
    st.write(text("charter.lead_again" if charter.version > 1 else "charter.lead"))
    with st.container(key="charter", border=True):
        st.html(paragraphs_html(charter.text))
    is_read = st.checkbox(text("charter.read"), key=f"charter-read-{charter.version}")
    if st.button(text("charter.accept"), type="primary", key="accept", disabled=not is_read):
        api.accept_charter(charter.version)
        st.rerun()
    st.caption(text("charter.kept"))


def show_accepted(me: MeOut) -> None:
    """The charter that a person accepted, to read again; nothing without one."""
    if me.charter and me.charter.text:
        with st.expander(text("charter.again", version=me.charter.version), key="charter-again"):
            st.html(paragraphs_html(me.charter.text))
