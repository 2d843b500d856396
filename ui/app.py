"""Script that Streamlit runs for every page and every click."""

import logging

import streamlit as st

from ui.connection import open_client
from ui.messages import text
from ui.shell import show

try:
    show(open_client())
except Exception:  # Streamlit would show its own words, in English
    logging.getLogger("ui").exception("page failed")
    st.error(text("app.unexpected"))
