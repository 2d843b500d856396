"""The page on the health of what is indexed: documents to look after, and whether all agrees."""

from __future__ import annotations

from functools import partial

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.reconciliation import (
    FindingOut,
    VerificationOut,
    VerificationReportOut,
)
from assistant.schemas.service import MeOut
from ui import acts, corpus, fragments
from ui.failures import attempt
from ui.markup import escape, plain
from ui.messages import moment_label, number, text


def may_read(me: MeOut) -> bool:
    """True for who may see some part of the page."""
    return me.is_admin or acts.is_platform_admin(me)


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; who is no administrator is told so."""
    st.title(text("health.title"), anchor=False)
    if not may_read(me):
        st.warning(text("health.forbidden"))
        return
    acts.show_notice()
    _held(api)
    if me.is_admin:
        corpus.show(api, zone=me.tenant.time_zone if me.tenant else None)
    if acts.is_platform_admin(me):
        verification(api, me)


def _held(api: AssistantClient) -> None:
    """Why what was read is not shown now, if something holds it."""
    reason = api.ready().indexing_trouble
    if reason is not None:
        st.warning(plain(text("health.held", reason=reason)))


def verification(api: AssistantClient, me: MeOut) -> None:
    """What the last comparison found, and buttons to begin another one."""
    st.subheader(text("health.verification"), anchor=False)
    st.write(text("health.verification_lead"))
    zone = me.tenant.time_zone if me.tenant else None
    fragments.follow(
        api.verification,
        seen=api.verification(),
        is_working=lambda found: found.is_running,
        draw=partial(_live, api, zone),
    )


def _live(api: AssistantClient, zone: str | None, found: VerificationOut) -> None:
    if found.is_running:
        st.info(plain(text("health.running", compared=_compared(found.compared))))
    elif found.failure:
        st.error(plain(found.failure))
    _report(found, zone=zone)
    _buttons(api, found)


def _report(found: VerificationOut, *, zone: str | None) -> None:
    report = found.report
    if report is None:
        st.caption(text("health.never"))
        return
    moment = moment_label(report.finished_at, zone=zone)
    words = text("health.verified", moment=moment, compared=_compared(report.compared))
    if report.is_clean:
        st.success(plain(text("health.clean")))
    elif report.is_settled:
        st.success(plain(text("health.settled")))
    else:
        st.warning(plain(text("health.unsettled")))
    st.caption(plain(words))
    if report.findings:
        st.html(_table(report))


def _table(report: VerificationReportOut) -> str:
    head = "".join(
        f'<th scope="col">{escape(text(f"health.{name}"))}</th>'
        for name in ("finding", "count", "mended", "remedy")
    )
    rows = "".join(_row(finding) for finding in report.findings)
    return f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(finding: FindingOut) -> str:
    examples = escape(", ".join(finding.examples))
    cells = (
        f"{escape(finding.detail)}<details><summary>{escape(text('health.examples'))}</summary>"
        f"<code>{examples}</code></details>",
        escape(number(finding.count)),
        escape(number(finding.mended)),
        escape(finding.remedy),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _buttons(api: AssistantClient, found: VerificationOut) -> None:
    with st.container(key="verification-buttons", horizontal=True):
        for name, about, is_repair in (
            ("verify", "verify_help", False),
            ("repair", "repair_help", True),
        ):
            st.button(
                text(f"health.{name}"),
                key=f"index-{name}",
                help=text(f"health.{about}"),
                disabled=found.is_running,
                on_click=attempt,
                args=(partial(_begin, is_repair=is_repair), api),
            )


def _begin(api: AssistantClient, *, is_repair: bool) -> None:
    api.verify_index(repair=is_repair)
    acts.notify(text("health.begun"))


def _compared(counts: dict[str, int]) -> str:
    names = ("chunks", "points", "files")
    return text("health.compared", **{name: number(counts.get(name, 0)) for name in names})
