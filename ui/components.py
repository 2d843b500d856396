"""Parts of the page that Streamlit has not: a real table, uploads straight to the API, French names.

Their scripts lie in `assets/`; data reach the document as text nodes only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any, cast
from urllib.parse import quote

import streamlit as st
from streamlit.components.v2 import component

from ui.messages import catalogue, text

_SIGN_OUT_CSS = """
button { font: inherit; font-size: .9rem; background: none; border: 0; padding: .3rem 0; cursor: pointer;
  color: var(--st-link-color); text-decoration: underline; font-family: var(--st-font); }
button:focus-visible { outline: 3px solid #0b4f8a; outline-offset: 2px; }
"""
_UPLOAD_HTML = """
<div class="upload" role="group"><div class="row"><button type="button"></button><span class="drop"></span>
<input type="file" multiple tabindex="-1"></div><p class="formats"></p>
<ul role="status" aria-atomic="false"></ul></div>
"""
_ONE_FILE_HTML = """
<div class="upload" role="group"><div class="row"><button type="button"></button><span class="drop"></span>
<input type="file" tabindex="-1"><span role="status"></span></div>
<p class="formats"></p></div>
"""
_TABLE_HTML = """
<div class="bulk" role="group" hidden></div><div class="scroll" tabindex="0" role="region">
<table><caption></caption><thead></thead><tbody></tbody></table></div>
"""
_STREAMLIT_TEXTS = {
    "Connection error": "app.connection_lost",
    "Streamlit server is not responding. Are you connected to the internet?": "app.connection_lost_text",
    "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:": (
        "app.connection_lost_text"
    ),
}
"""What Streamlit says by itself, in its words, and the key of ours."""


def _asset(name: str) -> str:
    return (files("ui") / "assets" / name).read_text("utf-8")


_page = component("assistant.page", js=_asset("page.js"))
_follow = component("assistant.follow", js=_asset("follow.js"))
_top = component("assistant.top", js=_asset("top.js"))
_sign_out = component(
    "assistant.sign_out",
    html='<button type="button"></button>',
    css=_SIGN_OUT_CSS,
    js=_asset("signout.js"),
)
_upload = component(
    "assistant.upload", html=_UPLOAD_HTML, css=_asset("upload.css"), js=_asset("upload.js")
)
_one_file = component(
    "assistant.one_file",
    html=_ONE_FILE_HTML,
    css=_asset("upload.css"),
    js=_asset("onefile.js"),
)
_table = component(
    "assistant.table", html=_TABLE_HTML, css=_asset("table.css"), js=_asset("table.js")
)


def french_page(*, turn: int) -> None:
    """Declare the page's language and give Streamlit's own controls French names.

    Args:
        turn: The page scrolls to its top once each time this number grows.
    """
    texts = {theirs: text(key) for theirs, key in _STREAMLIT_TEXTS.items()}
    with st.container(key="page-language"):
        _page(key="page-language-script", height="content", data={"texts": texts})
        _top(key="page-top-script", height="content", data={"turn": turn})


def keep_end_in_view(*, key: str) -> None:
    """Scroll to the end of the page, and with it as it grows, while this stands on the page."""
    with st.container(key="page-end"):
        _follow(key=key, height="content")


def sign_out_button() -> None:
    """A button that ends the session and leaves for the start page."""
    _sign_out(key="sign-out", data={"label": text("app.sign_out")})


_UPLOAD_TEXTS = (
    "pick", "drop", "formats", "sending", "reading", "indexed", "unchanged", "failed", "cancelled",
    "refused", "network", "session", "region", "waiting", "checking", "resuming", "cut", "held",
    "anyway", "unreadable",
)  # fmt: skip


def upload_area(*, key: str, max_file_mb: int) -> bool:
    """A place to pick or drop files, sent by the browser straight to `/api/v1/documents`.

    It tells what became of each file, as the API tells of the items of a job.

    Args:
        key: Unique on the page.
        max_file_mb: Largest file that is sent, in millions of bytes.

    Returns:
        True in the run that follows an accepted file.
    """
    texts = {name: text(f"upload.{name}") for name in _UPLOAD_TEXTS}
    texts["too_large"] = text("upload.too_large", limit=max_file_mb)
    data = {"texts": texts, "max_bytes": max_file_mb * 1_000_000}
    result = _upload(key=key, data=data, on_sent_change=_nothing)
    return cast("Any", result).sent is not None


def question_set_upload(*, key: str, on_answer: Callable[[int, str], None]) -> None:
    """A place to pick or drop a list of questions, sent by the browser to `/api/v1/question-sets`.

    Args:
        key: Unique on the page.
        on_answer: Called with the status and the body of what the API answers; 0 when it cannot
            be reached.
    """
    to = {"url": "/api/v1/question-sets", "method": "POST", "accept": ".csv,.ods,.xlsx"}
    _file_upload("question_sets", to, key=key, on_answer=on_answer)


def logo_upload(tenant_id: str, *, key: str, on_answer: Callable[[int, str], None]) -> None:
    """A place to pick or drop the logo of an organisation, sent by the browser to the API.

    Args:
        tenant_id: Of the organisation.
        key: Unique on the page.
        on_answer: As that of `question_set_upload`.
    """
    url = f"/api/v1/tenants/{quote(tenant_id, safe='')}/logo"
    to = {"url": url, "method": "PUT", "accept": ".png,.jpg,.jpeg", "is_raw": True}
    _file_upload("logo", to, key=key, on_answer=on_answer)


def _file_upload(
    table: str, to: Mapping[str, object], *, key: str, on_answer: Callable[[int, str], None]
) -> None:
    texts = {
        name: text(f"{table}.{name}") for name in ("pick", "drop", "sending", "formats", "region")
    }
    _one_file(
        key=key, data={"texts": texts, **to}, on_answer_change=partial(_tell_answer, key, on_answer)
    )


_TABLE_TEXTS = (
    "caption", "reindex", "delete", "exclude", "include", "download", "select_all", "selected",
)  # fmt: skip


def document_table(
    rows: Sequence[dict[str, Any]], *, key: str, on_action: Callable[[str, Sequence[str]], None]
) -> None:
    """A table of documents: what to do with each, or with those that are selected.

    Args:
        rows: As made by `ui.document_rows.row`.
        key: Unique on the page.
        on_action: Called on a click with "open" or "delete" and the id of one document, or with
            "reindex", "exclude" or "include" and the ids of one or several.
    """
    columns = ("select", "name", "state", "format", "pages", "chunks", "date", "actions")
    texts: dict[str, Any] = {name: catalogue()[f"documents.{name}"] for name in _TABLE_TEXTS}
    texts["columns"] = [text(f"documents.column_{name}") for name in columns]
    report = partial(_report, key, on_action)
    _table(key=key, data={"rows": list(rows), "texts": texts}, on_action_change=report)


def _report(key: str, on_action: Callable[[str, Sequence[str]], None]) -> None:
    action = st.session_state[key].action
    if action and action["ids"]:
        on_action(str(action["name"]), [str(each) for each in action["ids"]])


def _tell_answer(key: str, on_answer: Callable[[int, str], None]) -> None:
    answer = st.session_state[key].answer
    if answer:
        on_answer(int(answer["status"]), str(answer["body"]))


def _nothing() -> None:
    return None
