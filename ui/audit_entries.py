"""Entries of the audit log in words: a line each, and all of one in a dialog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.audit import AuditEntryOut
from ui import acts, dialogs
from ui.markup import escape, plain
from ui.messages import catalogue, moment_label, number, text

PERSON_KEY = "audit-person"
"""Field that the pseudonym to look for is typed in."""
_ACT = "act."
_SYSTEM = "system"
_SHORT = 8


def known_acts() -> list[str]:
    """The acts that have a name, by their code, in the order of their names."""
    codes = (key.removeprefix(_ACT) for key in catalogue() if key.startswith(_ACT))
    return sorted((_code(each) for each in codes), key=lambda each: act_label(each).casefold())


def act_label(act: str) -> str:
    """An act in words; its code when it has none."""
    return catalogue().get(_ACT + act.replace(".", "__"), act)


def _code(key: str) -> str:
    return key.replace("__", ".")


def line(entry: AuditEntryOut, *, names: Mapping[str, str], zone: str | None) -> None:
    """One entry of the list, with the button that shows all of it."""
    moment = moment_label(entry.time, zone=zone)
    with st.container(
        key=f"line-{entry.id}", border=True, horizontal=True, vertical_alignment="center"
    ):
        facts = [moment, text("audit.by", who=_who(entry.actor))]
        if entry.tenant_id in names:
            facts.append(names[entry.tenant_id])
        acts.line(
            act_label(entry.act),
            " · ".join(facts),
            _summary(entry),
            badge=text("audit.outcome_refused") if entry.is_refused else "",
            badge_kind="closed",
        )
        acts.ask_button(
            text("audit.details"),
            "entry",
            entry.id,
            spoken=text("audit.details_help", act=act_label(entry.act), moment=moment),
        )


def _who(pseudonym: str) -> str:
    if pseudonym == _SYSTEM:
        return text("audit.system")
    return pseudonym[:_SHORT] if pseudonym else text("audit.unknown")


def _summary(entry: AuditEntryOut) -> str:
    return " · ".join(f"{name} : {value}" for name, value in _named(entry))


def _named(entry: AuditEntryOut) -> Iterator[tuple[str, str]]:
    """The details, their names in words where they have some."""
    for name, value in entry.details.items():
        told = number(value) if isinstance(value, int) else value
        if name == "roles":
            told = ", ".join(catalogue().get(f"role.{each}", each) for each in told.split())
        yield catalogue().get(f"audit_detail.{name}", name), told


def detail(
    api: AssistantClient, entry: AuditEntryOut, *, names: Mapping[str, str], zone: str | None
) -> None:
    """The inside of the dialog: every field, and what can be asked about the people in it."""
    rows = [
        (text("audit.field_act"), f"{act_label(entry.act)} ({entry.act})"),
        (text("audit.field_time"), moment_label(entry.time, zone=zone)),
        (text("acts.organisation"), names.get(entry.tenant_id, entry.tenant_id)),
        (text("audit.field_actor"), entry.actor or text("audit.unknown")),
        (text("audit.field_subject"), entry.subject),
        *((name.capitalize(), value) for name, value in _named(entry)),
        (text("audit.field_id"), entry.id),
    ]
    if entry.number is not None:
        rows.append((text("audit.field_number"), number(entry.number)))
        rows.append((text("audit.field_hash"), entry.hash or ""))
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in rows
        if value
    )
    st.html(f'<table class="plain entry">{cells}</table>')
    actor = entry.actor if entry.actor != _SYSTEM else ""
    if actor:
        _person(api, actor, part="actor")
    if entry.concerned and entry.concerned != actor:
        _person(api, entry.concerned, part="concerned")


def _person(api: AssistantClient, pseudonym: str, *, part: str) -> None:
    short = pseudonym[:_SHORT]
    with st.container(key=f"person-{pseudonym}", border=True):
        st.write(plain(text(f"audit.{part}", who=short)))
        with st.container(key=f"person-acts-{pseudonym}", horizontal=True):
            st.button(
                text("audit.all_acts"),
                key=f"acts-of-{pseudonym}",
                help=text("audit.all_acts_help", who=short),
                on_click=_look_for,
                args=(pseudonym,),
            )
            is_asked = st.button(
                text("audit.who"),
                key=f"who-{pseudonym}",
                help=text("audit.who_help", who=short),
            )
        st.caption(text("audit.who_recorded"))
        if is_asked:
            person = api.resolve_pseudonym(pseudonym)
            acts.line(person.name, person.email)


def _look_for(pseudonym: str) -> None:
    st.session_state[PERSON_KEY] = pseudonym
    dialogs.close()
    acts.turn_to_top()
