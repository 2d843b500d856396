"""Script that Streamlit runs for every page and every click."""

from ui.connection import open_client
from ui.shell import show

show(open_client())
