"""A document erased for good, by who types that it is meant."""

from __future__ import annotations

from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.documents import DocumentOut
from ui import acts, dialogs
from ui.document_rows import PARAM
from ui.markup import plain
from ui.messages import text

DIALOG = "erase-document"


def button(document: DocumentOut) -> None:
    """What opens the dialog."""
    st.button(
        text("document.erase"), key="erase", on_click=dialogs.ask_for, args=(DIALOG, document.id)
    )


def show(api: AssistantClient, document: DocumentOut) -> None:
    """The dialog: what goes and what stays, and a word to type."""
    dialogs.show(text("document.erase_title"), partial(_ask, api, document))


def _ask(api: AssistantClient, document: DocumentOut) -> None:
    word = text("document.erase_word")
    st.write(plain(text("document.erase_text", name=document.name)))
    st.write(text("document.erase_rest"))
    typed = st.text_input(text("document.erase_typed", word=word), key="erase-typed")
    acts.finish(
        text("document.erase"),
        act=partial(_erase, api, document.id),
        done=text("document.erased", name=document.name),
        is_possible=typed.strip() == word,
    )


def _erase(api: AssistantClient, document_id: str) -> None:
    api.delete_document(document_id, erase=True)
    st.query_params.pop(PARAM, None)
