"""The members page: who belongs to an organisation, with which roles, and who is invited."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.people import (
    GroupOut,
    InvitationIn,
    InvitationOut,
    PersonChangeIn,
    PersonOut,
    RoleName,
)
from assistant.schemas.service import MeOut
from ui import acts, dialogs, paging, person_sessions
from ui.acts import Acting
from ui.messages import counted, date_label, moment_label, number, text

_PAGE = "members"
_ADDRESS = "membres"
_PER_PAGE = 25
_GIVEN: tuple[RoleName, ...] = ("tenant_admin",)
_GIVEN_BY_PLATFORM: tuple[RoleName, ...] = (*_GIVEN, "auditor", "platform_admin")


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who are not administrators are told so."""
    acting = acts.open_page(api, me, title=text("members.title"), lead=text("members.lead"))
    if acting is None:
        return
    acts.show_told()
    acts.ask_button(
        text("members.invite"), "invite", spoken=text("members.invite_help"), is_main=True
    )
    people = api.list_people(tenant_id=acting.tenant_id)
    invitations = api.list_invitations(tenant_id=acting.tenant_id)
    _dialog(api, me, acting, people, invitations)
    _invited(me, invitations)
    _joined(me, [each for each in people if each.state != "invited"])


def _invited(me: MeOut, invitations: Sequence[InvitationOut]) -> None:
    if not invitations:
        return
    st.subheader(counted("members.invited", len(invitations)), anchor=False)
    for each in invitations:
        with st.container(
            key=f"line-{each.id}", border=True, horizontal=True, vertical_alignment="center"
        ):
            until = text("members.until", date=date_label(each.expires_at.date()))
            facts = f"{each.person.email} · {roles_label(each.person.roles)} · {until}"
            acts.line(each.person.name, facts)
            may_invite = set(each.person.roles) <= {"agent", *_offered(me)}
            for action in ("relink", "withdraw") if may_invite else ("withdraw",):
                acts.ask_button(
                    text(f"members.{action}"),
                    action,
                    each.id,
                    spoken=text(f"members.{action}_help", name=each.person.name),
                )


def _joined(me: MeOut, people: Sequence[PersonOut]) -> None:
    st.subheader(counted("members.joined", len(people)), anchor=False)
    found = people
    if len(people) > _PER_PAGE:
        wanted = st.text_input(
            text("members.search"),
            key="member-search",
            type="search",
            placeholder=text("members.search_hint"),
            on_change=paging.turn_to,
            args=(_PAGE, 0),
        )
        found = [each for each in people if _matches(each, wanted)]
    first = paging.first_shown(_PAGE)
    shown = found[first : first + _PER_PAGE]
    if not shown:
        st.info(text("members.nobody"))
    for each in shown:
        _person(me, each)
    place = text("members.range", first=number(first + 1), last=number(first + len(shown)))
    has_more = len(found) > first + _PER_PAGE
    paging.show_pager(_PAGE, place, per_page=_PER_PAGE, has_more=has_more)


def _matches(person: PersonOut, wanted: str | None) -> bool:
    words = (wanted or "").casefold().split()
    told = f"{person.name} {person.email}".casefold()
    return all(word in told for word in words)


def _person(me: MeOut, person: PersonOut) -> None:
    zone = me.tenant.time_zone if me.tenant else None
    seen = (
        text("members.seen", moment=moment_label(person.seen_at, zone=zone))
        if person.seen_at
        else text("members.never_seen")
    )
    name = text("members.myself", name=person.name) if person.id == me.person_id else person.name
    facts = " · ".join(word for word in (person.email, roles_label(person.roles), seen) if word)
    with st.container(
        key=f"line-{person.id}", border=True, horizontal=True, vertical_alignment="center"
    ):
        acts.line(name, facts, badge=text(f"standing.{person.state}"), badge_kind=person.state)
        is_suspended = person.state == "suspended"
        has_account = me.local_accounts and not is_suspended and bool(person.email)
        passwords = ("password",) if has_account else ()
        usual = ("restore",) if is_suspended else ("sessions", "suspend")
        for action in ("roles", *passwords, *usual):
            acts.ask_button(
                text(f"members.{action}"),
                action,
                person.id,
                spoken=text(f"members.{action}_help", name=person.name),
            )


def roles_label(roles: Sequence[RoleName]) -> str:
    """Roles in words; that of an agent, which everybody has, only when it is the only one."""
    told = [text(f"role.{role}") for role in _GIVEN_BY_PLATFORM if role in roles]
    return ", ".join(told or [text("role.agent")])


def _dialog(
    api: AssistantClient,
    me: MeOut,
    acting: Acting,
    people: Sequence[PersonOut],
    invitations: Sequence[InvitationOut],
) -> None:
    wanted = dialogs.requested()
    if wanted == ("invite",):
        groups = api.list_groups(tenant_id=acting.tenant_id)
        dialogs.show(text("members.invite"), partial(_invite, api, me, acting, groups))
        return
    match wanted:
        case ("withdraw" | "relink" as action, invitation_id):
            found = next((each for each in invitations if each.id == invitation_id), None)
            if found:
                draw = partial(_withdraw if action == "withdraw" else _relink, api, acting, found)
                dialogs.show(text(f"members.{action}_title"), draw)
        case ("sessions", person_id):
            person = next((each for each in people if each.id == person_id), None)
            if person:
                draw = partial(person_sessions.look, api, me, person=person)
                dialogs.show(text("members.sessions_title"), draw)
        case ("roles" | "password" | "suspend" | "restore" as action, person_id):
            person = next((each for each in people if each.id == person_id), None)
            if person:
                draw = partial(_ACTS[action], api, me, person)
                dialogs.show(text(f"members.{action}_title"), draw)
        case _:
            return


def _invite(api: AssistantClient, me: MeOut, acting: Acting, groups: Sequence[GroupOut]) -> None:
    st.write(text("members.invite_text"))
    name = st.text_input(text("members.name"), key="invite-name", max_chars=200)
    email = st.text_input(text("members.email"), key="invite-email", max_chars=254)
    roles = _role_boxes(me, ["agent"])
    names = {each.id: each.name for each in groups}
    joined = (
        st.multiselect(
            text("members.groups"),
            list(names),
            format_func=lambda group_id: names[group_id],
            placeholder=text("members.groups_hint"),
            key="invite-groups",
        )
        if names
        else []
    )
    asked = InvitationIn(name=name, email=email, roles=roles, groups=joined)
    acts.finish(
        text("members.invite_confirm"),
        act=partial(_send, api, acting, asked),
        done=text("members.invite_done", name=name),
        is_possible=bool(name.strip() and email.strip()),
    )


def _send(api: AssistantClient, acting: Acting, asked: InvitationIn) -> None:
    made = api.invite(asked, tenant_id=acting.tenant_id)
    until = date_label(made.invitation.expires_at.date())
    sentence = text("members.link", name=made.invitation.person.name, date=until)
    acts.tell_once(_ADDRESS, sentence=sentence, secret=made.url)


def _relink(api: AssistantClient, acting: Acting, invitation: InvitationOut) -> None:
    person = invitation.person
    asked = InvitationIn(name=person.name, email=person.email, roles=person.roles)
    acts.confirm(
        text("members.relink_text", name=person.name),
        button=text("members.relink"),
        act=partial(_send, api, acting, asked),
        done=text("members.invite_done", name=person.name),
    )


def _withdraw(api: AssistantClient, acting: Acting, invitation: InvitationOut) -> None:
    name = invitation.person.name
    acts.confirm(
        text("members.withdraw_text", name=name),
        button=text("members.withdraw_confirm"),
        act=partial(api.withdraw_invitation, invitation.id, tenant_id=acting.tenant_id),
        done=text("members.withdraw_done", name=name),
    )


def _offered(me: MeOut) -> tuple[RoleName, ...]:
    return _GIVEN_BY_PLATFORM if acts.is_platform_admin(me) else _GIVEN


def _role_boxes(me: MeOut, roles: Sequence[RoleName]) -> list[RoleName]:
    """Boxes for the roles that this administrator may give; the others stay as they are."""
    offered = _offered(me)
    st.caption(text("members.roles_text"))
    chosen: list[RoleName] = [role for role in roles if role not in offered]
    for role in offered:
        label = text(f"role.{role}")
        about = text(f"role.{role}_help")
        if st.checkbox(label, value=role in roles, key=f"role-{role}", help=about):
            chosen.append(role)
    return chosen


def _change_roles(api: AssistantClient, me: MeOut, person: PersonOut) -> None:
    chosen = _role_boxes(me, person.roles)
    if person.id == me.person_id and set(person.roles) - set(chosen):
        st.warning(text("members.roles_self"))
    acts.confirm(
        text("members.roles_effect", name=person.name),
        button=text("members.roles_confirm"),
        act=partial(api.change_person, person.id, PersonChangeIn(roles=chosen)),
        done=text("members.roles_done", name=person.name),
        is_possible=set(chosen) != set(person.roles),
    )


def _renew_password(api: AssistantClient, me: MeOut, person: PersonOut) -> None:
    acts.confirm(
        text("members.password_text", name=person.name),
        text("members.password_undo"),
        button=text("members.password_confirm"),
        act=partial(_send_password_link, api, me, person),
        done=text("members.password_done", name=person.name),
    )


def _send_password_link(api: AssistantClient, me: MeOut, person: PersonOut) -> None:
    made = api.make_password_link(person.id)
    zone = me.tenant.time_zone if me.tenant else None
    until = moment_label(made.expires_at, zone=zone)
    sentence = text("members.password_link", name=made.name, moment=until)
    acts.tell_once(_ADDRESS, sentence=sentence, secret=made.url)


def _suspend(api: AssistantClient, _: MeOut, person: PersonOut) -> None:
    acts.confirm(
        text("members.suspend_text", name=person.name),
        text("members.suspend_undo"),
        button=text("members.suspend_confirm"),
        act=partial(api.suspend_person, person.id),
        done=text("members.suspend_done", name=person.name),
    )


def _restore(api: AssistantClient, _: MeOut, person: PersonOut) -> None:
    acts.confirm(
        text("members.restore_text", name=person.name),
        button=text("members.restore_confirm"),
        act=partial(api.restore_person, person.id),
        done=text("members.restore_done", name=person.name),
    )


_ACTS = {
    "roles": _change_roles,
    "password": _renew_password,
    "suspend": _suspend,
    "restore": _restore,
}
"""What can be done to a person, by the name of its dialog."""
