"""What an organisation used, what it costs, and what its people say of answers; for its administrators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.feedback import FeedbackCountOut, FeedbackReportOut
from assistant.schemas.tenants import TenantOut
from assistant.schemas.usage import QuotaUseOut, UsageOut, UsageRowOut
from ui.markup import escape, plain
from ui.messages import counted, date_label, moment_label, number, text, zone_of

_MONTHS_SHOWN = 12


def show(api: AssistantClient, tenant: TenantOut) -> None:
    """The use of an organisation's bounds now, then a month: cost and feedback."""
    st.subheader(text("usage.title"), anchor=False)
    st.html(_quotas_html(api.quotas(tenant_id=tenant.id), zone=tenant.time_zone))
    today = datetime.now(UTC).astimezone(zone_of(tenant.time_zone)).date()
    month = st.selectbox(
        text("usage.month"),
        last_months(today),
        format_func=month_label,
        key=f"usage-month-{tenant.id}",
    )
    _cost(api.usage(month, tenant_id=tenant.id))
    _feedback(api.feedback(month, tenant_id=tenant.id))


def last_months(today: date) -> list[str]:
    """This month and those before, as "2026-11", the newest first."""
    last = today.year * 12 + today.month - 1
    return [
        f"{place // 12:04}-{place % 12 + 1:02}" for place in range(last, last - _MONTHS_SHOWN, -1)
    ]


def month_label(month: str) -> str:
    """« novembre 2026 »."""
    year, place = month.split("-")
    return f"{text(f'month.m{place}')} {year}"


def own_questions(found: Sequence[QuotaUseOut], *, zone: str | None) -> str:
    """How many questions a person asked today, in words, and when that begins anew."""
    for each in found:
        if each.name == "questions_per_person":
            asked = counted("usage.asked", each.used)
            if each.limit is None:
                return text("usage.asked_open", asked=asked)
            resets = moment_label(each.resets_at, zone=zone) if each.resets_at else ""
            limit = number(each.limit)
            return text("usage.asked_of", asked=asked, limit=limit, resets=resets)
    return ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f'<table class="plain"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'


def _quotas_html(found: Sequence[QuotaUseOut], *, zone: str) -> str:
    head = [text(f"usage.{name}") for name in ("bound", "used", "limit", "resets")]
    rows = [
        (
            text(f"quota.{each.name}"),
            number(each.used),
            text("usage.open") if each.limit is None else number(each.limit),
            moment_label(each.resets_at, zone=zone) if each.resets_at else "–",
        )
        for each in found
    ]
    return _table(head, rows)


def _cost(found: UsageOut) -> None:
    total = f"{_french(found.total)} {found.currency}"
    st.write(plain(text("usage.cost", month=month_label(found.month), total=total)))
    if not any(row.price.strip("0.") for row in found.rows):
        st.caption(text("usage.no_price"))
    with st.expander(text("usage.detail"), key="usage-detail"):
        head = [text(f"usage.{name}") for name in ("unit", "quantity", "price", "amount")]
        st.html(_table(head, [_cost_row(row) for row in found.rows]))


def _cost_row(row: UsageRowOut) -> tuple[str, str, str, str]:
    quantity, price, amount = map(_french, (row.quantity, row.price, row.amount))
    return text(f"unit.{row.unit}"), quantity, price, amount


def _feedback(report: FeedbackReportOut) -> None:
    st.subheader(text("usage.feedback_title"), anchor=False)
    st.write(text("usage.feedback_lead"))
    whole = [each for each in report.counts if each.reason is None]
    if not whole:
        st.caption(text("usage.feedback_none"))
        return
    head = [text(f"usage.{name}") for name in ("collection", "useful", "not_useful", "reasons")]
    places = dict.fromkeys((each.collection_id, each.collection) for each in whole)
    st.html(_table(head, [_feedback_row(report.counts, *place) for place in places]))
    for comment in report.comments:
        words = text(f"feedback.said_{comment.verdict}")
        st.html(
            f'<p class="meta">{escape(date_label(comment.on))} · {escape(words)}</p>'
            f"<blockquote>{escape(comment.comment)}</blockquote>"
        )


def _feedback_row(
    counts: Sequence[FeedbackCountOut], collection_id: str | None, name: str | None
) -> tuple[str, str, str, str]:
    own = [each for each in counts if each.collection_id == collection_id]
    sums = {each.verdict: each.count for each in own if each.reason is None}
    reasons = ", ".join(
        f"{text(f'feedback_reason.{each.reason}')} ({number(each.count)})"
        for each in own
        if each.reason is not None
    )
    return (
        _place(collection_id, name),
        number(sums.get("useful", 0)),
        number(sums.get("not_useful", 0)),
        reasons or "–",
    )


def _place(collection_id: str | None, name: str | None) -> str:
    if collection_id is None:
        return text("usage.all_answers")
    if collection_id == "shared":
        return text("usage.shared")
    return name or text("usage.deleted_collection")


def _french(value: str) -> str:
    return value.replace(".", ",")
