"""The part of the health page about the documents of an organisation: findings, and questions without answer."""

from __future__ import annotations

from collections import Counter
from datetime import date

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.corpus_health import CorpusHealthOut, HealthFindingOut, HealthItemOut
from ui import corpus_acts, kept_questions
from ui.document_rows import page_url
from ui.markup import escape, plain
from ui.messages import counted, date_label, number, text

_DAYS = (30, 90, 180, 365)
_NAMED = 10
_COPIES = "same_content"


def show(api: AssistantClient, *, zone: str | None) -> None:
    """What to look after, with what to do about each, and the questions that nothing answered."""
    st.subheader(text("corpus.title"), anchor=False)
    days = st.selectbox(
        text("corpus.days"),
        _DAYS,
        index=1,
        format_func=lambda each: counted("corpus.day", each),
        key="corpus-days",
    )
    report = api.corpus_health(days=days, limit=_NAMED)
    found = [finding for finding in report.findings if finding.count]
    st.caption(plain(counted("corpus.documents", report.documents)))
    if not found:
        st.success(plain(text("corpus.nothing")))
    for finding in found:
        _finding(api, finding)
    corpus_acts.dialog(api)
    _counting(report)
    _gaps(api, report, zone=zone)


def _finding(api: AssistantClient, finding: HealthFindingOut) -> None:
    label = f"{text(f'corpus_finding.{finding.code}')} ({number(finding.count)})"
    with st.expander(plain(label), key=f"corpus-{finding.code}"):
        st.write(plain(finding.detail))
        st.write(plain(finding.remedy))
        for place, item in enumerate(finding.items):
            st.html(_line(item, is_copy=finding.code == _COPIES))
            with st.container(key=f"corpus-{finding.code}-{place}", horizontal=True):
                corpus_acts.buttons(api, finding, item=item, place=place)
        if finding.count > len(finding.items):
            st.caption(plain(text("corpus.first", count=number(len(finding.items)))))


def _line(item: HealthItemOut, *, is_copy: bool) -> str:
    """A document; what copies share is a hash, which tells nobody anything."""
    told = "" if is_copy else item.reason or item.note
    about = " · ".join(each for each in (item.name, told) if each)
    url = escape(page_url(item.document_id))
    title = escape(item.title or item.name)
    return f'<p class="set-name"><a href="{url}">{title}</a></p><p class="meta">{escape(about)}</p>'


def _counting(report: CorpusHealthOut) -> None:
    since = report.counted_since
    told = text("corpus.uncounted") if since is None else text("corpus.since", day=_day(since))
    st.caption(plain(told))


def _gaps(api: AssistantClient, report: CorpusHealthOut, *, zone: str | None) -> None:
    st.subheader(text("corpus.gaps_title"), anchor=False)
    st.write(text("corpus.gaps_lead"))
    names = {each.id: each.name for each in api.list_owned_collections()}
    if report.gaps:
        _counts(report, names)
    else:
        st.caption(text("corpus.no_gaps"))
    kept_questions.show(api, names, zone=zone)


def _counts(report: CorpusHealthOut, names: dict[str, str]) -> None:
    st.html(_plot(report))
    sums: Counter[tuple[str, str]] = Counter()
    for gap in report.gaps:
        sums[gap.collection_id, gap.kind] += gap.amount
    rows = "".join(
        f"<tr><td>{escape(kept_questions.place(names, collection))}</td>"
        f"<td>{escape(kept_questions.kind_of(kind))}</td>"
        f"<td>{escape(number(amount))}</td></tr>"
        for (collection, kind), amount in sums.most_common()
    )
    head = "".join(
        f'<th scope="col">{escape(text(f"corpus.{name}"))}</th>'
        for name in ("nearest", "kind", "questions")
    )
    st.html(f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>')


def _plot(report: CorpusHealthOut) -> str:
    """Questions without answer by week, as bars that a screen reader reads as a table."""
    weeks: Counter[date] = Counter()
    for gap in report.gaps:
        weeks[gap.week] += gap.amount
    most = max(weeks.values())
    rows = "".join(
        f'<tr><th scope="row">{escape(_day(week))}</th>'
        f'<td><meter min="0" max="{most}" value="{amount}"></meter> {escape(number(amount))}</td></tr>'
        for week, amount in sorted(weeks.items())
    )
    caption = escape(text("corpus.by_week"))
    return f'<table class="plain"><caption>{caption}</caption><tbody>{rows}</tbody></table>'


def _day(day: date) -> str:
    return date_label(day)
