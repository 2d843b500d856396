"""Evaluations under their question set: how far each is, what it found in one figure, its results."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.evaluations import EvaluationOut
from ui import fragments
from ui.failures import attempt
from ui.markup import escape, plain
from ui.messages import duration, moment_label, number, percent, text

ACTIVE = frozenset({"queued", "running"})
"""States of an evaluation that has not ended."""
PARAM = "e"
"""In the address: the evaluation that is shown."""


def show_line(api: AssistantClient, run: EvaluationOut) -> None:
    """An evaluation in a line, followed while it lasts, with the way to its results."""
    if run.state in ACTIVE:
        follow(api, run, draw=partial(show_progress, api, has_way=True))
        return
    with st.container(key=f"run-{run.id}", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="job-line {run.state}">{escape(told(run))}</p>')
        _way_to_results(run, "results")


def follow(
    api: AssistantClient, run: EvaluationOut, *, draw: Callable[[EvaluationOut], None]
) -> None:
    """Draw an evaluation that has not ended again and again; the whole page at its end.

    Args:
        api: Speaks for the person.
        run: As it is now.
        draw: Draws it as it has become.
    """
    fragments.follow(
        lambda: api.get_evaluation(run.id, limit=1).evaluation,
        seen=run,
        is_working=lambda each: each.state in ACTIVE,
        draw=draw,
    )


def show_progress(api: AssistantClient, run: EvaluationOut, *, has_way: bool) -> None:
    """How far an evaluation is, with the button that stops it.

    Args:
        api: Speaks for the person.
        run: The evaluation.
        has_way: Shows the button to its results.
    """
    with st.container(key=f"run-{run.id}", horizontal=True, vertical_alignment="center"):
        st.progress(run.done / run.total if run.total else 0.0, text=plain(progress_line(run)))
        if has_way:
            _way_to_results(run, "follow")
        st.button(
            text("question_sets.cancel"),
            key=f"cancel-{run.id}",
            on_click=attempt,
            args=(api.cancel_evaluation, run.id),
        )


def _way_to_results(run: EvaluationOut, word: str) -> None:
    spoken = text("question_sets.results_label", date=started(run))
    st.button(
        text(f"question_sets.{word}"),
        key=f"results-{run.id}",
        help=plain(spoken),
        on_click=_open_results,
        args=(run.id,),
    )


def _open_results(run_id: str) -> None:
    st.query_params[PARAM] = run_id
    fragments.want_page()


def told(run: EvaluationOut) -> str:
    """When it ran, how it ended, and the share of right sources cited."""
    words = [text("question_sets.run", date=started(run), state=text(f"run.{run.state}"))]
    if run.state != "succeeded":
        words.append(progress_line(run))
    cited = run.summary.cited
    if cited.value is not None:
        words.append(f"{text('measure.cited')} : {percent(cited.value)}")
    return " · ".join(words)


def progress_line(run: EvaluationOut) -> str:
    """Questions done, and time left as far as it is known."""
    words = [text("question_sets.progress", done=number(run.done), total=number(run.total))]
    if run.state == "queued":
        words.append(text("run.queued"))
    if run.left_s is not None:
        words.append(text("question_sets.left", left=duration(run.left_s)))
    return " · ".join(words)


def started(run: EvaluationOut) -> str:
    """When it was asked for, by the reader's clock."""
    return moment_label(run.created_at, zone=st.context.timezone)
