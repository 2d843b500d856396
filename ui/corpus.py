"""The part of the health page about the documents of an organisation: findings, and questions without answer."""

from __future__ import annotations

from collections import Counter
from datetime import date

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.corpus_health import CorpusHealthOut, HealthFindingOut, HealthItemOut
from ui.document_rows import page_url
from ui.markup import escape, plain
from ui.messages import counted, date_label, number, text

_DAYS = (30, 90, 180, 365)
_NAMED = 20


def show(api: AssistantClient) -> None:
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
        _finding(finding)
    _counting(report)
    _gaps(api, report)


def _finding(finding: HealthFindingOut) -> None:
    label = f"{text(f'corpus_finding.{finding.code}')} ({number(finding.count)})"
    with st.expander(plain(label), key=f"corpus-{finding.code}"):
        st.write(plain(finding.detail))
        st.write(plain(finding.remedy))
        rows = "".join(map(_row, finding.items))
        st.html(f'<table class="plain"><tbody>{rows}</tbody></table>')
        if finding.count > len(finding.items):
            st.caption(plain(text("corpus.first", count=number(len(finding.items)))))


def _row(item: HealthItemOut) -> str:
    about = item.reason or item.note
    url = escape(page_url(item.document_id))
    title = escape(item.title or item.name)
    return (
        f'<tr><td><a href="{url}">{title}</a>'
        f'<br><span class="meta">{escape(item.name)}</span></td><td>{escape(about)}</td></tr>'
    )


def _counting(report: CorpusHealthOut) -> None:
    since = report.counted_since
    told = text("corpus.uncounted") if since is None else text("corpus.since", day=_day(since))
    st.caption(plain(told))


def _gaps(api: AssistantClient, report: CorpusHealthOut) -> None:
    st.subheader(text("corpus.gaps_title"), anchor=False)
    st.write(text("corpus.gaps_lead"))
    if not report.gaps:
        st.caption(text("corpus.no_gaps"))
        return
    st.html(_plot(report))
    names = {each.id: each.name for each in api.list_owned_collections()}
    sums: Counter[tuple[str, str]] = Counter()
    for gap in report.gaps:
        sums[gap.collection_id, gap.kind] += gap.amount
    rows = "".join(
        f"<tr><td>{escape(_place(names, collection))}</td><td>{escape(_kind(kind))}</td>"
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


def _place(names: dict[str, str], collection_id: str) -> str:
    return names.get(collection_id, text("corpus.elsewhere"))


def _kind(kind: str) -> str:
    return text(f"kind.{kind}") if kind else "–"


def _day(day: date) -> str:
    return date_label(day)
