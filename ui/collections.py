"""The collections page: sets of documents, who reads each, and the label that its citations carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.collections import AudienceName, CollectionChangeIn, CollectionDetail
from assistant.schemas.service import MeOut
from ui import acts, dialogs
from ui.acts import Acting
from ui.messages import counted, text

_LABEL_CHARS = 60
_AUDIENCES: tuple[AudienceName, ...] = ("tenant", "groups", "descendants", "tenants", "everyone")


@dataclass(frozen=True)
class _Names:
    """Of what a collection may be opened to, by id."""

    groups: Mapping[str, str]
    tenants: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other organisations; only the platform's administrators know them."""


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who are not administrators are told so."""
    acting = acts.open_page(api, me, title=text("collections.title"), lead=text("collections.lead"))
    if acting is None:
        return
    acts.ask_button(
        text("collections.create"),
        "create-collection",
        spoken=text("collections.create_help"),
        is_main=True,
    )
    names = _names(api, me, acting)
    owned = api.list_owned_collections(tenant_id=acting.tenant_id)
    _dialog(api, acting, owned, names)
    for each in owned:
        _line(each, acting, names)


def _names(api: AssistantClient, me: MeOut, acting: Acting) -> _Names:
    groups = {each.id: each.name for each in api.list_groups(tenant_id=acting.tenant_id)}
    if not acts.is_platform_admin(me):
        return _Names(groups)
    others = {each.id: each.name for each in api.list_tenants() if each.id != acting.tenant_id}
    return _Names(groups, others)


def _line(collection: CollectionDetail, acting: Acting, names: _Names) -> None:
    with st.container(
        key=f"line-{collection.id}", border=True, horizontal=True, vertical_alignment="center"
    ):
        readers = readers_sentence(
            collection, acting.name, groups=names.groups, tenants=names.tenants
        )
        acts.line(collection.name, readers, badge=collection.label)
        for action in ("share", "change", "delete"):
            acts.ask_button(
                text(f"collections.{action}"),
                f"collection-{action}",
                collection.id,
                spoken=text(f"collections.{action}_help", name=collection.name),
            )


def readers_sentence(
    collection: CollectionDetail,
    owner: str,
    *,
    groups: Mapping[str, str],
    tenants: Mapping[str, str],
) -> str:
    """Who reads a collection, in a sentence.

    Args:
        collection: The collection.
        owner: Name of its organisation.
        groups: Names of the groups of that organisation, by id.
        tenants: Names of other organisations, by id, as far as the reader may know them.
    """
    if collection.audience == "groups":
        return _listed("collections.readers_groups", collection.groups, groups)
    if collection.audience == "tenants":
        told = _listed("collections.readers_tenants", collection.tenants, tenants)
        return f"{text('collections.readers_owner', name=owner)} {told}"
    return text(f"audience.{collection.audience}_readers", name=owner)


def _listed(key: str, ids: Sequence[str], names: Mapping[str, str]) -> str:
    known = [names[each] for each in ids if each in names]
    if len(known) == len(ids) and known:
        return text(f"{key}_named", names=", ".join(known))
    return counted(key, len(ids))


def _dialog(
    api: AssistantClient, acting: Acting, owned: Sequence[CollectionDetail], names: _Names
) -> None:
    match dialogs.requested():
        case ("create-collection",):
            dialogs.show(text("collections.create"), partial(_create, api, acting))
        case ("collection-share" | "collection-change" | "collection-delete" as action, wanted):
            found = next((each for each in owned if each.id == wanted), None)
            if found is None:
                return
            kind = action.removeprefix("collection-")
            draw = partial(_delete if kind == "delete" else _change, api, acting, found)
            if kind == "share":
                draw = partial(_share, api, acting, found, names)
            dialogs.show(text(f"collections.{kind}_title"), draw)
        case _:
            return


def _fields(name: str, label: str, key: str) -> CollectionChangeIn:
    given = st.text_input(
        text("collections.name"), value=name, key=f"collection-name-{key}", max_chars=200
    )
    mark = st.text_input(
        text("collections.label"),
        value=label,
        key=f"collection-label-{key}",
        max_chars=_LABEL_CHARS,
        placeholder=text("collections.label_hint"),
    )
    st.caption(text("collections.label_text"))
    return CollectionChangeIn(name=given, label=mark)


def _create(api: AssistantClient, acting: Acting) -> None:
    asked = _fields("", "", "new")
    st.write(text("collections.create_text"))
    acts.finish(
        text("collections.create_confirm"),
        act=partial(api.create_collection, asked, tenant_id=acting.tenant_id),
        done=text("collections.create_done", name=asked.name or ""),
        is_possible=bool((asked.name or "").strip()),
    )


def _change(api: AssistantClient, acting: Acting, collection: CollectionDetail) -> None:
    asked = _fields(collection.name, collection.label, collection.id)
    is_same = (asked.name, asked.label) == (collection.name, collection.label)
    acts.finish(
        text("collections.save"),
        act=partial(api.change_collection, collection.id, asked, tenant_id=acting.tenant_id),
        done=text("collections.change_done", name=asked.name or ""),
        is_possible=bool((asked.name or "").strip()) and not is_same,
    )


def _delete(api: AssistantClient, acting: Acting, collection: CollectionDetail) -> None:
    acts.confirm(
        text("collections.delete_text", name=collection.name),
        text("collections.delete_undo"),
        button=text("collections.delete_confirm"),
        act=partial(api.delete_collection, collection.id, tenant_id=acting.tenant_id),
        done=text("collections.delete_done", name=collection.name),
    )


def _share(
    api: AssistantClient, acting: Acting, collection: CollectionDetail, names: _Names
) -> None:
    asked = _asked(collection, names)
    wanted = collection.model_copy(
        update={
            "audience": asked.audience,
            "groups": asked.groups if asked.groups is not None else collection.groups,
            "tenants": asked.tenants if asked.tenants is not None else collection.tenants,
        }
    )
    sentence = readers_sentence(wanted, acting.name, groups=names.groups, tenants=names.tenants)
    acts.confirm(
        text("collections.share_effect", readers=sentence),
        text("collections.share_undo"),
        button=text("collections.share_confirm"),
        act=partial(api.change_collection, collection.id, asked, tenant_id=acting.tenant_id),
        done=text("collections.share_done", name=collection.name),
        is_possible=wanted != collection,
    )


def _asked(collection: CollectionDetail, names: _Names) -> CollectionChangeIn:
    """What the controls say: the audience, and the groups or organisations that it needs."""
    offered: list[AudienceName] = [
        each
        for each in _AUDIENCES
        if each != "tenants" or names.tenants or collection.audience == "tenants"
    ]
    audience: AudienceName = st.radio(
        text("collections.audience"),
        offered,
        index=offered.index(collection.audience),
        format_func=lambda each: text(f"audience.{each}"),
        captions=[text(f"audience.{each}_help") for each in offered],
        key=f"audience-{collection.id}",
    )
    groups = tenants = None
    if audience == "groups":
        groups = _picked("groups", names.groups, collection.groups, key=collection.id)
        if not names.groups:
            st.info(text("collections.no_group"))
    if audience == "tenants" and names.tenants:
        tenants = _picked("tenants", names.tenants, collection.tenants, key=collection.id)
    return CollectionChangeIn(audience=audience, groups=groups, tenants=tenants)


def _picked(kind: str, names: Mapping[str, str], before: Sequence[str], *, key: str) -> list[str]:
    picked = st.multiselect(
        text(f"collections.pick_{kind}"),
        list(names),
        default=[each for each in before if each in names],
        format_func=lambda each: names[each],
        placeholder=text("collections.pick_hint"),
        key=f"pick-{kind}-{key}",
    )
    # Archived organisations are not listed; they stay in the list of who reads.
    return sorted([*picked, *(each for each in before if each not in names)])
