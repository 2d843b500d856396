"""What a person does about a document of the health page, where it is named: read again, keep, exclude."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.corpus_health import HealthFindingOut, HealthItemOut
from assistant.schemas.curation import SeenChunkOut
from assistant.schemas.documents import DocumentOut
from ui import acts, dialogs, document, links
from ui.document_rows import page_url
from ui.failures import attempt
from ui.markup import escape, plain
from ui.messages import counted, date_label, text

_ACTS = {
    "failed": ("reread", "exclude"),
    "without_text": ("reread", "exclude"),
    "poor_ocr": ("reread", "exclude"),
    "same_content": ("keep", "exclude"),
    "near_duplicate": ("compare",),
    "undecided_version": ("decide",),
    "never_found": ("exclude",),
    "old": ("exclude",),
}
"""By finding, what can be done about each of its documents."""
_PASSAGES = 3
_PROPOSED = "proposed"
_SERVED = "live"
_DIALOGS = ("corpus-exclude", "corpus-keep", "corpus-compare", "corpus-decide")


def buttons(
    api: AssistantClient, finding: HealthFindingOut, *, item: HealthItemOut, place: int
) -> None:
    """What can be done about one document of a finding, as buttons.

    Args:
        api: Speaks for the person.
        finding: Of the health of the documents.
        item: The document.
        place: Of the document within the finding: it may stand there more than once.
    """
    for name in _ACTS.get(finding.code, ()):
        key = f"corpus-{name}-{finding.code}-{place}"
        label, about = text(f"corpus.{name}"), plain(text(f"corpus.{name}_help", name=item.name))
        if name == "reread":
            st.button(label, key=key, help=about, on_click=attempt, args=(_reread, api, item))
            continue
        asked = (f"corpus-{name}", item.document_id)
        st.button(label, key=key, help=about, on_click=dialogs.ask_for, args=asked)


def dialog(api: AssistantClient) -> None:
    """The dialog that is open, if it is one of this page."""
    asked = dialogs.requested()
    if not asked or asked[0] not in _DIALOGS:
        return
    name, document_id = asked
    title = text(f"{name.replace('-', '.')}_title")
    match name:
        case "corpus-exclude":
            dialogs.show(title, partial(document.ask_to_exclude, api, [document_id]))
        case "corpus-keep":
            dialogs.show(title, partial(_ask_to_keep, api, document_id))
        case "corpus-compare":
            dialogs.show(title, partial(_compare, api, document_id), is_wide=True)
        case _:
            dialogs.show(title, partial(_decide, api, document_id), is_wide=True)


def _reread(api: AssistantClient, item: HealthItemOut) -> None:
    api.reindex([item.document_id])
    acts.notify(text("documents.reindexed"))


def _ask_to_keep(api: AssistantClient, kept_id: str) -> None:
    """Asks the service for the copies: the page names the first documents of a finding alone."""
    kept, others = api.get_document(kept_id), api.list_copies(kept_id)
    if not others:
        st.info(text("corpus.no_copies"))
        return
    names = ", ".join(each.name for each in others)
    acts.confirm(
        text("corpus.keep_text", kept=kept.name, others=names),
        button=text("corpus.keep"),
        act=partial(api.keep_document, kept_id, [each.id for each in others]),
        done=counted("documents.excluded_done", len(others)),
    )


def _compare(api: AssistantClient, document_id: str) -> None:
    """The two documents of each proposed link of one text, side by side."""
    pairs = [
        each
        for each in api.list_document_links(document_id)
        if each.state == _PROPOSED and each.kind == "same_act"
    ]
    if not pairs:
        st.info(text("corpus.decided"))
    for link in pairs:
        st.html(links.link_html(link))
        ids = (link.source.document_id, link.target.document_id)
        for column, shown, other in zip(st.columns(2), ids, reversed(ids), strict=True):
            with column:
                _side(api, shown, other=other)
        st.button(
            text("corpus.different"),
            key=f"corpus-different-{link.id}",
            help=text("corpus.different_help"),
            on_click=attempt,
            args=(partial(api.decide_link, is_confirmed=False), link),
        )


def _side(api: AssistantClient, document_id: str, *, other: str) -> None:
    shown = api.get_document(document_id)
    st.html(_side_html(shown, api.list_chunks(document_id, limit=_PASSAGES)))
    key, is_served = f"corpus-keep-{document_id}-{other}", shown.state == _SERVED
    if st.button(text("corpus.keep"), key=key, type="primary", disabled=not is_served):
        changed = api.exclude_documents([other])
        dialogs.close()
        acts.notify(counted("documents.excluded_done", changed))
        st.rerun()


def _side_html(shown: DocumentOut, chunks: Sequence[SeenChunkOut]) -> str:
    """Name, date and beginning of a document, with its first page where it has pages."""
    facts = [shown.name, date_label(shown.date) or text("document.undated")]
    if shown.page_count:
        facts.append(counted("document.pages", shown.page_count))
    facts.append(counted("document.chunks", shown.chunk_count))
    image = ""
    if shown.page_count:
        source = f"/api/v1/documents/{escape(shown.id)}/pages/1"
        image = f'<img src="{source}" alt="{escape(text("corpus.first_page"))}" width="100%">'
    words = "".join(f"<p>{escape(each.passage.text)}</p>" for each in chunks)
    title = escape(shown.title or shown.name)
    return (
        f'<p class="set-name"><a href="{page_url(shown.id)}">{title}</a></p>'
        f'<p class="meta">{escape(" · ".join(facts))}</p>{image}'
        f'<div class="compared">{words}</div>'
    )


def _decide(api: AssistantClient, document_id: str) -> None:
    st.caption(text("links.help"))
    links.show_links(api, api.list_document_links(document_id))
