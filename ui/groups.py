"""The groups page: some people of an organisation, to whom collections may be opened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.people import GroupDetail, GroupOut, PersonOut
from assistant.schemas.service import MeOut
from ui import acts, dialogs, paging
from ui.acts import Acting
from ui.messages import counted, number, text

_PAGE = "groups"
_PER_PAGE = 20
_NAMED = 8
"""People of a group that its line names."""


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who are not administrators are told so."""
    acting = acts.open_page(api, me, title=text("groups.title"), lead=text("groups.lead"))
    if acting is None:
        return
    acts.ask_button(
        text("groups.create"), "create-group", spoken=text("groups.create_help"), is_main=True
    )
    groups = api.list_groups(tenant_id=acting.tenant_id)
    _dialog(api, acting, groups)
    if not groups:
        st.info(text("groups.empty"))
        return
    first = paging.first_shown(_PAGE)
    shown = groups[first : first + _PER_PAGE]
    for each in shown:
        _group(api.get_group(each.id, tenant_id=acting.tenant_id))
    place = text("groups.range", first=number(first + 1), last=number(first + len(shown)))
    has_more = len(groups) > first + _PER_PAGE
    paging.show_pager(_PAGE, place, per_page=_PER_PAGE, has_more=has_more)


def _group(detail: GroupDetail) -> None:
    group, people = detail.group, detail.people
    names = ", ".join(person.name for person in people[:_NAMED])
    more = "…" if len(people) > _NAMED else ""
    with st.container(
        key=f"line-{group.id}", border=True, horizontal=True, vertical_alignment="center"
    ):
        acts.line(group.name, counted("groups.people", len(people)), names + more)
        for action in ("people", "rename", "delete"):
            acts.ask_button(
                text(f"groups.{action}"),
                f"group-{action}",
                group.id,
                spoken=text(f"groups.{action}_help", name=group.name),
            )


def _dialog(api: AssistantClient, acting: Acting, groups: Sequence[GroupOut]) -> None:
    match dialogs.requested():
        case ("create-group",):
            dialogs.show(text("groups.create"), partial(_create, api, acting))
        case ("group-people" | "group-rename" | "group-delete" as action, group_id):
            group = next((each for each in groups if each.id == group_id), None)
            if group is None:
                return
            kind = action.removeprefix("group-")
            draw = {"people": _change_people, "rename": _rename, "delete": _delete}[kind]
            dialogs.show(text(f"groups.{kind}_title"), partial(draw, api, acting, group))
        case _:
            return


def _create(api: AssistantClient, acting: Acting) -> None:
    name = st.text_input(
        text("groups.name"), key="group-name", max_chars=200, placeholder=text("groups.name_hint")
    )
    acts.finish(
        text("groups.create_confirm"),
        act=partial(api.create_group, name, tenant_id=acting.tenant_id),
        done=text("groups.create_done", name=name),
        is_possible=bool(name.strip()),
    )


def _rename(api: AssistantClient, acting: Acting, group: GroupOut) -> None:
    name = st.text_input(
        text("groups.name"), value=group.name, key=f"group-name-{group.id}", max_chars=200
    )
    acts.finish(
        text("groups.rename_confirm"),
        act=partial(api.rename_group, group.id, name, tenant_id=acting.tenant_id),
        done=text("groups.rename_done", name=name),
        is_possible=bool(name.strip()) and name != group.name,
    )


def _delete(api: AssistantClient, acting: Acting, group: GroupOut) -> None:
    acts.confirm(
        text("groups.delete_text", name=group.name),
        text("groups.delete_undo"),
        button=text("groups.delete_confirm"),
        act=partial(api.delete_group, group.id, tenant_id=acting.tenant_id),
        done=text("groups.delete_done", name=group.name),
    )


def _change_people(api: AssistantClient, acting: Acting, group: GroupOut) -> None:
    before = [each.id for each in api.get_group(group.id, tenant_id=acting.tenant_id).people]
    people = {each.id: each for each in api.list_people(tenant_id=acting.tenant_id)}
    chosen = st.multiselect(
        text("groups.people_label", name=group.name),
        list(people),
        default=[each for each in before if each in people],
        format_func=lambda person_id: _label(people[person_id]),
        placeholder=text("groups.people_hint"),
        key=f"group-people-{group.id}",
    )
    gone = [each for each in before if each not in chosen]
    new = [each for each in chosen if each not in before]
    if gone:
        st.warning(text("groups.people_gone"))
    acts.finish(
        text("groups.people_confirm"),
        act=partial(_save_people, api, acting, group, new, gone),
        done=text("groups.people_done", name=group.name),
        is_possible=bool(gone or new),
    )


def _save_people(
    api: AssistantClient, acting: Acting, group: GroupOut, new: Sequence[str], gone: Sequence[str]
) -> None:
    if new:
        api.add_members(group.id, new, tenant_id=acting.tenant_id)
    for person_id in gone:
        api.remove_member(group.id, person_id, tenant_id=acting.tenant_id)


def _label(person: PersonOut) -> str:
    return f"{person.name} ({person.email})" if person.email else person.name
