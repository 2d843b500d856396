"""Everybody's own page: who one is here, one's questions and conversations, sessions and keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from assistant.client import AssistantClient, ClientError
from assistant.schemas.people import MeChangeIn
from assistant.schemas.service import MeOut
from assistant.schemas.sessions import SessionOut
from ui import acts, charter, dialogs, inspections, keys, passwords, usage
from ui.failures import attempt
from ui.markup import plain
from ui.messages import counted, moment_label, text

_CONSENT = "export-consent"


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page."""
    st.title(text("account.title"), anchor=False)
    acts.show_notice()
    _identity(api, me)
    _questions(api, me)
    _conversations(api, me)
    inspections.show_own(api, me)
    _sessions(api, me)
    passwords.show_own(api, me)
    keys.show_own(api, me)
    charter.show_accepted(me)


def _identity(api: AssistantClient, me: MeOut) -> None:
    groups = ", ".join(each.name for each in api.get_person(me.person_id).groups)
    roles = ", ".join(text(f"role.{role}") for role in me.roles)
    acts.line(
        me.name,
        " · ".join(word for word in (me.email, me.tenant.name if me.tenant else "") if word),
        text("account.roles", names=roles),
        text("account.groups", names=groups) if groups else "",
    )


def _questions(api: AssistantClient, me: MeOut) -> None:
    st.subheader(text("account.questions"), anchor=False)
    zone = me.tenant.time_zone if me.tenant else None
    st.write(plain(usage.own_questions(api.own_quotas(), zone=zone)))


def _conversations(api: AssistantClient, me: MeOut) -> None:
    st.subheader(text("account.conversations"), anchor=False)
    st.write(plain(text("account.private")))
    if me.tenant and me.tenant.retention_days:
        st.write(plain(counted("conversation.retention", me.tenant.retention_days)))
    st.checkbox(
        text("account.consent"),
        value=me.export_consent,
        key=_CONSENT,
        on_change=attempt,
        args=(_consent, api),
    )
    st.caption(plain(text("account.consent_help")))


def _consent(api: AssistantClient) -> None:
    wanted = bool(st.session_state[_CONSENT])
    try:
        api.change_me(MeChangeIn(export_consent=wanted))
    except ClientError:
        st.session_state[_CONSENT] = not wanted
        raise


def _sessions(api: AssistantClient, me: MeOut) -> None:
    st.subheader(text("account.sessions"), anchor=False)
    st.write(text("account.sessions_lead"))
    found = api.list_sessions()
    _dialog(api, found)
    for each in found:
        _session(me, each)
    if any(not each.is_current for each in found):
        acts.ask_button(
            text("account.end_others"), "end-others", spoken=text("account.end_others_help")
        )


def _session(me: MeOut, session: SessionOut) -> None:
    zone = me.tenant.time_zone if me.tenant else None
    device = session.device or text("account.unknown_device")
    facts = " · ".join(
        text(f"account.{name}", moment=moment_label(value, zone=zone))
        for name, value in (
            ("created", session.created_at),
            ("seen", session.seen_at),
            ("expires", session.expires_at),
        )
    )
    with st.container(
        key=f"line-{session.id}", border=True, horizontal=True, vertical_alignment="center"
    ):
        badge = text("account.current") if session.is_current else ""
        acts.line(device, facts, badge=badge, badge_kind="active")
        if not session.is_current:
            acts.ask_button(
                text("account.end"),
                "end-session",
                session.id,
                spoken=text("account.end_help", device=device),
            )


def _dialog(api: AssistantClient, found: Sequence[SessionOut]) -> None:
    match dialogs.requested():
        case ("end-others",):
            dialogs.show(text("account.end_others"), partial(_end_others, api))
        case ("end-session", session_id):
            session = next((each for each in found if each.id == session_id), None)
            if session:
                dialogs.show(text("account.end_title"), partial(_end, api, session))
        case _:
            return


def _end(api: AssistantClient, session: SessionOut) -> None:
    acts.confirm(
        text("account.end_text", device=session.device or text("account.unknown_device")),
        button=text("account.end_confirm"),
        act=partial(api.end_session, session.id),
        done=text("account.end_done"),
    )


def _end_others(api: AssistantClient) -> None:
    acts.confirm(
        text("account.end_others_text"),
        button=text("account.end_others_confirm"),
        act=api.end_other_sessions,
        done=text("account.end_others_done"),
    )
