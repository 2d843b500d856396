"""Links that the texts of documents suggest, for an administrator to confirm or reject."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.documents import LinkEndOut, LinkOut
from ui.failures import attempt
from ui.markup import escape
from ui.messages import counted, date_label, text

_SHOWN = 20
_PROPOSED = "proposed"
_ACTS = {"confirm": "confirmed", "reject": "rejected"}
"""By act, the state of a link afterwards."""


def show_proposed(api: AssistantClient) -> None:
    """The proposed links, the oldest first; nothing when there are none."""
    found = api.list_links(limit=_SHOWN + 1)
    if not found:
        return
    shown = found[:_SHOWN]
    with st.expander(counted("links.title", len(shown)), key="proposed-links"):
        st.caption(text("links.help"))
        for link in shown:
            _show(api, link)
        if len(found) > len(shown):
            st.caption(text("links.more"))


def show_links(api: AssistantClient, found: Sequence[LinkOut]) -> None:
    """Some links whatever their state, each to be decided on, or otherwise than before."""
    for link in found:
        _show(api, link)


def _show(api: AssistantClient, link: LinkOut) -> None:
    with st.container(key=f"link-{link.id}"):
        st.html(link_html(link))
        if link.state != _PROPOSED:
            st.caption(text(f"links.{link.state}"))
        with st.container(key=f"link-actions-{link.id}", horizontal=True):
            for action, leads_to in _ACTS.items():
                if leads_to == link.state:
                    continue
                st.button(
                    text(f"links.{action}"),
                    key=f"link-{action}-{link.id}",
                    help=text(f"links.{action}_help", **_words(link)),
                    on_click=attempt,
                    args=(_decide, api, link, action == "confirm"),
                )


def _decide(api: AssistantClient, link: LinkOut, is_confirmed: bool) -> None:
    api.decide_link(link, is_confirmed=is_confirmed)


def link_html(link: LinkOut) -> str:
    """A link as a sentence, with what suggests it."""
    words = _words(link)
    evidence = text("links.evidence", quote=link.evidence)
    return (
        f'<p class="link-line"><strong>{escape(words["source"])}</strong> {escape(words["kind"])} '
        f"<strong>{escape(words['target'])}</strong></p>"
        f'<p class="link-evidence">{escape(evidence)}</p>'
    )


def _words(link: LinkOut) -> dict[str, str]:
    return {
        "source": _name(link.source, other=link.target),
        "kind": text(f"links.{link.kind}"),
        "target": _name(link.target, other=link.source),
    }


def _name(document: LinkEndOut, *, other: LinkEndOut) -> str:
    """Its title and date, and its file when that is all that tells it from the other one."""
    facts = [date_label(document.date)] if document.date else []
    if (document.title, document.date) == (other.title, other.date):
        facts.append(document.name)
    return f"{document.title} ({', '.join(facts)})" if facts else document.title
