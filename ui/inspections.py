"""Conversations read by an auditor: what their person is told of it, and the page of the auditor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.conversations import InspectedConversation
from assistant.schemas.inspections import ConversationFactsOut, OwnInspectionOut
from assistant.schemas.service import MeOut
from ui import acts, answers, dialogs, paging
from ui.failures import attempt
from ui.markup import escape, plain
from ui.messages import counted, moment_label, number, text

REASON_LEAST = 20
"""Characters of a reason."""
_REASON_MOST = 1000
_LIST = "audited"
_PER_PAGE = 25
_OPENED = "inspected-conversation"


def is_auditor(me: MeOut) -> bool:
    """True for who may read conversations of others: never who administers."""
    return "auditor" in me.roles and not acts.administers(me)


def show_notices(me: MeOut, found: Sequence[OwnInspectionOut]) -> None:
    """On a conversation: when an auditor read it, and why."""
    for each in found:
        st.warning(plain(_spoken(me, each)))


def show_own(api: AssistantClient, me: MeOut) -> None:
    """On everybody's own page: all readings of one's conversations; nothing when there were none."""
    found = api.list_own_inspections()
    if not found:
        return
    st.subheader(text("inspections.own_title"), anchor=False)
    st.write(text("inspections.own_lead"))
    for each in found:
        with st.container(key=f"line-{each.id}", border=True):
            badge = "" if each.seen_at else text("inspections.new")
            acts.line(_spoken(me, each), badge=badge, badge_kind="suspended")
    if any(each.seen_at is None for each in found):
        st.button(
            text("inspections.note_seen"),
            key="inspections-seen",
            on_click=attempt,
            args=(api.note_inspections_seen,),
        )


def _spoken(me: MeOut, each: OwnInspectionOut) -> str:
    zone = me.tenant.time_zone if me.tenant else None
    key = "inspections.told" if each.title is not None else "inspections.told_deleted"
    who = text("inspections.of_platform" if each.is_of_platform else "inspections.of_tenant")
    return text(
        key,
        title=each.title or text("conversation.untitled"),
        moment=moment_label(each.made_at, zone=zone),
        who=who,
        reason=each.reason,
    )


def show(api: AssistantClient, me: MeOut) -> None:
    """The page of the auditor: the list, or the one conversation that was opened for a reason."""
    if not is_auditor(me):
        st.title(text("inspections.title"), anchor=False)
        st.warning(text("inspections.forbidden"))
        return
    opened = st.session_state.get(_OPENED)
    if isinstance(opened, InspectedConversation):
        _opened(me, opened)
    else:
        _list(api, me)


def _list(api: AssistantClient, me: MeOut) -> None:
    st.title(text("inspections.title"), anchor=False)
    st.write(text("inspections.lead"))
    anew = partial(paging.turn_to, _LIST, 0)
    pseudonym = st.text_input(
        text("inspections.pseudonym"), key="audited-pseudonym", on_change=anew
    )
    with st.expander(text("inspections.elsewhere"), key="audited-elsewhere"):
        tenant = st.text_input(text("inspections.tenant"), key="audited-tenant", on_change=anew)
        st.caption(text("inspections.tenant_help"))
    first = paging.first_shown(_LIST)
    found = api.list_audited_conversations(
        tenant_id=(tenant or "").strip() or None,
        pseudonym=(pseudonym or "").strip(),
        limit=_PER_PAGE + 1,
        offset=first,
    )
    shown = found[:_PER_PAGE]
    _dialog(api, shown)
    if not shown:
        st.info(text("inspections.none"))
    for each in shown:
        _line(me, each)
    place = text("inspections.range", first=number(first + 1), last=number(first + len(shown)))
    paging.show_pager(_LIST, place, per_page=_PER_PAGE, has_more=len(found) > _PER_PAGE)


def _line(me: MeOut, each: ConversationFactsOut) -> None:
    zone = me.tenant.time_zone if me.tenant else None
    with st.container(
        key=f"line-{each.id}", border=True, horizontal=True, vertical_alignment="center"
    ):
        acts.line(
            text("inspections.of", pseudonym=each.pseudonym),
            " · ".join(
                (
                    counted("inspections.questions", each.questions),
                    text("inspections.begun", moment=moment_label(each.created_at, zone=zone)),
                    text("inspections.used", moment=moment_label(each.updated_at, zone=zone)),
                )
            ),
        )
        acts.ask_button(
            text("inspections.read"),
            "inspect",
            each.id,
            spoken=text("inspections.read_help", pseudonym=each.pseudonym),
        )


def _dialog(api: AssistantClient, found: Sequence[ConversationFactsOut]) -> None:
    match dialogs.requested():
        case ("inspect", conversation_id) if conversation_id in {each.id for each in found}:
            dialogs.show(text("inspections.read_title"), partial(_ask_why, api, conversation_id))
        case _:
            return


def _ask_why(api: AssistantClient, conversation_id: str) -> None:
    st.write(plain(text("inspections.read_text")))
    reason = st.text_area(
        text("inspections.reason"),
        max_chars=_REASON_MOST,
        key=f"reason-{conversation_id}",
    )
    written = " ".join((reason or "").split())
    st.caption(text("inspections.reason_help", least=REASON_LEAST))
    if st.button(text("inspections.read_confirm"), type="primary", key="dialog-confirm"):
        st.session_state[_OPENED] = api.inspect_conversation(conversation_id, reason=written)
        dialogs.close()
        acts.turn_to_top()
        st.rerun()


def _opened(me: MeOut, opened: InspectedConversation) -> None:
    zone = me.tenant.time_zone if me.tenant else None
    st.button(text("inspections.close"), key="back", type="tertiary", on_click=_close)
    st.title(plain(opened.conversation.title or text("conversation.untitled")), anchor=False)
    st.info(
        plain(
            text(
                "inspections.opened",
                pseudonym=opened.pseudonym,
                moment=moment_label(opened.made_at, zone=zone),
                reason=opened.reason,
            )
        )
    )
    for message in opened.messages:
        if message.author == "person":
            label = escape(text("inspections.question"))
            words = escape(message.text).replace("\n", "<br>")
            st.html(f'<section class="question" aria-label="{label}"><p>{words}</p></section>')
        elif message.answer:
            answers.show_answer(message.answer)


def _close() -> None:
    st.session_state.pop(_OPENED, None)
    acts.turn_to_top()
