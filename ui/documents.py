"""The documents page of administrators: what is indexed, what failed and why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.documents import ActOut, DocumentCountsOut, DocumentOut, QualityOut
from assistant.schemas.service import MeOut
from ui import dialogs, jobs, links, paging
from ui.components import document_table, upload_area
from ui.failures import attempt, guarded_fragment
from ui.markup import plain
from ui.messages import counted, date_label, number, text

_PER_PAGE = 25
_RECENT_JOBS = 30
_REFRESH = "2s"
_LIST = "documents"
_NOTICE = "notice"
_WHOLE_PAGE = "whole-page-wanted"
_STATES = ("all", "live", "pending", "failed")


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who are not administrators are told so."""
    st.title(text("documents.title"), anchor=False)
    if not me.is_admin:
        st.warning(text("documents.forbidden"))
        return
    st.session_state.pop(_WHOLE_PAGE, None)
    # Always there: a fragment below it would be another one if its place on the page moved.
    with st.container(key="documents-notice"):
        if notice := st.session_state.pop(_NOTICE, None):
            st.success(plain(str(notice)))
    st.subheader(text("documents.upload_title"), anchor=False)
    upload_area(key="upload", max_file_mb=me.max_file_mb)
    _dialog(api)
    is_working = _is_working(api)
    live = partial(guarded_fragment, partial(_live, api, is_working))
    st.fragment(live, run_every=_REFRESH if is_working else None)()


def _is_working(api: AssistantClient) -> bool:
    return any(job.state in jobs.ACTIVE for job in api.list_jobs(limit=_RECENT_JOBS))


def _live(api: AssistantClient, was_working: bool) -> None:
    if st.session_state.get(_WHOLE_PAGE):
        st.rerun()
    recent = api.list_jobs(limit=_RECENT_JOBS)
    if was_working and not any(job.state in jobs.ACTIVE for job in recent):
        st.rerun()
    jobs.show_active(api, recent)
    jobs.show_recent(api, recent)
    links.show_proposed(api)
    _list(api)


def _list(api: AssistantClient) -> None:
    counts = api.list_documents(limit=1).counts
    state, name = _filters(counts)
    first = paging.first_shown(_LIST)
    found = api.list_documents(state=state, name=name, limit=_PER_PAGE + 1, offset=first).documents
    if not found:
        has_any = counts.live + counts.pending + counts.failed
        st.info(text("documents.no_match" if has_any else "documents.empty"))
        return
    shown = found[:_PER_PAGE]
    document_table([row(one) for one in shown], key="documents", on_action=partial(_act, api))
    place = text("documents.range", first=number(first + 1), last=number(first + len(shown)))
    paging.show_pager(_LIST, place, per_page=_PER_PAGE, has_more=len(found) > _PER_PAGE)


def _filters(counts: DocumentCountsOut) -> tuple[str | None, str]:
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom"):
        state = st.segmented_control(
            text("documents.filter_state"),
            _STATES,
            default="all",
            required=True,
            key="state",
            format_func=partial(_state_label, counts),
            on_change=paging.turn_to,
            args=(_LIST, 0),
        )
        name = st.text_input(
            text("documents.filter_name"),
            key="name",
            type="search",
            placeholder=text("documents.filter_hint"),
            on_change=paging.turn_to,
            args=(_LIST, 0),
        )
        st.button(
            text("documents.reindex_all"),
            key="reindex-all",
            on_click=dialogs.ask_for,
            args=("reindex-all",),
        )
    st.caption(counted("documents.chunks_total", counts.chunks))
    return (None if state == "all" else state), (name or "").strip()


def _state_label(counts: DocumentCountsOut, state: str) -> str:
    total = {
        "all": counts.live + counts.pending + counts.failed,
        "live": counts.live,
        "pending": counts.pending,
        "failed": counts.failed,
    }
    return f"{text(f'documents.{state}')} ({number(total[state])})"


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
        "format": text(f"format.{document.format}") if document.format else none,
        "pages": number(document.page_count) if document.page_count else none,
        "chunks": number(document.chunk_count) if document.chunk_count else none,
        "date": date_label(document.date) or none,
        "quality": quality(document),
        "reindex_label": text("documents.reindex_label", name=document.name),
        "delete_label": text("documents.delete_label", name=document.name),
    }


def quality(document: DocumentOut) -> dict[str, Any] | None:
    """How a document was read: a word, advice, and figures to unfold; None before it is read."""
    found = document.quality
    if found is None:
        return None
    level = text(f"documents.quality_{found.level}")
    return {
        "level": found.level,
        "label": text("documents.quality", level=level),
        "warnings": found.warnings,
        "facts": [*_quality_facts(found), *_act_facts(document.act)],
    }


def _quality_facts(found: QualityOut) -> Iterator[str]:
    if found.letters_per_page is not None:
        yield text("documents.quality_density", count=number(found.letters_per_page))
    if found.ocr_share and found.ocr_confidence is not None:
        share, confidence = number(100 * found.ocr_share), number(100 * found.ocr_confidence)
        yield text("documents.quality_ocr", share=share, confidence=confidence)
    yield text(
        "documents.quality_structure",
        headings=number(found.headings),
        tables=number(found.tables),
        links=number(found.links),
    )


def _act_facts(act: ActOut | None) -> Iterator[str]:
    if act is None:
        return
    if act.number:
        yield text("documents.quality_act", number=act.number)
    if act.authority:
        yield text("documents.quality_authority", authority=act.authority)
    if act.subject:
        yield text("documents.quality_subject", subject=act.subject)
    if act.status:
        yield text(f"documents.quality_{act.status}")
    if act.in_force_on:
        yield text("documents.quality_force", date=date_label(act.in_force_on))


def _act(api: AssistantClient, action: str, document_id: str) -> None:
    st.session_state[_WHOLE_PAGE] = True
    if action == "delete":
        dialogs.ask_for("delete-document", document_id)
    else:
        attempt(_reindex_one, api, document_id)


def _reindex_one(api: AssistantClient, document_id: str) -> None:
    api.reindex([document_id])
    _notify(text("documents.reindexed"))


def _dialog(api: AssistantClient) -> None:
    match dialogs.requested():
        case ("reindex-all",):
            dialogs.show(text("documents.reindex_all_title"), partial(_reindex_all, api))
        case ("delete-document", document_id):
            document = api.get_document(document_id)
            dialogs.show(text("documents.delete_title"), partial(_delete, api, document))
        case ("failures", job_id):
            dialogs.show(text("jobs.failures"), partial(jobs.failures, api, job_id), is_wide=True)
        case _:
            return


def _delete(api: AssistantClient, document: DocumentOut) -> None:
    st.write(plain(text("documents.delete_text", name=document.name)))
    if st.button(text("documents.delete_confirm"), type="primary", key="delete-confirm"):
        api.delete_document(document.id)
        dialogs.close()
        _notify(text("documents.deleted", name=document.name))
        st.rerun()


def _reindex_all(api: AssistantClient) -> None:
    counts = api.list_documents(limit=1).counts
    total = counts.live + counts.pending + counts.failed
    st.write(text("documents.reindex_all_text", count=number(total)))
    if st.button(text("documents.reindex_confirm"), type="primary", key="reindex-confirm"):
        api.reindex(None)
        dialogs.close()
        _notify(text("documents.reindexed"))
        st.rerun()


def _notify(sentence: str) -> None:
    st.session_state[_NOTICE] = sentence
