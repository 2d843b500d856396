"""Where a person is signed in, shown to its administrators, who may end all of it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.people import PersonOut
from assistant.schemas.service import MeOut
from ui import acts
from ui.markup import plain
from ui.messages import moment_label, text


def look(api: AssistantClient, me: MeOut, *, person: PersonOut) -> None:
    """The inside of the dialog; that an administrator looked is recorded by the API."""
    zone = me.tenant.time_zone if me.tenant else None
    st.write(plain(text("members.sessions_lead", name=person.name)))
    found = api.sessions_of(person.id)
    if not found:
        st.info(plain(text("members.sessions_none", name=person.name)))
    for each in found:
        facts = (
            text("account.created", moment=moment_label(each.created_at, zone=zone)),
            text("account.seen", moment=moment_label(each.seen_at, zone=zone)),
        )
        acts.line(each.device or text("account.unknown_device"), " · ".join(facts))
    acts.confirm(
        text("members.sessions_effect"),
        button=text("members.sessions_confirm"),
        act=partial(api.end_sessions_of, person.id),
        done=text("members.sessions_done", name=person.name),
    )
