"""Two evaluations of one question set side by side: what got better or worse, and whether by chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb
from typing import NamedTuple

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.evaluations import EvaluationOut, EvaluationRowOut, VerdictOut
from ui import runs
from ui.markup import escape, plain
from ui.messages import counted, text

_RIGHT: frozenset[VerdictOut] = frozenset({"right", "refused_rightly"})
_OTHERS = 40
_ROWS = 1000
"""Questions in one call of the API, which takes no more."""
_CHANCE = 0.05


class Change(NamedTuple):
    """A question that was right in one evaluation and not in the other."""

    line: int
    question: str
    before: VerdictOut
    now: VerdictOut

    @property
    def is_better(self) -> bool:
        """True when it has become right."""
        return self.now in _RIGHT


def show(api: AssistantClient, run: EvaluationOut) -> None:
    """Offer the other ended evaluations of the set, and compare with the chosen one."""
    found = api.list_evaluations(question_set_id=run.question_set.id, limit=_OTHERS)
    others = {each.id: each for each in found if each.id != run.id and each.done == each.total}
    if not others:
        return
    chosen = st.selectbox(
        text("comparison.with"),
        ["", *others],
        format_func=lambda each: _label(others[each]) if each else text("comparison.nothing"),
        key=f"compare-{run.id}",
    )
    if not chosen:
        return
    changes = list(changed(rows_of(api, others[chosen]), rows_of(api, run)))
    better = sum(each.is_better for each in changes)
    worse = len(changes) - better
    st.write(plain(_said(better, worse)))
    if changes:
        st.html(_table_html(changes))


def rows_of(api: AssistantClient, run: EvaluationOut) -> list[EvaluationRowOut]:
    """All questions of an evaluation with their results."""
    found: list[EvaluationRowOut] = []
    while len(found) < run.total:
        page = api.get_evaluation(run.id, limit=_ROWS, offset=len(found)).rows
        if not page:
            break
        found += page
    return found


def changed(
    before: Sequence[EvaluationRowOut], now: Sequence[EvaluationRowOut]
) -> Iterator[Change]:
    """The questions that are right in only one of two evaluations of a set, in order."""
    for old, new in zip(before, now, strict=False):
        if old.result is None or new.result is None:
            continue
        verdicts = old.result.verdict, new.result.verdict
        if (verdicts[0] in _RIGHT) != (verdicts[1] in _RIGHT):
            yield Change(new.expected.line, new.expected.question, *verdicts)


def may_be_chance(better: int, worse: int) -> bool:
    """True when a fair coin gives so uneven a split one time in twenty at least (exact sign test)."""
    tossed, fewer = better + worse, min(better, worse)
    tail = sum(comb(tossed, heads) for heads in range(fewer + 1))
    return min(1.0, 2 * tail / 2**tossed) >= _CHANCE


def _label(run: EvaluationOut) -> str:
    words = [runs.started(run), run.program or "", run.model or text("evaluation.no_model")]
    return " · ".join(word for word in words if word)


def _said(better: int, worse: int) -> str:
    if not better and not worse:
        return text("comparison.same")
    words = [counted("comparison.better", better), counted("comparison.worse", worse)]
    chance = "comparison.chance" if may_be_chance(better, worse) else "comparison.no_chance"
    return f"{', '.join(words)}. {text(chance)}"


def _table_html(changes: Sequence[Change]) -> str:
    titles = "".join(
        f'<th scope="col">{escape(text(f"comparison.{name}"))}</th>'
        for name in ("question", "before", "now")
    )
    rows = "".join(
        f"<tr><td>{escape(each.question)}</td><td>{_verdict(each.before)}</td>"
        f"<td>{_verdict(each.now)}</td></tr>"
        for each in sorted(changes, key=lambda each: (each.is_better, each.line))
    )
    return f'<table class="plain"><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>'


def _verdict(verdict: VerdictOut) -> str:
    return f'<span class="verdict {verdict}">{escape(text(f"outcome.{verdict}"))}</span>'
