"""The forms of a source: where it is, who may read it there, what is taken of it, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import get_args

import streamlit as st
from pydantic import SecretStr

from assistant.client import AssistantClient, ClientError
from assistant.schemas.service import MeOut
from assistant.schemas.sources import (
    RhythmName,
    ScheduleModel,
    SourceChangeIn,
    SourceIn,
    SourceKindName,
    SourceOut,
    SourceTestIn,
)
from ui import acts
from ui.markup import plain
from ui.messages import text

_KINDS: tuple[SourceKindName, ...] = ("folder", "webdav", "push")
_RHYTHMS: tuple[RhythmName, ...] = get_args(RhythmName)
_PERCENT = 20


@dataclass(frozen=True)
class _Place:
    address: str = ""
    user: str = ""
    password: str = ""

    @property
    def secret(self) -> SecretStr | None:
        return SecretStr(self.password) if self.password else None


def add(api: AssistantClient, me: MeOut) -> None:
    """The form of a new source; a plan of it is asked for at once."""
    kind: SourceKindName = st.radio(
        text("sources.kind"),
        _KINDS,
        format_func=lambda each: text(f"sources.kind_{each}"),
        captions=[text(f"sources.kind_{each}_help") for each in _KINDS],
        key="source-kind",
    )
    name = _name("", key="new")
    place = _place(api, kind, None, key="new")
    collection_id = _collection(api, me)
    schedule, include, exclude, percent = _rest(kind, None, key="new")
    _test(api, kind, place, source_id=None, key="new")

    def make() -> None:
        made = api.add_source(
            SourceIn(
                kind=kind,
                name=name,
                collection_id=collection_id,
                address=place.address,
                user=place.user,
                password=place.secret,
                include=include,
                exclude=exclude,
                schedule=schedule,
                removal_percent=percent,
            )
        )
        if kind != "push":
            api.plan_source(made.id)

    acts.finish(
        text("sources.add_confirm" if kind != "push" else "sources.add_push_confirm"),
        act=make,
        done=text(
            "sources.add_done" if kind != "push" else "sources.add_push_done", name=name.strip()
        ),
        is_possible=bool(name.strip()) and _is_told(kind, place, has_password=False),
    )


def change(api: AssistantClient, source: SourceOut) -> None:
    """The form of a known source; an empty password keeps the one that is kept."""
    name = _name(source.name, key=source.id)
    place = _place(api, source.kind, source, key=source.id)
    schedule, include, exclude, percent = _rest(source.kind, source, key=source.id)
    _test(api, source.kind, place, source_id=source.id, key=source.id)

    def save() -> None:
        api.change_source(
            source.id,
            SourceChangeIn(
                name=name,
                address=place.address,
                user=place.user,
                password=place.secret,
                include=include,
                exclude=exclude,
                schedule=schedule,
                removal_percent=percent,
            ),
        )

    acts.finish(
        text("sources.change_confirm"),
        act=save,
        done=text("sources.change_done", name=name.strip()),
        is_possible=bool(name.strip())
        and _is_told(source.kind, place, has_password=source.has_password),
    )


def _name(name: str, *, key: str) -> str:
    return st.text_input(
        text("sources.name"),
        value=name,
        max_chars=200,
        placeholder=text("sources.name_hint"),
        key=f"source-name-{key}",
    )


def _place(
    api: AssistantClient, kind: SourceKindName, source: SourceOut | None, *, key: str
) -> _Place:
    if kind == "folder":
        return _Place(_folder(api, source, key=key))
    if kind == "webdav":
        return _webdav(api, source, key=key)
    return _Place()


def _folder(api: AssistantClient, source: SourceOut | None, *, key: str) -> str:
    roots = api.source_places().folders
    if not roots:
        st.warning(text("sources.no_folder"))
        return ""
    address = source.address if source else roots[0]
    root = next((each for each in roots if address.startswith(each)), roots[0])
    chosen = st.selectbox(
        text("sources.root"), roots, index=roots.index(root), key=f"source-root-{key}"
    )
    below = st.text_input(
        text("sources.below"),
        value=address.removeprefix(root).strip("/"),
        placeholder=text("sources.below_hint"),
        key=f"source-below-{key}",
    )
    return f"{chosen.rstrip('/')}/{below.strip().strip('/')}".rstrip("/") or "/"


def _webdav(api: AssistantClient, source: SourceOut | None, *, key: str) -> _Place:
    hosts = api.source_places().webdav_hosts
    if not hosts:
        st.warning(text("sources.no_host"))
    address = st.text_input(
        text("sources.address"),
        value=source.address if source else "",
        placeholder=text("sources.address_hint"),
        key=f"source-address-{key}",
    )
    if hosts:
        st.caption(plain(text("sources.hosts", hosts=", ".join(hosts))))
    user = st.text_input(
        text("sources.user"), value=source.user if source else "", key=f"source-user-{key}"
    )
    password = st.text_input(
        text("sources.password"),
        type="password",
        placeholder=text("sources.password_kept") if source and source.has_password else "",
        autocomplete="new-password",
        key=f"source-password-{key}",
    )
    st.caption(text("sources.password_help"))
    return _Place(address.strip(), user.strip(), password)


def _is_told(kind: SourceKindName, place: _Place, *, has_password: bool) -> bool:
    if kind == "webdav":
        return bool(place.address and place.user and (place.password or has_password))
    return bool(place.address) or kind == "push"


def _collection(api: AssistantClient, me: MeOut) -> str | None:
    owned = api.list_owned_collections(tenant_id=me.tenant.id if me.tenant else None)
    names = {each.id: each.name for each in owned}
    if not names:
        return None
    return st.selectbox(
        text("sources.collection"),
        list(names),
        format_func=lambda each: names[each],
        help=text("sources.collection_help"),
        key="source-collection",
    )


def _rest(
    kind: SourceKindName, source: SourceOut | None, *, key: str
) -> tuple[ScheduleModel, list[str], list[str], int]:
    """Schedule, patterns and share of removals; a program's pushes need none of them."""
    if kind == "push":
        return ScheduleModel(), [], [], _PERCENT
    schedule = _schedule(source.schedule if source else ScheduleModel(rhythm="daily"), key=key)
    with st.expander(text("sources.more_options"), key=f"source-options-{key}"):
        include = _patterns("include", source.include if source else [], key=key)
        exclude = _patterns("exclude", source.exclude if source else [], key=key)
        percent = st.number_input(
            text("sources.percent"),
            min_value=0,
            max_value=100,
            value=source.removal_percent if source else _PERCENT,
            help=text("sources.percent_help"),
            key=f"source-percent-{key}",
        )
    return schedule, include, exclude, int(percent)


def _schedule(before: ScheduleModel, *, key: str) -> ScheduleModel:
    rhythm: RhythmName = st.selectbox(
        text("sources.rhythm"),
        _RHYTHMS,
        index=_RHYTHMS.index(before.rhythm),
        format_func=lambda each: text(f"sources.choice_{each}"),
        key=f"source-rhythm-{key}",
    )
    at, weekday = time.fromisoformat(before.at), before.weekday
    if rhythm == "weekly":
        weekday = st.selectbox(
            text("sources.weekday"),
            range(7),
            index=weekday,
            format_func=lambda each: text(f"sources.day_{each}"),
            key=f"source-weekday-{key}",
        )
    if rhythm in {"daily", "weekly"}:
        at = st.time_input(text("sources.at"), value=at, step=900, key=f"source-at-{key}")
    return ScheduleModel(rhythm=rhythm, at=f"{at:%H:%M}", weekday=weekday)


def _patterns(name: str, before: list[str], *, key: str) -> list[str]:
    written = st.text_area(
        text(f"sources.{name}"),
        value="\n".join(before),
        placeholder=text(f"sources.{name}_hint"),
        key=f"source-{name}-{key}",
    )
    return [line.strip() for line in (written or "").splitlines() if line.strip()]


def _test(
    api: AssistantClient,
    kind: SourceKindName,
    place: _Place,
    *,
    source_id: str | None,
    key: str,
) -> None:
    if kind == "push":
        return
    is_told = _is_told(kind, place, has_password=source_id is not None)
    if not st.button(text("sources.test"), key=f"source-test-{key}", disabled=not is_told):
        return
    asked = SourceTestIn(
        kind=kind,
        address=place.address,
        user=place.user,
        password=place.secret,
        source_id=source_id,
    )
    try:
        tested = api.test_source(asked)
    except ClientError as error:
        st.error(plain(error.problem.detail))
        return
    names = ", ".join(tested.names)
    st.success(
        plain(text("sources.tested", names=names) if names else text("sources.tested_empty"))
    )
