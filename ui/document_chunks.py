"""The passages of a document as the assistant sees them, a page at a time."""

from __future__ import annotations

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.curation import DossierOut, SeenChunkOut
from ui import paging
from ui.markup import escape
from ui.messages import counted, number, text

LIST = "chunks"
_PER_PAGE = 20


def show_chunks(api: AssistantClient, dossier: DossierOut) -> None:
    """What is shown of each passage, and what is embedded and searched."""
    total = dossier.document.chunk_count
    st.subheader(text("chunks.title"), anchor=False)
    st.caption(counted("chunks.help", total))
    if not total:
        return
    first = min(paging.first_shown(LIST), (total - 1) // _PER_PAGE * _PER_PAGE)
    if total > _PER_PAGE:
        _jump(total)
    found = api.list_chunks(dossier.document.id, limit=_PER_PAGE, offset=first)
    with st.container(key="chunks"):
        for chunk in found:
            st.html(chunk_html(chunk))
    place = text(
        "chunks.range",
        first=number(first + 1),
        last=number(first + len(found)),
        total=number(total),
    )
    paging.show_pager(LIST, place, per_page=_PER_PAGE, has_more=first + len(found) < total)


def _jump(total: int) -> None:
    """A way to any passage: pages of a thousand are not turned one by one."""

    def go() -> None:
        wanted = int(st.session_state["chunk-number"] or 1)
        paging.turn_to(LIST, (wanted - 1) // _PER_PAGE * _PER_PAGE)

    with st.container(key="chunk-jump", width=260):
        st.number_input(
            text("chunks.jump"),
            min_value=1,
            max_value=total,
            value=None,
            step=1,
            key="chunk-number",
            on_change=go,
        )


def chunk_html(seen: SeenChunkOut) -> str:
    """A passage: where it stands, what is searched, and what is shown when that is something else."""
    passage = seen.passage
    heading, _, body = seen.embedded.rpartition(passage.text)
    parts = [
        f'<p class="chunk-place"><strong>{escape(_number(seen))}</strong> {escape(_place(seen))}</p>'
    ]
    if heading.strip():
        parts.append(
            f'<p class="chunk-part">{escape(text("chunks.heading"))}</p>'
            f'<pre class="chunk-heading">{escape(heading.strip())}</pre>'
        )
    parts.append(
        f'<p class="chunk-part">{escape(text("chunks.text"))}</p>'
        f'<pre class="chunk-text">{escape(passage.text)}</pre>'
    )
    if body:
        parts.append(f'<pre class="chunk-text">{escape(body)}</pre>')
    if seen.other_words:
        words = text("chunks.other_words", words=seen.other_words)
        parts.append(f'<p class="chunk-part">{escape(words)}</p>')
    if seen.view_url:
        parts.append(
            f'<p><a href="{escape(seen.view_url)}" target="_blank" rel="noopener">'
            f"{escape(text('chunks.open'))}</a></p>"
        )
    return f'<div class="chunk">{"".join(parts)}</div>'


def _number(seen: SeenChunkOut) -> str:
    return text("chunks.number", number=number(seen.passage.ordinal + 1))


def _place(seen: SeenChunkOut) -> str:
    """Pages, sheet or slide, and size."""
    locator = seen.passage.locator
    facts: list[str] = []
    if locator.pages:
        pages = ", ".join(map(number, locator.pages))
        facts.append(text("chunks.pages", pages=pages))
    if locator.slide:
        facts.append(text("chunks.slide", number=number(locator.slide)))
    facts += [each for each in (locator.sheet, locator.cells, locator.part) if each]
    facts.append(counted("chunks.tokens", seen.passage.tokens))
    if locator.confidence is not None:
        facts.append(text("chunks.confidence", share=number(100 * locator.confidence)))
    return " · ".join(facts)
