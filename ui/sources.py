"""The sources page: where documents come from, what a look at each found, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.service import MeOut
from assistant.schemas.sources import ScheduleModel, SourceOut, SourceRunOut
from ui import acts, dialogs, fragments, source_erasures, source_form, source_runs
from ui.failures import attempt
from ui.markup import plain
from ui.messages import moment_label, text

_BUSY = frozenset({"queued", "running"})


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who are not administrators are told so."""
    st.title(text("sources.title"), anchor=False)
    if not me.is_admin:
        st.warning(text("acts.forbidden"))
        return
    st.write(text("sources.lead"))
    acts.show_notice()
    acts.ask_button(
        text("sources.add"), "source-add", spoken=text("sources.add_help"), is_main=True
    )
    sources = api.list_sources()
    _dialog(api, me, sources)
    if not sources:
        st.info(text("sources.empty"))
        return
    draw = partial(_cards, api, me)
    fragments.follow(api.list_sources, seen=sources, is_working=_is_working, draw=draw)


def _is_working(sources: Sequence[SourceOut]) -> bool:
    return any(each.open_run and each.open_run.state in _BUSY for each in sources)


def _ask_button(action: str, source: SourceOut) -> None:
    """A button of a card that opens a dialog."""
    words = _words(action, source.open_run)
    st.button(
        text(f"sources.{action}"),
        key=f"ask-source-{action}-{source.id}",
        help=plain(text(f"sources.{words}_help", name=source.name)),
        on_click=dialogs.ask_for,
        args=(f"source-{action}", source.id),
    )


def _cards(api: AssistantClient, me: MeOut, sources: Sequence[SourceOut]) -> None:
    zone = me.tenant.time_zone if me.tenant else None
    for each in sources:
        with st.container(key=f"source-{each.id}", border=True):
            acts.line(
                each.name,
                place_line(each),
                schedule_line(each, zone=zone),
                badge=_badge(each),
                badge_kind="suspended" if _waits(each) else "plain",
            )
            if each.open_run is not None:
                _open(api, each)
            elif each.last_run is not None:
                source_runs.show(each.last_run, zone=zone, key=each.id)
            elif each.kind != "push":
                st.caption(text("sources.never"))
            source_erasures.show(api, each, zone=zone)
            _actions(api, each)


def place_line(source: SourceOut) -> str:
    """What kind of source it is, and where."""
    return text(f"sources.place_{source.kind}", address=source.address, user=source.user)


def schedule_line(source: SourceOut, *, zone: str | None) -> str:
    """When it is looked at by itself, and when next."""
    if source.kind == "push":
        return ""
    said = rhythm_line(source.schedule)
    if source.next_run_at is None:
        return said
    moment = moment_label(source.next_run_at, zone=zone)
    return f"{said} {text('sources.next', moment=moment)}"


def rhythm_line(schedule: ScheduleModel) -> str:
    """How often, in a sentence."""
    hour, minute = schedule.at.split(":")
    day = text(f"sources.day_{schedule.weekday}")
    return text(f"sources.rhythm_{schedule.rhythm}", hour=int(hour), minute=minute, day=day)


def _badge(source: SourceOut) -> str:
    return text(f"sources.state_{source.open_run.state}") if source.open_run else ""


def _waits(source: SourceOut) -> bool:
    return source.open_run is not None and source.open_run.state == "awaiting_approval"


def _open(api: AssistantClient, source: SourceOut) -> None:
    run = source.open_run
    if run is None:
        return
    if run.state != "awaiting_approval":
        st.caption(text(f"sources.busy_{run.kind}"))
        st.button(
            text("sources.cancel"),
            key=f"cancel-{source.id}",
            help=plain(text("sources.cancel_help", name=source.name)),
            on_click=attempt,
            args=(partial(api.cancel_source_run, run_id=run.id), source.id),
        )
        return
    removed = run.counts.get("removed", 0)
    waits = text("sources.waits", count=removed, percent=source.removal_percent)
    alike = text("sources.waits_alike", done=source_runs.summary(run))
    st.warning(plain(alike if _is_alike(run) else waits))
    source_runs.show_names(run, key=source.id)
    with st.container(key=f"decide-{source.id}", horizontal=True):
        for action in ("approve", "refuse"):
            _ask_button(action, source)


def _actions(api: AssistantClient, source: SourceOut) -> None:
    is_busy = source.open_run is not None and source.open_run.state in _BUSY
    with st.container(key=f"actions-{source.id}", horizontal=True):
        if source.kind != "push":
            for action, call in (("plan", api.plan_source), ("sync", api.sync_source)):
                st.button(
                    text(f"sources.{action}"),
                    key=f"{action}-{source.id}",
                    help=plain(text(f"sources.{action}_help", name=source.name)),
                    disabled=is_busy,
                    on_click=attempt,
                    args=(call, source.id),
                )
        for action in ("change", "remove"):
            _ask_button(action, source)


def _dialog(api: AssistantClient, me: MeOut, sources: Sequence[SourceOut]) -> None:
    match dialogs.requested():
        case ("source-add",):
            draw = partial(source_form.add, api, me)
            dialogs.show(text("sources.add"), draw, is_wide=True)
        case (
            "source-change" | "source-remove" | "source-approve" | "source-refuse" as name,
            source_id,
        ):
            found = next((each for each in sources if each.id == source_id), None)
            if found is None:
                return
            action = name.removeprefix("source-")
            draw = {
                "change": partial(source_form.change, api, found),
                "remove": partial(_remove, api, found),
                "approve": partial(_decide, api, found, is_approved=True),
                "refuse": partial(_decide, api, found, is_approved=False),
            }[action]
            title = text(f"sources.{_words(action, found.open_run)}_title")
            dialogs.show(title, draw, is_wide=action == "change")
        case _:
            return


def _remove(api: AssistantClient, source: SourceOut) -> None:
    st.write(plain(text("sources.remove_text", name=source.name)))
    choice = st.radio(
        text("sources.remove_documents"),
        ["keep", "delete"],
        format_func=lambda each: text(f"sources.remove_{each}"),
        captions=[text(f"sources.remove_{each}_help") for each in ("keep", "delete")],
        key=f"remove-documents-{source.id}",
    )
    acts.finish(
        text("sources.remove_confirm"),
        act=partial(api.remove_source, source.id, keeps_documents=choice == "keep"),
        done=text("sources.remove_done", name=source.name),
    )


def _decide(api: AssistantClient, source: SourceOut, *, is_approved: bool) -> None:
    run = source.open_run
    if run is None or run.state != "awaiting_approval":
        st.write(text("sources.decided_already"))
        return
    words = _words("approve" if is_approved else "refuse", run)
    removed, done = run.counts.get("removed", 0), source_runs.summary(run)
    acts.confirm(
        text(f"sources.{words}_text", count=removed, name=source.name, done=done),
        button=text(f"sources.{words}_confirm"),
        act=partial(api.decide_source_run, source.id, run.id, is_approved=is_approved),
        done=text(f"sources.{words}_done", name=source.name),
    )


def _words(action: str, run: SourceRunOut | None) -> str:
    """What the texts of an act begin with: a decision is on removals or on one content for many files."""
    is_alike = action in {"approve", "refuse"} and run is not None and _is_alike(run)
    return f"{action}_alike" if is_alike else action


def _is_alike(run: SourceRunOut) -> bool:
    """True when a run waits since many changed files have one content, not for removals."""
    return any(fault.code == "files_alike" for fault in run.faults)
