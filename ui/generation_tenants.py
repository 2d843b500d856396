"""Which organisations search which generation: told on the page, and chosen in its dialogs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.generations import GenerationOut, GenerationsOut, TrialOut
from ui import acts
from ui.markup import plain
from ui.messages import counted, moment_label, text

_WORST = ("failed", "unsure", "passed")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person sees while it decides: an act that would do something else is refused."""

    made: GenerationOut
    """What the dialog is about."""
    found: GenerationsOut

    @property
    def active_id(self) -> str | None:
        """Id of the generation that is in service."""
        return next((each.id for each in self.found.generations if each.state == "active"), None)


def searched_by(made: GenerationOut, zone: str | None) -> list[str]:
    """Who searches a generation while the others search the active one, and since when."""
    told: list[str] = []
    for each in made.tenants:
        since = moment_label(each.since, zone=zone)
        told.append(text("generations.searched_by", tenant=each.name, moment=since))
        if each.overruled:
            told.append(text("generations.overruled", reason=each.overruled))
    return told


def confirm_switch(api: AssistantClient, of: Shown) -> None:
    """For whom, and why: a switch that the evaluation does not allow by itself wants a reason."""
    made = of.made
    picked = _pick(_names(api, apart_from=made))
    key = "switch_text" if picked is None else "switch_some_text"
    st.write(plain(text(f"generations.{key}", number=made.number)))
    reason = ""
    verdict = verdict_for(made.trial, picked)
    if verdict != "passed" and picked != []:
        st.warning(plain(text(f"generations.verdict_{verdict}")))
        reason = st.text_area(text("generations.reason"), key="switch-reason", max_chars=500) or ""
    acts.finish(
        text("generations.switch_confirm"),
        act=partial(api.switch_generation, made.id, reason=reason, tenants=picked),
        done=_done(made, picked, key="switch_done"),
        is_possible=picked != [] and (verdict == "passed" or bool(reason.strip())),
    )


def confirm_rollback(api: AssistantClient, of: Shown) -> None:
    """All go back to the previous generation, or some of those that search the active one."""
    made = of.made
    chosen = {each.id for other in of.found.generations for each in other.tenants}
    names = {id_: name for id_, name in _names(api).items() if id_ not in chosen}
    picked = _pick(names)
    key = "rollback_text" if picked is None else "rollback_some_text"
    acts.confirm(
        text(f"generations.{key}", number=made.number),
        button=text("generations.rollback_confirm"),
        act=partial(api.roll_back_generation, tenants=picked, from_id=of.active_id, to_id=made.id),
        done=_done(made, picked, key="rollback_done"),
        is_possible=picked != [],
    )


def confirm_release(api: AssistantClient, of: Shown) -> None:
    """Organisations that search it search the active generation again."""
    made = of.made
    names = {each.id: each.name for each in made.tenants}
    picked = _choose(names, default=list(names))
    acts.confirm(
        text("generations.release_text"),
        button=text("generations.release_confirm"),
        act=partial(api.roll_back_generation, tenants=picked, from_id=made.id, to_id=of.active_id),
        done=counted("generations.release_done", len(picked)),
        is_possible=bool(picked),
    )


def verdict_for(trial: TrialOut | None, tenants: Sequence[str] | None) -> str:
    """What an evaluation says for some organisations, for all of them with None; as the server does."""
    if trial is not None and trial.verdict == "unmeasured":
        return trial.verdict
    sets = trial.sets if trial is not None else []
    found = {each.verdict for each in sets if tenants is None or each.tenant_id in tenants}
    return next((each for each in _WORST if each in found), "no_questions")


def _names(api: AssistantClient, apart_from: GenerationOut | None = None) -> dict[str, str]:
    has_it = {each.id for each in apart_from.tenants} if apart_from else set[str]()
    return {each.id: each.name for each in api.list_tenants() if each.id not in has_it}


def _pick(names: dict[str, str]) -> list[str] | None:
    """The organisations that are meant; None for all."""
    labels = {False: text("generations.for_all"), True: text("generations.for_some")}
    is_some = st.radio(
        text("generations.for_whom"),
        list(labels),
        format_func=lambda each: labels[each],
        key="for-some",
    )
    return _choose(names, default=[]) if is_some else None


def _choose(names: dict[str, str], *, default: list[str]) -> list[str]:
    return st.multiselect(
        text("generations.tenants"),
        list(names),
        default=default,
        format_func=lambda each: names[each],
        placeholder=text("generations.tenants_none"),
        key="generation-tenants",
    )


def _done(made: GenerationOut, picked: Sequence[str] | None, *, key: str) -> str:
    if picked is None:
        return text(f"generations.{key}", number=made.number)
    return counted("generations.some_done", len(picked))
