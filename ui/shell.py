"""The frame around every page: look, language, navigation, and what to say without a session."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from assistant.client import AssistantClient
from assistant.schemas.service import MeOut
from ui import (
    account,
    acts,
    audit,
    charter,
    chat,
    collections,
    documents,
    generations,
    groups,
    health,
    inspections,
    keys,
    members,
    question_sets,
    sources,
    tenants,
)
from ui.components import french_page, sign_out_button
from ui.failures import guarded, show_failed_attempt
from ui.markup import escape
from ui.messages import counted, text

_COLOUR = re.compile("#[0-9a-f]{6}")
_HERE = Path(str(files("ui")))
Draw = Callable[[AssistantClient, MeOut], object]
"""Draws a page for a person."""
ADMINISTRATION: Mapping[str, Draw] = {
    "documents": documents.show,
    "sources": sources.show,
    "evaluation": question_sets.show,
    "sante": health.show,
    "organismes": tenants.show,
    "membres": members.show,
    "groupes": groups.show,
    "collections": collections.show,
    "cles": keys.show,
    "generations": generations.show,
    "consultations": inspections.show,
    "journal": audit.show,
}
"""Pages of administrators and auditors, by their address."""
_OF_DOCUMENTS = frozenset({"documents", "sources", "evaluation"})
_OF_AUDITORS = "consultations"


def show(api: AssistantClient) -> None:
    """Show the page the browser asks for, or why it cannot be shown.

    Args:
        api: Speaks for the person of this browser session.
    """
    st.set_page_config(
        page_title=text("app.title"),
        page_icon=str(_HERE / "assets" / "icon.svg"),
        layout="wide",
        initial_sidebar_state="auto",
    )
    st.html(_HERE / "assets" / "style.css")
    french_page(turn=acts.turn())
    guarded(partial(_signed_in, api), ways=api.list_sign_in_ways)


def _signed_in(api: AssistantClient) -> None:
    me = api.me()
    show_failed_attempt()
    conversation = st.Page(
        partial(guarded, partial(chat.show, api, me)),
        title=text("nav.conversation"),
        url_path="conversation",
        default=True,
    )
    own = st.Page(
        partial(guarded, partial(account.show, api, me)),
        title=text("nav.account"),
        url_path="compte",
    )
    administration = _administration(api, me)
    hidden = [page for page, is_shown in administration if not is_shown]
    shown = [page for page, is_shown in administration if is_shown]
    page = st.navigation([conversation, *shown, own, *hidden], position="hidden")
    acts.enter(page.url_path)
    owed = charter.owed(me)
    with st.sidebar:
        _brand(me)
        if not owed:
            _links([conversation, *shown] if shown else [])
            guarded(partial(chat.list_conversations, api, me, page=conversation))
        with st.container(key="sidebar-end"):
            _links([] if owed else [own])
            sign_out_button()
    if owed:
        guarded(partial(charter.ask, api, owed))
        return
    if me.unseen_inspections and page.url_path != own.url_path:
        _tell_of_inspections(me, own)
    page.run()


def _tell_of_inspections(me: MeOut, own: StreamlitPage) -> None:
    """At every visit until the person says to know: an auditor read something of its own."""
    with st.container(key="unseen-inspections"):
        st.warning(counted("inspections.unseen", me.unseen_inspections))
        st.page_link(own, label=own.title)


def _links(pages: Sequence[StreamlitPage]) -> None:
    for page in pages:
        st.page_link(page, label=page.title, width="stretch")


def _administration(api: AssistantClient, me: MeOut) -> list[tuple[StreamlitPage, bool]]:
    """The pages of administrators by their address, and whether this person gets a link to each."""
    administers = acts.administers(me)
    found: list[tuple[StreamlitPage, bool]] = []
    for name, draw in ADMINISTRATION.items():
        is_shown = me.is_admin if name in _OF_DOCUMENTS else administers
        if name == _OF_AUDITORS:
            is_shown = inspections.is_auditor(me)
        if name == "sante":
            is_shown = health.may_read(me)
        if name == "generations":
            is_shown = acts.is_platform_admin(me)
        if name == "journal":
            is_shown = audit.may_read(me)
        entry = st.Page(
            partial(guarded, partial(draw, api, me)),
            title=_title(name, me),
            url_path=name,
            visibility="visible" if is_shown else "hidden",
        )
        found.append((entry, is_shown))
    return found


def _title(name: str, me: MeOut) -> str:
    is_own = name == "organismes" and not acts.is_platform_admin(me)
    return text("nav.own" if is_own else f"nav.{name}")


def _brand(me: MeOut) -> None:
    """The name of the assistant, and whose it is: logo, name and colour of the organisation."""
    own = me.tenant
    line = own.name if own and own.name else text("app.tagline")
    colour = own.colour if own and _COLOUR.fullmatch(own.colour) else ""
    style = f' style="border-color:{colour}"' if colour else ""
    logo = ""
    # Before the charter is accepted the API hands out nothing, the logo included.
    if own and own.logo_url and not charter.owed(me):
        spoken = escape(text("app.logo", name=own.name))
        logo = f'<img src="{escape(own.logo_url)}" alt="{spoken}">'
    st.html(
        f'<div class="brand"{style}>{logo}<span class="brand-name">{escape(text("app.title"))}</span>'
        f'<span class="brand-line">{escape(line)}</span></div>'
    )
