"""The organisations of the platform: listed, made, changed, suspended, closed, archived, erased.

An administrator of one organisation finds its own here, with what it may change of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st
from pydantic import ValidationError

from assistant.client import AssistantClient, ClientError
from assistant.schemas.service import MeOut
from assistant.schemas.tenants import State, TenantChangeIn, TenantIn, TenantOut
from assistant.schemas.wire import Problem
from ui import acts, tenant_acts, tenant_form, usage
from ui.components import logo_upload
from ui.connection import is_missing
from ui.failures import attempt
from ui.markup import plain
from ui.messages import text

PARAM = "o"
_NEW = "nouveau"
_MOST_SHOWN = 50
_LOGO_REFUSED = "refused-logo"
_UNCHANGEABLE: frozenset[State] = frozenset({"deleted"})


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who are not administrators are told so."""
    if not acts.administers(me):
        st.title(text("tenants.title"), anchor=False)
        st.warning(text("acts.forbidden"))
    elif not acts.is_platform_admin(me):
        if me.tenant:
            _own(api, me.tenant.id)
    elif st.query_params.get(PARAM) == _NEW:
        _create(api)
    elif not (st.query_params.get(PARAM) and _detail(api)):
        _list(api)


def _go(place: str | None) -> None:
    """Have the next run show an organisation, the form of a new one, or the list."""
    acts.turn_to_top()
    if place is None:
        st.query_params.pop(PARAM, None)
    else:
        st.query_params[PARAM] = place


def _list(api: AssistantClient) -> None:
    st.title(text("tenants.title"), anchor=False)
    st.write(text("tenants.lead"))
    acts.show_notice()
    st.button(
        text("tenants.create"), key="create-tenant", type="primary", on_click=_go, args=(_NEW,)
    )
    with_archived = st.toggle(text("tenants.with_archived"), key="with-archived")
    found = api.list_tenants(archived=with_archived)
    names = {each.id: each.name for each in found}
    wanted = st.text_input(
        text("tenants.search"),
        key="tenant-search",
        type="search",
        placeholder=text("tenants.search_hint"),
    )
    shown = [each for each in found if (wanted or "").strip().casefold() in _searched(each)]
    if not shown:
        st.info(text("tenants.no_match"))
    for each in shown[:_MOST_SHOWN]:
        _line(each, names.get(each.parent_id or "", ""))
    if len(shown) > _MOST_SHOWN:
        st.caption(text("tenants.more", count=len(shown) - _MOST_SHOWN))


def _searched(tenant: TenantOut) -> str:
    return " ".join((tenant.name, tenant.siren, *tenant.sirets)).casefold()


def _line(tenant: TenantOut, parent: str) -> None:
    facts = [text(f"organisation_kind.{tenant.kind}")]
    if tenant.siren:
        facts.append(text("tenants.siren_fact", number=tenant.siren))
    if parent:
        facts.append(text("tenants.parent_fact", name=parent))
    with st.container(
        key=f"line-{tenant.id}", border=True, horizontal=True, vertical_alignment="center"
    ):
        state = text(f"organisation_state.{tenant.state}")
        acts.line(tenant.name, " · ".join(facts), badge=state, badge_kind=tenant.state)
        st.button(
            text("tenants.open"),
            key=f"open-{tenant.id}",
            help=plain(text("tenants.open_help", name=tenant.name)),
            on_click=_go,
            args=(tenant.id,),
        )


def _back() -> None:
    st.button(text("tenants.back"), key="back", type="tertiary", on_click=_go, args=(None,))


def _create(api: AssistantClient) -> None:
    _back()
    st.title(text("tenants.create"), anchor=False)
    st.write(text("tenants.create_text"))
    given = tenant_form.fields(None, others=_others(api.list_tenants(), None), is_platform=True)
    is_possible = bool(given["name"])
    if st.button(
        text("tenants.create_confirm"), type="primary", key="create", disabled=not is_possible
    ):
        made = api.create_tenant(TenantIn.model_validate(given))
        acts.act_for(made.id)
        acts.notify(text("tenants.create_done", name=made.name))
        _go(made.id)
        st.rerun()


def _others(tenants: Sequence[TenantOut], of: str | None) -> dict[str, str]:
    return {each.id: each.name for each in tenants if each.id != of}


def _detail(api: AssistantClient) -> bool:
    try:
        tenant = api.get_tenant(st.query_params[PARAM])
    except ClientError as error:
        if not is_missing(error):
            raise
        st.warning(text("tenants.missing"))
        return False
    _back()
    st.title(plain(tenant.name), anchor=False)
    state = text(f"organisation_state.{tenant.state}")
    acts.line(
        "",
        text(f"organisation_state.{tenant.state}_text"),
        badge=state,
        badge_kind=f"{tenant.state} alone",
    )
    acts.show_notice()
    tenant_acts.buttons(tenant)
    tenant_acts.dialog(api, tenant, leave=partial(_go, None))
    if tenant.state not in _UNCHANGEABLE:
        usage.show(api, tenant)
        _logo(api, tenant.id)
        others = _others(api.list_tenants(archived=True), tenant.id)
        _save(api, tenant, tenant_form.fields(tenant, others=others, is_platform=True))
    return True


def _own(api: AssistantClient, tenant_id: str) -> None:
    tenant = api.get_tenant(tenant_id)
    st.title(plain(tenant.name), anchor=False)
    st.write(text("tenants.own_lead"))
    acts.show_notice()
    usage.show(api, tenant)
    _logo(api, tenant.id)
    _save(api, tenant, tenant_form.fields(tenant, others={}, is_platform=False))


def _save(api: AssistantClient, tenant: TenantOut, given: dict[str, Any]) -> None:
    differs = tenant_form.changed(tenant, given)
    if differs.get("charter_text"):
        st.warning(text("tenants.charter_warning"))
    if st.button(
        text("tenants.save"), type="primary", key=f"save-{tenant.id}", disabled=not differs
    ):
        api.change_tenant(tenant.id, TenantChangeIn.model_validate(differs))
        acts.notify(text("tenants.save_done", name=str(differs.get("name", tenant.name))))
        st.rerun()


def _logo(api: AssistantClient, tenant_id: str) -> None:
    st.subheader(text("logo.title"), anchor=False)
    logo_upload(tenant_id, key=f"logo-{tenant_id}", on_answer=take_answer)
    with st.container(key="logo-answer"):
        if refused := st.session_state.pop(_LOGO_REFUSED, None):
            st.error(plain(str(refused)))
    st.button(
        text("logo.remove"),
        key=f"logo-remove-{tenant_id}",
        help=text("logo.remove_help"),
        on_click=attempt,
        args=(_remove_logo, api, tenant_id),
    )


def _remove_logo(api: AssistantClient, tenant_id: str) -> None:
    api.delete_logo(tenant_id)
    acts.notify(text("logo.removed"))


def take_answer(status: int, body: str) -> None:
    """Keep what the API said of a logo that the browser sent, for the next run to show.

    Args:
        status: Of the answer; 0 when there was none.
        body: Of the answer.
    """
    if status == 204:
        acts.notify(text("logo.done"))
        return
    try:
        st.session_state[_LOGO_REFUSED] = Problem.model_validate_json(body).detail
    except ValidationError:
        st.session_state[_LOGO_REFUSED] = text("logo.unreachable")
