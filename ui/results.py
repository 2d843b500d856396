"""The results of an evaluation: figures with their intervals in words, then question by question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import streamlit as st

from assistant.client import AssistantClient, ClientError
from assistant.schemas.evaluations import EvaluationOut, ShareOut, SummaryOut, VerdictOut
from ui import comparison, paging, runs
from ui.connection import is_missing
from ui.markup import escape, plain
from ui.messages import counted, duration, number, percent, text
from ui.outcomes import table_html

_LIST = "results"
_PER_PAGE = 25
_FEW = 30
"""Questions below which the figures say little."""
_BRIEF = ("cited", "document_at_1", "refused_rightly", "refused_wrongly")
_OTHERS = ("document_at_5", "passage_at_1", "passage_at_5", "quoted", "marked", "fell_back", "cut")
_FILTERS: Mapping[str, tuple[VerdictOut, ...]] = {
    "all": (),
    "wrong": (
        "wrong",
        "refused_wrongly",
        "answered_wrongly",
        "failed",
        "right_marked",
        "right_faulty",
    ),
    "right": ("right", "refused_rightly"),
    "refused": ("refused_rightly", "refused_wrongly"),
}


def is_wanted() -> bool:
    """True when the address names an evaluation."""
    return bool(st.query_params.get(runs.PARAM))


def show(api: AssistantClient) -> bool:
    """The evaluation that the address names; False, with a warning, when there is none."""
    try:
        run = api.get_evaluation(st.query_params[runs.PARAM], limit=1).evaluation
    except ClientError as error:
        if not is_missing(error):
            raise
        st.warning(text("evaluation.missing"))
        return False
    with st.container(key="results"):
        _heading(run)
        if run.state in runs.ACTIVE:
            runs.follow(api, run, draw=partial(_progress, api))
        else:
            _figures(run)
            comparison.show(api, run)
        _questions(api, run)
    return True


def _heading(run: EvaluationOut) -> None:
    if st.button(text("evaluation.back"), key="back", type="tertiary"):
        st.query_params.clear()
        paging.turn_to(_LIST, 0)
        st.rerun()
    st.title(plain(run.question_set.name), anchor=False)
    st.caption(plain(" · ".join(_facts(run))))
    if run.reason:
        tell = st.error if run.state == "failed" else st.info
        tell(plain(run.reason))


def _progress(api: AssistantClient, run: EvaluationOut) -> None:
    runs.show_progress(api, run, has_way=False)
    _figures(run)


def _facts(run: EvaluationOut) -> Iterator[str]:
    yield text("evaluation.facts", date=runs.started(run))
    yield text(f"run.{run.state}")
    if run.state not in runs.ACTIVE:
        yield runs.progress_line(run)
        yield text("evaluation.took", duration=duration(run.elapsed_s))
    if run.model is not None:
        yield (
            text("evaluation.model", model=run.model) if run.model else text("evaluation.no_model")
        )


def _figures(run: EvaluationOut) -> None:
    summary = run.summary
    st.subheader(text("evaluation.figures"), anchor=False)
    cards = "".join(figure_html(name, getattr(summary, name)) for name in _BRIEF)
    st.html(f'<div class="figures-frame"><div class="figures">{cards}</div></div>')
    if summary.failed:
        st.warning(counted("evaluation.failed", summary.failed))
    if summary.fell_back.successes:
        st.warning(counted("evaluation.fell_back", summary.fell_back.successes))
    if summary.marked.successes:
        st.warning(_marked_words(summary))
    if 0 < summary.answerable + summary.unanswerable < _FEW:
        st.caption(text("evaluation.cautious"))
    with st.expander(text("evaluation.others"), key="other-measures"):
        st.caption(text("evaluation.others_help"))
        st.html(_others_html(summary))


def _marked_words(summary: SummaryOut) -> str:
    """How many answers have marked sentences, and for what these are marked."""
    return text(
        "evaluation.marked",
        answers=counted("evaluation.marked_answers", summary.marked.successes),
        unsupported=number(summary.unsupported_sentences),
        uncited=number(summary.uncited_sentences),
    )


def figure_html(name: str, share: ShareOut) -> str:
    """A share as a card: what it is, its value, how many questions, and its interval in words."""
    label, explained = text(f"measure.{name}"), text(f"measure.{name}_help")
    return (
        f'<section class="figure" aria-label="{escape(label)}"><h3>{escape(label)}</h3>'
        f'{_value_html(share)}<p class="figure-help">{escape(explained)}</p></section>'
    )


def _value_html(share: ShareOut) -> str:
    if share.value is None or share.low is None or share.high is None:
        return f'<p class="figure-none">{escape(text("evaluation.no_case"))}</p>'
    counts = text("evaluation.count", successes=number(share.successes), total=number(share.total))
    between = text("evaluation.between", low=percent(share.low), high=percent(share.high))
    return (
        f'<p class="figure-value">{escape(percent(share.value))}</p>'
        f'<p class="figure-count">{escape(counts)}</p>{_bar_html(share.value, share.low, share.high)}'
        f'<p class="figure-between">{escape(between)}</p>'
    )


def _bar_html(value: float, low: float, high: float) -> str:
    """The interval as a band with the value on it; for the eye only, the words say the same."""
    band = f"left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"
    return (
        f'<div class="figure-bar" aria-hidden="true"><span class="band" style="{band}"></span>'
        f'<span class="point" style="left:{100 * value:.1f}%"></span></div>'
    )


def _others_html(summary: SummaryOut) -> str:
    titles = "".join(
        f'<th scope="col">{escape(text(f"outcome.column_{name}"))}</th>'
        for name in ("measure", "value", "interval")
    )
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for cells in _measures(summary)
    )
    return f'<table class="plain"><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>'


def _measures(summary: SummaryOut) -> Iterator[tuple[str, str, str]]:
    for name in (*_BRIEF, *_OTHERS):
        share: ShareOut = getattr(summary, name)
        if share.value is not None and share.low is not None and share.high is not None:
            counts = f"{percent(share.value)} ({number(share.successes)}/{number(share.total)})"
            interval = text("share.interval", low=percent(share.low), high=percent(share.high))
            yield text(f"measure.{name}"), counts, interval
    if summary.expected_words is not None:
        yield text("measure.expected_words"), percent(summary.expected_words), ""


def _questions(api: AssistantClient, run: EvaluationOut) -> None:
    with st.container(key="results-head", horizontal=True, vertical_alignment="center"):
        st.subheader(text("evaluation.questions"), anchor=False)
        if run.state in runs.ACTIVE:
            st.button(text("evaluation.refresh"), key="refresh")
        st.html(_download_html(run), width="content")
    chosen = st.segmented_control(
        text("evaluation.filter"),
        list(_FILTERS),
        default="all",
        required=True,
        key="verdicts",
        format_func=partial(_filter_label, run),
        on_change=paging.turn_to,
        args=(_LIST, 0),
    )
    _table(api, run, chosen or "all")


def _table(api: AssistantClient, run: EvaluationOut, chosen: str) -> None:
    first = paging.first_shown(_LIST)
    found = api.get_evaluation(
        run.id, limit=_PER_PAGE + 1, offset=first, verdicts=_FILTERS[chosen]
    ).rows
    if not found:
        st.info(text(f"outcome.none_{chosen}"))
        return
    shown = found[:_PER_PAGE]
    st.html(table_html(shown))
    place = text("evaluation.range", first=number(first + 1), last=number(first + len(shown)))
    paging.show_pager(_LIST, place, per_page=_PER_PAGE, has_more=len(found) > _PER_PAGE)


def _filter_label(run: EvaluationOut, name: str) -> str:
    verdicts = _FILTERS[name]
    counts = run.summary.verdicts
    total = sum(counts.get(each, 0) for each in verdicts) if verdicts else run.total
    return text(f"outcome.filter_{name}", count=number(total))


def _download_html(run: EvaluationOut) -> str:
    url = escape(f"/api/v1/evaluations/{run.id}/table")
    return f'<a class="download" href="{url}" download>{escape(text("evaluation.download"))}</a>'
