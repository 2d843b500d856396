"""The documents page of administrators: what is indexed, what failed and why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.documents import DocumentCountsOut, DocumentOut, JobOut
from assistant.schemas.service import MeOut
from ui import acts, dialogs, document, document_filters, fragments, jobs, links, paging
from ui.components import document_table, upload_area
from ui.document_rows import PARAM, row
from ui.failures import attempt
from ui.markup import plain
from ui.messages import counted, number, text

_UPLOAD = "upload"
"""Source of the files that were sent by hand: nothing gives them back."""

_PER_PAGE = 25
_RECENT_JOBS = 30
_LIST = "documents"


def show(api: AssistantClient, me: MeOut) -> None:
    """The page of one document, or the list; people who are not administrators are told so."""
    if not me.is_admin:
        st.title(text("documents.title"), anchor=False)
        st.warning(text("documents.forbidden"))
    elif not (st.query_params.get(PARAM) and document.show(api, me)):
        _show_list(api, me)


def _show_list(api: AssistantClient, me: MeOut) -> None:
    st.title(text("documents.title"), anchor=False)
    # Always there: a fragment below it would be another one if its place on the page moved.
    with st.container(key="documents-notice"):
        acts.show_notice()
    st.subheader(text("documents.upload_title"), anchor=False)
    upload_area(key="upload", max_file_mb=me.max_file_mb)
    _dialog(api)
    look = partial(api.list_jobs, limit=_RECENT_JOBS)
    fragments.follow(look, seen=look(), is_working=_is_working, draw=partial(_live, api))


def _is_working(recent: Sequence[JobOut]) -> bool:
    return any(job.state in jobs.ACTIVE for job in recent)


def _live(api: AssistantClient, recent: Sequence[JobOut]) -> None:
    jobs.show_active(api, recent)
    jobs.show_recent(api, recent)
    links.show_proposed(api)
    _list(api)


def _list(api: AssistantClient) -> None:
    counts = api.list_documents(limit=1).counts
    wanted = document_filters.choose(api, counts, on_change=partial(paging.turn_to, _LIST, 0))
    with st.container(key="list-acts", horizontal=True, vertical_alignment="center"):
        st.caption(counted("documents.chunks_total", counts.chunks))
        st.button(
            text("documents.reindex_all"),
            key="reindex-all",
            on_click=dialogs.ask_for,
            args=("reindex-all",),
        )
    first = paging.first_shown(_LIST)
    found = api.list_documents(**wanted, limit=_PER_PAGE + 1, offset=first).documents
    if not found:
        st.info(text("documents.no_match" if _total(counts) else "documents.empty"))
        return
    shown = found[:_PER_PAGE]
    document_table([row(one) for one in shown], key="documents", on_action=partial(_act, api))
    place = text("documents.range", first=number(first + 1), last=number(first + len(shown)))
    paging.show_pager(_LIST, place, per_page=_PER_PAGE, has_more=len(found) > _PER_PAGE)


def _act(api: AssistantClient, action: str, document_ids: Sequence[str]) -> None:
    """What was asked of one document, or of those that are selected."""
    match action:
        case "open":
            st.query_params[PARAM] = document_ids[0]
            acts.turn_to_top()
        case "delete" | "exclude":
            dialogs.ask_for(f"{action}-documents", *document_ids)
        case "include":
            attempt(_include, api, document_ids)
        case "reindex":
            attempt(_reindex, api, document_ids)
        case _:
            return


def _reindex(api: AssistantClient, document_ids: Sequence[str]) -> None:
    api.reindex(list(document_ids))
    acts.notify(text("documents.reindexed"))


def _include(api: AssistantClient, document_ids: Sequence[str]) -> None:
    acts.notify(counted("documents.included", api.include_documents(document_ids)))


def _dialog(api: AssistantClient) -> None:
    match dialogs.requested():
        case ("reindex-all",):
            dialogs.show(text("documents.reindex_all_title"), partial(_reindex_all, api))
        case ("delete-documents", document_id):
            found = api.get_document(document_id)
            dialogs.show(text("documents.delete_title"), partial(_delete, api, found))
        case ("exclude-documents", *document_ids):
            draw = partial(document.ask_to_exclude, api, document_ids)
            dialogs.show(text("documents.exclude_title"), draw)
        case ("failures", job_id):
            dialogs.show(text("jobs.failures"), partial(jobs.failures, api, job_id), is_wide=True)
        case _:
            return


def _delete(api: AssistantClient, found: DocumentOut) -> None:
    st.write(plain(text("documents.delete_text", name=found.name)))
    if found.source != _UPLOAD:
        st.warning(text("documents.delete_comes_back"))
    if st.button(text("documents.delete_confirm"), type="primary", key="delete-confirm"):
        api.delete_document(found.id)
        dialogs.close()
        acts.notify(text("documents.deleted", name=found.name))
        st.rerun()


def _reindex_all(api: AssistantClient) -> None:
    total = _total(api.list_documents(limit=1).counts)
    st.write(counted("documents.reindex_all_text", total))
    if st.button(text("documents.reindex_confirm"), type="primary", key="reindex-confirm"):
        api.reindex(None)
        dialogs.close()
        acts.notify(text("documents.reindexed"))
        st.rerun()


def _total(counts: DocumentCountsOut) -> int:
    return counts.live + counts.pending + counts.failed + counts.excluded
