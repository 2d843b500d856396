"""The report of an evaluation of a generation: figures by question set, and what they say of a switch."""

from __future__ import annotations

import streamlit as st

from assistant.schemas.generations import MeasureChangeOut, SetTrialOut, TrialOut
from ui.markup import escape, plain
from ui.messages import counted, number, text


def show(trial: TrialOut) -> None:
    """How far the evaluation is, or what it found."""
    if trial.verdict is None:
        done = min(1.0, trial.asked / trial.total) if trial.total else 0.0
        told = text("generations.asked", asked=number(trial.asked), total=number(trial.total))
        st.progress(done, text=plain(told))
        return
    verdict = text(f"generations.verdict_{trial.verdict}")
    (st.success if trial.allows_switch else st.warning)(plain(verdict))
    with st.expander(text("generations.report", against=trial.against), key="generation-report"):
        st.html(table(trial))


def table(trial: TrialOut) -> str:
    """A line for each question set of each organisation."""
    measures = ("found_1", "passage_5", "rank_10")
    head = [text("generations.set"), *(text(f"generations.measure_{name}") for name in measures)]
    titles = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    rows = "".join(_row(each, measures) for each in trial.sets)
    return f'<table class="plain"><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>'


def _row(outcome: SetTrialOut, measures: tuple[str, ...]) -> str:
    named = {change.measure: change for change in outcome.changes}
    cells = [counted("generations.questions", outcome.questions)]
    cells += [_cell(named[name]) if name in named else "–" for name in measures]
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _cell(change: MeasureChangeOut) -> str:
    words = text("generations.change", before=_percent(change.before), after=_percent(change.after))
    if change.is_lost:
        return f"{words} ({text('generations.lost')})"
    return f"{words} ({text('generations.unsure')})" if change.is_unsure else words


def _percent(share: float) -> str:
    return number(round(100 * share, 1))
