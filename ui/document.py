"""The page of one document: its state, what people say of it, its readings and its passages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from assistant.client import AssistantClient, ClientError
from assistant.schemas.curation import DossierOut, VersionOut
from assistant.schemas.documents import DocumentOut
from assistant.schemas.service import MeOut
from ui import acts, dialogs, document_correction, document_erasure, links, paging
from ui.connection import is_missing
from ui.document_chunks import LIST as CHUNKS
from ui.document_chunks import show_chunks
from ui.document_rows import PARAM, original_url, quality, state_of
from ui.failures import attempt
from ui.fragments import guarded_fragment
from ui.markup import escape, plain
from ui.messages import counted, date_label, moment_label, number, text

_REFRESH = "3s"


def show(api: AssistantClient, me: MeOut) -> bool:
    """The document that the address names; False, with a warning, when there is none."""
    try:
        dossier = api.get_dossier(st.query_params[PARAM])
    except ClientError as error:
        if not is_missing(error):
            raise
        st.warning(text("document.missing"))
        return False
    zone = me.tenant.time_zone if me.tenant else None
    with st.container(key="document"):
        _heading(dossier.document)
        acts.show_notice()
        _dialog(api, dossier.document)
        _state(dossier, zone=zone)
        _watch(api, dossier)
        _buttons(api, dossier.document)
        document_correction.show(api, dossier, zone=zone)
        _quality(dossier.document)
        _links(api, dossier.document)
        _versions(dossier, zone=zone)
        show_chunks(api, dossier)
    return True


def _heading(document: DocumentOut) -> None:
    if st.button(text("document.back"), key="back", type="tertiary"):
        st.query_params.pop(PARAM, None)
        paging.turn_to(CHUNKS, 0)
        acts.turn_to_top()
        st.rerun()
    st.title(plain(document.title or document.name), anchor=False)
    st.caption(plain(" · ".join(_facts(document))))


def _facts(document: DocumentOut) -> list[str]:
    source = text("jobs.source_upload") if document.source == "upload" else document.source
    if document.external_id is not None:
        source = text("document.external_id", id=document.external_id)
    facts = [document.name, text("document.source", source=source), text(f"kind.{document.kind}")]
    facts.append(date_label(document.date) or text("document.undated"))
    if document.format:
        facts.append(text(f"format.{document.format}"))
    if document.page_count:
        facts.append(counted("document.pages", document.page_count))
    facts.append(counted("document.chunks", document.chunk_count))
    return facts


def _state(dossier: DossierOut, *, zone: str | None) -> None:
    """In words: what one may expect of it now, and what to do next."""
    document, state = dossier.document, state_of(dossier.document)
    acts.line(
        "",
        text(f"document.state_{state}"),
        badge=text(f"documents.state_{state}"),
        badge_kind=f"{state} alone",
    )
    if dossier.exclusion is not None:
        at = moment_label(dossier.exclusion.at, zone=zone)
        by = dossier.exclusion.by or text("document.somebody")
        st.info(plain(text("document.excluded_by", by=by, at=at)))
    if document.reason:
        tell = st.warning if state == "kept" else st.error
        tell(plain(document.reason))
    if dossier.awaits_title:
        st.info(text("document.awaits_title"))


def _watch(api: AssistantClient, dossier: DossierOut) -> None:
    """Look every few seconds whether what is awaited has come, and draw the page anew once it has."""
    before = _stage(dossier)
    is_awaited, state = before
    if not is_awaited and state != "pending":
        return

    def look() -> None:
        if _stage(api.get_dossier(dossier.document.id)) != before:
            st.rerun()

    st.fragment(guarded_fragment(look), run_every=_REFRESH)()


def _stage(dossier: DossierOut) -> tuple[bool, str]:
    return dossier.awaits_title, dossier.document.state


def _buttons(api: AssistantClient, document: DocumentOut) -> None:
    with st.container(key="document-acts", horizontal=True, vertical_alignment="center"):
        link = (
            f'<a class="document-original" href="{escape(original_url(document.id))}" download>'
            f"{escape(text('document.original'))}</a>"
        )
        st.html(link)
        st.button(
            text("documents.reindex"),
            key="reindex",
            on_click=attempt,
            args=(_reindex, api, document.id),
        )
        if document.state == "excluded":
            st.button(
                text("documents.include"),
                key="include",
                on_click=attempt,
                args=(_include, api, document.id),
            )
        else:
            st.button(
                text("documents.exclude"),
                key="exclude",
                on_click=dialogs.ask_for,
                args=("exclude-document", document.id),
            )
        document_erasure.button(document)


def _dialog(api: AssistantClient, document: DocumentOut) -> None:
    match dialogs.requested():
        case ("exclude-document", document_id) if document_id == document.id:
            draw = partial(ask_to_exclude, api, [document.id])
            dialogs.show(text("documents.exclude_title"), draw)
        case (document_erasure.DIALOG, document_id) if document_id == document.id:
            document_erasure.show(api, document)
        case _:
            return


def ask_to_exclude(api: AssistantClient, document_ids: Sequence[str]) -> None:
    """What excluding documents means, and a button that does it."""
    st.write(counted("documents.exclude_text", len(document_ids)))
    if st.button(text("documents.exclude_confirm"), type="primary", key="exclude-confirm"):
        changed = api.exclude_documents(document_ids)
        dialogs.close()
        acts.notify(counted("documents.excluded_done", changed))
        st.rerun()


def _reindex(api: AssistantClient, document_id: str) -> None:
    api.reindex([document_id])
    acts.notify(text("documents.reindexed"))


def _include(api: AssistantClient, document_id: str) -> None:
    acts.notify(counted("documents.included", api.include_documents([document_id])))


def _quality(document: DocumentOut) -> None:
    found = quality(document)
    if found is None:
        return
    advice = "".join(f"<p>{escape(words)}</p>" for words in (*found["warnings"], *document.notices))
    facts = "".join(f"<li>{escape(words)}</li>" for words in found["facts"])
    st.subheader(text("document.quality_title"), anchor=False)
    st.html(
        f'<div class="document-quality"><p><strong>{escape(found["label"])}</strong></p>'
        f"{advice}<ul>{facts}</ul></div>"
    )


def _links(api: AssistantClient, document: DocumentOut) -> None:
    found = api.list_document_links(document.id)
    if found:
        st.subheader(text("document.links_title"), anchor=False)
        links.show_links(api, found)


def _versions(dossier: DossierOut, *, zone: str | None) -> None:
    """Its readings, as long as the database holds them."""
    st.subheader(text("document.versions_title"), anchor=False)
    if not dossier.versions:
        st.caption(text("document.no_version"))
        return
    columns = ("number", "state", "read_at", "asked_by", "pages", "chunks", "content")
    head = "".join(
        f'<th scope="col">{escape(text(f"document.version_{each}"))}</th>' for each in columns
    )
    lines = "".join(_version_line(each, zone=zone) for each in dossier.versions)
    st.html(
        f'<div class="versions" tabindex="0"><table><caption>{escape(text("document.versions_help"))}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _version_line(version: VersionOut, *, zone: str | None) -> str:
    none = text("documents.none_value")
    cells = (
        number(version.number) if version.number else none,
        text(f"document.version_{version.state}"),
        moment_label(version.created_at, zone=zone),
        version.asked_by or text("document.by_machine"),
        number(version.page_count) if version.page_count else none,
        number(version.chunk_count),
        version.sha256[:12],
    )
    return "<tr>" + "".join(f"<td>{escape(each)}</td>" for each in cells) + "</tr>"
