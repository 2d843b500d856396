"""The documents page of administrators: what is indexed, what failed and why, and what to do."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from assistant.client import AssistantClient, ClientError
from assistant.schemas.documents import DocumentCountsOut, DocumentOut, DocumentPage
from assistant.schemas.service import MeOut
from ui import jobs
from ui.components import document_table, upload_area
from ui.markup import escape, plain
from ui.messages import counted, date_label, number, text

_PER_PAGE = 25
_RECENT_JOBS = 10
_REFRESH = "2s"
_STATES = ("all", "live", "pending", "failed")


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who are not administrators are told so."""
    st.title(text("documents.title"), anchor=False)
    if not me.is_admin:
        st.warning(text("documents.forbidden"))
        return
    if notice := st.session_state.pop("documents-notice", None):
        st.success(plain(str(notice)))
    st.subheader(text("documents.upload_title"), anchor=False)
    upload_area(key="upload")
    is_working = _is_working(api)
    st.fragment(partial(_live, api, is_working), run_every=_REFRESH if is_working else None)()


def _is_working(api: AssistantClient) -> bool:
    return any(job.state in jobs.ACTIVE for job in api.list_jobs(limit=_RECENT_JOBS))


def _live(api: AssistantClient, was_working: bool) -> None:
    recent = api.list_jobs(limit=_RECENT_JOBS)
    if was_working and not any(job.state in jobs.ACTIVE for job in recent):
        st.rerun()
    jobs.show_active(api, recent)
    jobs.show_recent(api, recent)
    _list(api)


def _list(api: AssistantClient) -> None:
    found = _filtered(api)
    if not found.documents:
        has_any = found.counts.live + found.counts.pending + found.counts.failed
        st.info(text("documents.no_match" if has_any else "documents.empty"))
        return
    document_table(
        [row(one) for one in found.documents],
        key="documents",
        on_action=partial(_act, api, {one.id: one for one in found.documents}),
    )
    _pager(found)


def _filtered(api: AssistantClient) -> DocumentPage:
    everything = api.list_documents(limit=1).counts
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom"):
        state = st.segmented_control(
            text("documents.filter_state"),
            _STATES,
            default="all",
            required=True,
            key="state",
            format_func=partial(_state_label, everything),
        )
        name = st.text_input(text("documents.filter_name"), key="name", type="search")
        if st.button(text("documents.reindex_all"), key="reindex-all"):
            _confirm_reindex_all(api, everything)
    st.caption(text("documents.chunks_total", count=number(everything.chunks)))
    page = int(st.session_state.get("page", 1))
    return api.list_documents(
        state=None if state == "all" else state,
        name=(name or "").strip(),
        limit=_PER_PAGE,
        offset=(page - 1) * _PER_PAGE,
    )


def _state_label(counts: DocumentCountsOut, state: str) -> str:
    total = {
        "all": counts.live + counts.pending + counts.failed,
        "live": counts.live,
        "pending": counts.pending,
        "failed": counts.failed,
    }
    return f"{text(f'documents.{state}')} ({number(total[state])})"


def _pager(found: DocumentPage) -> None:
    return None


def row(document: DocumentOut) -> dict[str, Any]:
    """A document as the table shows it: plain texts only."""
    none = text("documents.none_value")
    state = "kept" if document.state == "live" and document.reason else document.state
    return {
        "id": document.id,
        "name": document.name,
        "title": document.title or document.name,
        "url": f"/api/v1/documents/{document.id}/original",
        "open_label": text("documents.open_label", name=document.name),
        "state": state,
        "state_label": text(f"documents.state_{state}"),
        "reason": document.reason or "",
        "notices": document.notices,
        "format": (document.format or none).upper(),
        "pages": number(document.page_count) if document.page_count else none,
        "chunks": number(document.chunk_count) if document.chunk_count else none,
        "date": date_label(document.date) or none,
        "reindex_label": text("documents.reindex_label", name=document.name),
        "delete_label": text("documents.delete_label", name=document.name),
    }


def _act(
    api: AssistantClient, documents: dict[str, DocumentOut], action: str, document_id: str
) -> None:
    document = documents.get(document_id)
    if document is None:
        return
    if action == "reindex":
        api.reindex([document_id])
        _notify(text("documents.reindexed"))
        st.rerun()
    _confirm_delete(api, document)


def _confirm_delete(api: AssistantClient, document: DocumentOut) -> None:
    @st.dialog(text("documents.delete_title"))
    def dialog() -> None:
        st.write(plain(text("documents.delete_text", name=document.name)))
        if st.button(text("documents.delete_confirm"), type="primary", key="delete-confirm"):
            api.delete_document(document.id)
            _notify(text("documents.deleted", name=document.name))
            st.rerun()

    dialog()


def _confirm_reindex_all(api: AssistantClient, counts: DocumentCountsOut) -> None:
    @st.dialog(text("documents.reindex_all_title"))
    def dialog() -> None:
        total = counts.live + counts.pending + counts.failed
        st.write(text("documents.reindex_all_text", count=number(total)))
        if st.button(text("documents.reindex_confirm"), type="primary", key="reindex-confirm"):
            api.reindex(None)
            _notify(text("documents.reindexed"))
            st.rerun()

    dialog()


def _notify(sentence: str) -> None:
    st.session_state["documents-notice"] = sentence
