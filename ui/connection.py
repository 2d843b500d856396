"""The way to the API: one shared connection pool, the reader's own cookie with every call.

The server tells where the API is by the secret `api_url` given to `streamlit.App`.
"""

from __future__ import annotations

from typing import cast

import streamlit as st

from assistant.client import AssistantClient, ClientError
from assistant.schemas.wire import SESSION_COOKIE

_UNAUTHENTICATED = 401
_NOT_FOUND = 404


def open_client() -> AssistantClient:
    """A client that speaks for the person of this browser session, signed in or not."""
    shared = _shared_client(str(st.secrets["api_url"]))
    return shared.with_cookie(session_cookie())


def session_cookie() -> str | None:
    """The cookie the browser presented when it opened this page; None when it has none."""
    cookies = cast("dict[str, str]", st.context.cookies)
    return cookies.get(SESSION_COOKIE)


def is_signed_out(error: ClientError) -> bool:
    """True when the API no longer knows who calls."""
    return error.problem.status == _UNAUTHENTICATED


def is_missing(error: ClientError) -> bool:
    """True when the thing asked for does not exist, or not for this reader."""
    return error.problem.status == _NOT_FOUND


@st.cache_resource(show_spinner=False)
def _shared_client(api_url: str) -> AssistantClient:
    return AssistantClient(api_url)
