"""Generations of the index, for the platform: foreseen, built beside each other, evaluated, switched to."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.generations import EmbedderOut, GenerationIn, GenerationOut, GenerationsOut
from assistant.schemas.service import MeOut
from ui import acts, dialogs, fragments, generation_report, generation_tenants
from ui.failures import attempt
from ui.generation_tenants import Shown
from ui.markup import plain
from ui.messages import duration, moment_label, number, text

_MEGABYTE = 1_000_000
_ENDED = frozenset({"removed", "failed", "cancelled"})
_READY = frozenset({"planned", "building", "built", "evaluated"})
_SEARCHED = frozenset({"active", "previous"})


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; people who do not administer the platform are told so."""
    st.title(text("generations.title"), anchor=False)
    if not acts.is_platform_admin(me):
        st.warning(text("generations.forbidden"))
        return
    st.write(text("generations.lead"))
    acts.show_notice()
    found = api.list_generations()
    _dialog(api, found)
    zone = me.tenant.time_zone if me.tenant else None
    draw = partial(_live, api, zone)
    fragments.follow(api.list_generations, seen=found, is_working=_is_working, draw=draw)


def _is_working(found: GenerationsOut) -> bool:
    return any(
        each.state == "building" or each.is_trial_wanted or each.is_behind
        for each in found.generations
    )


def _live(api: AssistantClient, zone: str | None, found: GenerationsOut) -> None:
    ready = [each for each in found.generations if each.state in _READY]
    for each in ready:
        _ready(api, each, zone)
    if not ready:
        _plan(api, found)
    for each in found.generations:
        if each.state in _SEARCHED:
            _searched(each, zone)
    _ended(api, found, zone)


def _plan(api: AssistantClient, found: GenerationsOut) -> None:
    """Choose a model of the settings; planning builds nothing."""
    names = {each.name: _embedder_name(each) for each in found.embedders}
    with st.container(key="generation-plan", border=True):
        st.subheader(text("generations.plan_title"), anchor=False)
        st.write(text("generations.plan_text"))
        picked = st.selectbox(
            text("generations.embedder"),
            list(names),
            format_func=lambda name: names[name],
            key="generation-embedder",
        )
        asked = _recipe(found, embedder=picked)
        st.button(
            text("generations.plan"),
            key="plan-generation",
            type="primary",
            on_click=attempt,
            args=(api.plan_generation, asked),
        )


def _recipe(found: GenerationsOut, *, embedder: str) -> GenerationIn:
    """What else the index is made of; as in the searched one until it is changed."""
    active = next((each for each in found.generations if each.state == "active"), None)
    with st.expander(text("generations.recipe"), key="generation-recipe"):
        if active is None:
            return GenerationIn(embedder=embedder)
        present = active.words
        st.write(text("generations.recipe_text"))
        k1 = st.number_input(text("generations.k1"), 0.0, 5.0, present.k1, 0.1, key="generation-k1")
        b = st.number_input(text("generations.b"), 0.0, 1.0, present.b, 0.05, key="generation-b")
        length = st.number_input(
            text("generations.length"), 10, 2000, present.length, 10, key="generation-length"
        )
        st.write(text("generations.cut_text"))
        tokens = st.number_input(
            text("generations.tokens"),
            64,
            480,
            active.chunk_tokens,
            16,
            placeholder=text("generations.tokens_as_is"),
            key="generation-tokens",
        )
    return GenerationIn(
        embedder=embedder, bm25_k1=k1, bm25_b=b, bm25_length=length, chunk_tokens=tokens
    )


def _ready(api: AssistantClient, made: GenerationOut, zone: str | None) -> None:
    """The generation that is being made ready: how far it is, and what comes next."""
    with st.container(key=f"generation-{made.number}", border=True):
        told = [*facts(made), *generation_tenants.searched_by(made, zone)]
        acts.line(_name(made), *told, badge=_state(made), badge_kind=made.state)
        if made.detail:
            st.warning(plain(made.detail))
        if made.state == "building":
            st.progress(share(made), text=plain(progress_line(made)))
        if made.trial is not None:
            generation_report.show(made.trial)
        with st.container(key=f"generation-acts-{made.number}", horizontal=True):
            _next_acts(api, made)


def _next_acts(api: AssistantClient, made: GenerationOut) -> None:
    if made.state == "planned":
        _do("build", api.build_generation, made, is_main=True)
    if made.state in {"planned", "building"}:
        _do("cancel", api.cancel_generation, made)
        return
    is_busy = made.is_trial_wanted
    _do("evaluate", api.evaluate_generation, made, is_main=made.trial is None, is_off=is_busy)
    if is_busy:
        _do("stop", api.cancel_generation, made)
    elif made.state == "evaluated" and made.trial is not None:
        _ask("switch", made, is_main=True)
    _ask_end(made)


def _searched(made: GenerationOut, zone: str | None) -> None:
    since = moment_label(made.switched_at, zone=zone) if made.switched_at else ""
    told = [text("generations.since", moment=since)] if since and made.state == "active" else []
    if made.is_behind:
        told.append(text("generations.behind"))
    if made.overruled:
        told.append(text("generations.overruled", reason=made.overruled))
    with st.container(key=f"generation-{made.number}", border=True):
        by = generation_tenants.searched_by(made, zone)
        acts.line(_name(made), " · ".join(told), *by, badge=_state(made), badge_kind=made.state)
        if made.state == "previous":
            if made.detail:
                st.warning(plain(made.detail))
            with st.container(key=f"generation-acts-{made.number}", horizontal=True):
                _ask("rollback", made)
                _ask_end(made)


def _ended(api: AssistantClient, found: GenerationsOut, zone: str | None) -> None:
    ended = [each for each in found.generations if each.state in _ENDED]
    if not ended:
        return
    may_build = not any(each.state in _READY for each in found.generations)
    with st.expander(text("generations.ended"), key="ended-generations"):
        for each in ended:
            created = moment_label(each.created_at, zone=zone)
            acts.line(
                _name(each),
                text("generations.created", moment=created),
                each.detail or "",
                badge=_state(each),
                badge_kind=each.state,
            )
            if each.state != "removed":
                with st.container(key=f"generation-acts-{each.number}", horizontal=True):
                    _do("rebuild", api.build_generation, each, is_off=not may_build)
                    _ask("remove", each)


def _do(
    act: str,
    call: object,
    made: GenerationOut,
    *,
    is_main: bool = False,
    is_off: bool = False,
) -> None:
    """A button that does its act at once: nothing that is searched changes by it."""
    st.button(
        text(f"generations.{act}"),
        key=f"{act}-{made.number}",
        type="primary" if is_main else "secondary",
        disabled=is_off,
        on_click=attempt,
        args=(call, made.id),
    )


def _ask(act: str, made: GenerationOut, *, is_main: bool = False) -> None:
    """A button that asks before it does something that people feel; the dialog is the page's."""
    st.button(
        text(f"generations.{act}"),
        key=f"ask-{act}-{made.number}",
        type="primary" if is_main else "secondary",
        on_click=dialogs.ask_for,
        args=(f"{act}-generation", made.id),
    )


def _ask_end(made: GenerationOut) -> None:
    """What some organisations search is taken from them before it can be removed."""
    _ask("release" if made.tenants else "remove", made)


def _dialog(api: AssistantClient, found: GenerationsOut) -> None:
    match dialogs.requested():
        case (
            (
                "switch-generation"
                | "rollback-generation"
                | "release-generation"
                | "remove-generation"
            ) as name,
            of,
        ):
            made = next((each for each in found.generations if each.id == of), None)
            act = name.removesuffix("-generation")
            if made is None:
                dialogs.close()
                return
            dialogs.show(
                text(f"generations.{act}"), partial(_confirm, api, act, Shown(made, found))
            )
        case _:
            return


def _confirm(api: AssistantClient, act: str, of: Shown) -> None:
    choosing = {
        "switch": generation_tenants.confirm_switch,
        "rollback": generation_tenants.confirm_rollback,
        "release": generation_tenants.confirm_release,
    }
    if act in choosing:
        choosing[act](api, of)
        return
    made = of.made
    acts.confirm(
        text("generations.remove_text", number=made.number),
        button=text("generations.remove_confirm"),
        act=partial(api.remove_generation, made.id),
        done=text("generations.remove_done", number=made.number),
    )


def facts(made: GenerationOut) -> list[str]:
    """What is foreseen, in words."""
    forecast = made.forecast
    if forecast is None:
        return []
    size = number(math.ceil((forecast.index_bytes + forecast.vector_bytes) / _MEGABYTE))
    told = [
        text(
            "generations.foreseen",
            chunks=number(forecast.chunks),
            texts=number(forecast.texts),
            size=size,
        )
    ]
    told.append(
        text(
            "generations.words",
            k1=_figure(made.words.k1),
            b=_figure(made.words.b),
            length=number(made.words.length),
        )
    )
    if forecast.texts:
        told.append(text("generations.foreseen_time", time=duration(forecast.embedding_s)))
    told += _cut_facts(made)
    if not forecast.fits:
        told.append(text("generations.too_large"))
    if made.is_behind:
        told.append(text("generations.behind"))
    return told


def _cut_facts(made: GenerationOut) -> list[str]:
    """How documents are cut, where a person chose it."""
    told: list[str] = []
    if made.chunk_tokens is not None:
        told.append(text("generations.cut", tokens=number(made.chunk_tokens)))
    if made.forecast is not None and made.forecast.to_cut:
        done, whole = number(made.cut_done), number(made.forecast.to_cut)
        told.append(text("generations.cut_done", done=done, whole=whole))
    if made.kept_as_cut:
        told.append(text("generations.kept_as_cut", count=number(made.kept_as_cut)))
    return told


def share(made: GenerationOut) -> float:
    """How far the building is, in [0, 1]: by the vectors while some are missing, then by the index."""
    forecast = made.forecast
    if forecast is None:
        return 0.0
    whole = forecast.to_cut + forecast.texts + forecast.chunks
    done = made.cut_done + made.texts_done + made.chunks_done
    return min(1.0, done / whole) if whole else 1.0


def progress_line(made: GenerationOut) -> str:
    """Vectors and passages done, and the time left while it is known."""
    forecast = made.forecast
    words = [
        text(
            "generations.progress",
            texts=number(made.texts_done),
            of_texts=number(forecast.texts if forecast else made.texts_done),
            chunks=number(made.chunks_done),
            of_chunks=number(forecast.chunks if forecast else made.chunks_done),
        )
    ]
    if made.left_s:
        words.append(text("jobs.left", left=duration(made.left_s)))
    return " · ".join(words)


def _figure(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _name(made: GenerationOut) -> str:
    return text("generations.name", number=made.number, embedder=made.embedder.id)


def _state(made: GenerationOut) -> str:
    return text(f"generations.state_{made.state}")


def _embedder_name(embedder: EmbedderOut) -> str:
    name = embedder.name or text("generations.default_embedder")
    key = "generations.embedder_active" if embedder.is_active else "generations.embedder_line"
    return text(key, name=name, id=embedder.id, dimensions=number(embedder.dimensions))
