"""API keys: one's own, made and ended by their person, and all those of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.people import KeyIn, KeyOut, PermissionName
from assistant.schemas.service import MeOut
from ui import acts, dialogs
from ui.messages import date_label, moment_label, text

_OWN = "compte"
_PERMISSIONS: tuple[PermissionName, ...] = ("read", "ask", "ingest", "admin")
_DAYS = (30, 90, 180, 366)
_USUAL_DAYS = 90


def show(api: AssistantClient, me: MeOut) -> None:
    """The page of administrators: the keys of everybody in an organisation."""
    acting = acts.open_page(api, me, title=text("keys.title"), lead=text("keys.lead"))
    if acting is None:
        return
    found = api.list_all_keys(tenant_id=acting.tenant_id)
    names = {each.id: each.name for each in api.list_people(tenant_id=acting.tenant_id)}
    _revocation(api, found, tenant_id=acting.tenant_id)
    if not found:
        st.info(text("keys.none"))
    for each in found:
        _line(me, each, owner=names.get(each.person_id, text("keys.unknown_owner")))


def show_own(api: AssistantClient, me: MeOut) -> None:
    """The part of one's own page about one's keys."""
    st.subheader(text("keys.own_title"), anchor=False)
    st.write(text("keys.own_lead"))
    acts.show_told()
    acts.ask_button(text("keys.create"), "create-key", spoken=text("keys.create_help"))
    if dialogs.requested() == ("create-key",):
        dialogs.show(text("keys.create"), partial(_create, api, me))
    found = api.list_keys()
    _revocation(api, found, tenant_id=None)
    if not found:
        st.caption(text("keys.own_empty"))
    for each in found:
        _line(me, each)


def _line(me: MeOut, key: KeyOut, *, owner: str = "") -> None:
    zone = me.tenant.time_zone if me.tenant else None
    is_over = key.expires_at <= datetime.now(UTC)
    used = (
        text("keys.used", moment=moment_label(key.used_at, zone=zone))
        if key.used_at
        else text("keys.never_used")
    )
    until = text(
        "keys.expired" if is_over else "keys.until", date=date_label(key.expires_at.date())
    )
    may = ", ".join(text(f"permission.{each}") for each in key.permissions)
    facts = " · ".join(word for word in (owner, f"{key.prefix}…", until, used) if word)
    badge = text("keys.over") if is_over else ""
    with st.container(
        key=f"line-{key.id}", border=True, horizontal=True, vertical_alignment="center"
    ):
        acts.line(key.name, facts, may, badge=badge, badge_kind="closed")
        acts.ask_button(
            text("keys.revoke"),
            "revoke-key",
            key.id,
            spoken=text("keys.revoke_help", name=key.name),
        )


def _revocation(api: AssistantClient, found: Sequence[KeyOut], *, tenant_id: str | None) -> None:
    match dialogs.requested():
        case ("revoke-key", key_id):
            key = next((each for each in found if each.id == key_id), None)
            if key:
                dialogs.show(text("keys.revoke_title"), partial(_revoke, api, key, tenant_id))
        case _:
            return


def _revoke(api: AssistantClient, key: KeyOut, tenant_id: str | None) -> None:
    acts.confirm(
        text("keys.revoke_text", name=key.name),
        text("keys.revoke_undo"),
        button=text("keys.revoke_confirm"),
        act=partial(api.revoke_key, key.id, tenant_id=tenant_id),
        done=text("keys.revoke_done", name=key.name),
    )


def _create(api: AssistantClient, me: MeOut) -> None:
    name = st.text_input(
        text("keys.name"), key="key-name", max_chars=200, placeholder=text("keys.name_hint")
    )
    st.caption(text("keys.permissions"))
    chosen: list[PermissionName] = [
        each
        for each in _offered(me)
        if st.checkbox(
            text(f"permission.{each}"),
            value=each == "read",
            help=text(f"permission.{each}_help"),
            key=f"permission-{each}",
        )
    ]
    days = st.selectbox(
        text("keys.days"),
        _DAYS,
        index=_DAYS.index(_USUAL_DAYS),
        format_func=lambda each: text("keys.days_count", count=each),
        key="key-days",
    )
    st.write(text("keys.create_text"))
    acts.finish(
        text("keys.create_confirm"),
        act=partial(_make, api, name, chosen, days),
        done=text("keys.create_done", name=name),
        is_possible=bool(name.strip() and chosen),
    )


def _offered(me: MeOut) -> list[PermissionName]:
    """What a person's roles let its keys do."""
    barred: set[PermissionName] = set()
    if "tenant_admin" not in me.roles:
        barred.add("ingest")
    if not acts.administers(me):
        barred.add("admin")
    return [each for each in _PERMISSIONS if each not in barred]


def _make(api: AssistantClient, name: str, chosen: Sequence[PermissionName], days: int) -> None:
    made = api.create_key(KeyIn(name=name, permissions=list(chosen), days=days))
    sentence = text("keys.secret", date=date_label(made.key.expires_at.date()))
    acts.tell_once(_OWN, sentence=sentence, secret=made.secret)
