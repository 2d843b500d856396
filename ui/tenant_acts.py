"""What may be done to a whole organisation, one step at a time, and what each step does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.tenants import State, TenantOut, TenantStateIn
from ui import acts, dialogs
from ui.markup import plain
from ui.messages import number, text

Target = Literal["active", "suspended", "closed", "archived"]
_STEPS: Mapping[State, Sequence[Target]] = {
    "active": ("suspended",),
    "suspended": ("active", "closed"),
    "closed": ("suspended", "archived"),
    "archived": ("closed",),
    "deleted": (),
}
"""Legal changes of state; deletion is offered apart."""
_ERASABLE: frozenset[State] = frozenset({"archived", "deleted"})


def buttons(tenant: TenantOut) -> None:
    """A button for each step that is possible now."""
    with st.container(key="tenant-acts", horizontal=True):
        for target in _STEPS[tenant.state]:
            move = f"{tenant.state}_{target}"
            acts.ask_button(
                text(f"organisation_move.{move}"),
                "move",
                target,
                spoken=text(f"organisation_move.{move}_title", name=tenant.name),
            )
        if tenant.state in _ERASABLE:
            acts.ask_button(
                text("tenants.erase"), "erase", spoken=text("tenants.erase_title", name=tenant.name)
            )


def dialog(api: AssistantClient, tenant: TenantOut, *, leave: Callable[[], object]) -> None:
    """The dialog that was asked for.

    Args:
        api: Speaks for the person.
        tenant: The organisation.
        leave: Called once the organisation is no more.
    """
    match dialogs.requested():
        case ("move", target):
            for each in _STEPS[tenant.state]:
                if each == target:
                    title = text(f"organisation_move.{tenant.state}_{each}_title", name=tenant.name)
                    dialogs.show(plain(title), partial(_move, api, tenant, each))
        case ("erase",) if tenant.state in _ERASABLE:
            title = text("tenants.erase_title", name=tenant.name)
            dialogs.show(plain(title), partial(_erase, api, tenant, leave))
        case _:
            return


def _move(api: AssistantClient, tenant: TenantOut, target: Target) -> None:
    move = f"organisation_move.{tenant.state}_{target}"
    acts.confirm(
        text(f"{move}_text"),
        text(f"{move}_undo"),
        button=text(move),
        act=partial(api.move_tenant, tenant.id, TenantStateIn(state=target)),
        done=text(f"{move}_done", name=tenant.name),
    )


def _erase(api: AssistantClient, tenant: TenantOut, leave: Callable[[], object]) -> None:
    st.write(text("tenants.erase_text"))
    st.write(text("tenants.erase_list"))
    st.write(f"**{text('tenants.erase_undo')}**")
    typed = st.text_input(
        plain(text("tenants.erase_type", name=tenant.name)), key=f"erase-name-{tenant.id}"
    )
    is_possible = typed.strip() == tenant.name
    if st.button(
        text("tenants.erase_confirm"),
        type="primary",
        key="dialog-confirm",
        disabled=not is_possible,
    ):
        with st.spinner(text("tenants.erasing")):
            report = api.erase_tenant(tenant.id)
        dialogs.close()
        if report.is_complete:
            found = number(report.found.total)
            acts.notify(text("tenants.erase_done", name=tenant.name, count=found))
            leave()
        else:
            left = number(report.left.total)
            acts.notify(text("tenants.erase_partial", name=tenant.name, count=left))
        st.rerun()
