"""Files of a source whose documents were erased, and which are not taken again until somebody lets them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.sources import SourceOut
from ui import acts
from ui.failures import attempt
from ui.markup import plain
from ui.messages import counted, moment_label, text


def show(api: AssistantClient, source: SourceOut, *, zone: str | None) -> None:
    """When each was erased, with a button to take it again; nothing when there are none."""
    if not source.erased:
        return
    label = counted("sources.erased", source.erased_count)
    with st.expander(label, key=f"erased-{source.id}"):
        st.caption(text("sources.erased_lead"))
        for place, each in enumerate(source.erased):
            moment = moment_label(each.erased_at, zone=zone)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.write(plain(text("sources.erased_on", moment=moment)))
                st.button(
                    text("sources.let_in"),
                    key=f"let-in-{source.id}-{place}",
                    help=plain(text("sources.let_in_help", moment=moment)),
                    on_click=attempt,
                    args=(partial(_let_in, api, source.id), each.id),
                )
        further = source.erased_count - len(source.erased)
        if further:
            st.caption(counted("sources.erased_further", further))


def _let_in(api: AssistantClient, source_id: str, erased_id: str) -> None:
    api.let_erased_file_in(source_id, erased_id)
    acts.notify(text("sources.let_in_done"))
