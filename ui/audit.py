"""The audit log page: what was done and refused, by whom under a pseudonym, and whether the log is whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

import streamlit as st

from assistant.client import AssistantClient
from assistant.schemas.audit import AuditChainOut, AuditEntryOut, AuditPageOut
from assistant.schemas.service import MeOut
from ui import acts, audit_entries, dialogs, paging
from ui.failures import attempt
from ui.markup import escape
from ui.messages import moment_label, number, text, zone_of

_PER_PAGE = 25
_LIST = "audit"
_OUTCOMES = ("", "done", "refused")
_FORMATS = ("csv", "jsonl")
_FIRST_YEAR, _LAST_YEAR = 2000, 9998
"""A year of two digits would be one of the first century; the day after the last one is asked for too."""


@dataclass(frozen=True)
class Filters:
    """What is looked for, as the API names it."""

    asked: Mapping[str, str | list[str]]

    @property
    def key(self) -> str:
        """The same text for the same filters."""
        return urlencode(self.asked, doseq=True)


def may_read(me: MeOut) -> bool:
    """True for who may read the log of an organisation at least."""
    return acts.administers(me) or "auditor" in me.roles


def show(api: AssistantClient, me: MeOut) -> None:
    """The whole page; who is neither administrator nor auditor is told so."""
    st.title(text("audit.title"), anchor=False)
    if not may_read(me):
        st.warning(text("audit.forbidden"))
        return
    st.write(text("audit.lead"))
    acts.show_notice()
    is_platform = acts.is_platform_admin(me)
    names = {each.id: each.name for each in api.list_tenants()} if is_platform else {}
    zone = me.tenant.time_zone if me.tenant else None
    _chain(api, zone=zone)
    filters = _filters(names, zone=zone)
    if filters is None:
        return
    _downloads(filters)
    before = paging.cursor_shown(_LIST, filters.key)
    found = api.audit_page(filters.asked, before=before, limit=_PER_PAGE)
    _dialog(api, found, names=names, zone=zone)
    _entries(found, filters, names=names, zone=zone)


def _chain(api: AssistantClient, *, zone: str | None) -> None:
    chain = api.audit_chain()
    with st.container(key="line-chain", border=True, horizontal=True, vertical_alignment="center"):
        badge, kind = _standing(chain)
        acts.line(
            text("audit.chain"), *_chain_facts(chain, zone=zone), badge=badge, badge_kind=kind
        )
        if chain.may_verify:
            st.button(
                text("audit.verify"),
                key="verify-audit",
                help=text("audit.verify_help"),
                on_click=attempt,
                args=(_verify, api),
            )


def _standing(chain: AuditChainOut) -> tuple[str, str]:
    if chain.is_whole is None:
        return text("audit.unverified"), "plain"
    if chain.is_whole:
        return text("audit.whole"), "active"
    return text("audit.broken"), "closed"


def _chain_facts(chain: AuditChainOut, *, zone: str | None) -> list[str]:
    facts: list[str] = []
    if chain.verified_at is None:
        facts.append(text("audit.never_verified"))
    else:
        moment = moment_label(chain.verified_at, zone=zone)
        facts.append(
            text("audit.verified", moment=moment)
            if chain.entries is None
            else text("audit.verified_count", moment=moment, count=number(chain.entries))
        )
    if chain.fault is not None:
        facts.append(text("audit.fault", number=number(chain.fault)))
    if chain.lost_heads:
        facts.append(text("audit.lost_heads"))
    if not chain.are_heads_readable:
        facts.append(text("audit.heads_unreadable"))
    elif chain.head_noted_at is None:
        facts.append(text("audit.head_none"))
    else:
        facts.append(text("audit.head", moment=moment_label(chain.head_noted_at, zone=zone)))
    return facts


def _verify(api: AssistantClient) -> None:
    found = api.verify_audit()
    acts.notify(text("audit.verify_whole" if found.is_whole else "audit.verify_broken"))


def _filters(names: Mapping[str, str], *, zone: str | None) -> Filters | None:
    """What is filled in; None, with a sentence that says why, when a date is none."""
    asked: dict[str, str | list[str]] = {}
    with st.container(key="audit-filters"):
        which, where = st.columns(2) if names else (st.container(), None)
        with which:
            chosen = st.multiselect(
                text("audit.acts"),
                audit_entries.known_acts(),
                format_func=audit_entries.act_label,
                placeholder=text("audit.acts_all"),
                key="audit-acts",
            )
        if where:
            with where:
                asked |= _tenant(names)
        first, last, how, who = st.columns(4)
        with first:
            since = _day("since")
        with last:
            until = _day("until")
        with how:
            asked |= _outcome()
        with who:
            person = st.text_input(
                text("audit.person"), key=audit_entries.PERSON_KEY, help=text("audit.person_help")
            )
        try:
            asked |= _period(since, until, zone=zone)
        except ValueError:
            st.error(text("audit.day_refused"))
            return None
    asked |= {"act": chosen} if chosen else {}
    asked |= {"person": person.strip()} if person and person.strip() else {}
    return Filters(asked)


def _tenant(names: Mapping[str, str]) -> dict[str, str]:
    tenant = st.selectbox(
        text("acts.organisation"),
        ["", *names],
        format_func=lambda each: names.get(each, text("audit.everywhere")),
        key="audit-tenant",
    )
    return {"tenant_id": tenant} if tenant else {}


def _outcome() -> dict[str, str]:
    wanted = st.selectbox(
        text("audit.outcome"),
        _OUTCOMES,
        format_func=lambda each: text(f"audit.outcome_{each or 'all'}"),
        key="audit-outcome",
    )
    return {"outcome": wanted} if wanted else {}


def _day(name: str) -> str:
    """A day as it was typed: Streamlit's own field for dates speaks English."""
    typed = st.text_input(
        text(f"audit.{name}"), placeholder=text("audit.day_hint"), key=f"audit-{name}"
    )
    return (typed or "").strip()


def _period(since: str, until: str, *, zone: str | None) -> dict[str, str]:
    """Whole days of the reader's time zone, the last one included. Raises `ValueError` for another date."""
    found: dict[str, str] = {}
    if since:
        found["since"] = _midnight(_date(since), zone=zone)
    if until:
        found["until"] = _midnight(_date(until) + timedelta(days=1), zone=zone)
    return found


def _date(typed: str) -> date:
    day, month, year = (int(part) for part in typed.split("/"))
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError
    return date(year, month, day)


def _midnight(day: date, *, zone: str | None) -> str:
    return datetime.combine(day, time(), zone_of(zone)).astimezone().isoformat()


def _downloads(filters: Filters) -> None:
    links = (
        f'<a class="download" href="{escape(_export_url(filters, each))}" download>'
        f"{escape(text(f'audit.export_{each}'))}</a>"
        for each in _FORMATS
    )
    about = escape(text("audit.export_recorded"))
    st.html(f'<p class="downloads">{" ".join(links)} <span class="meta">{about}</span></p>')


def _export_url(filters: Filters, form: str) -> str:
    query = urlencode({**filters.asked, "format": form}, doseq=True)
    return f"/api/v1/audit/export?{query}"


def _entries(
    page: AuditPageOut, filters: Filters, *, names: Mapping[str, str], zone: str | None
) -> None:
    if not page.entries:
        st.info(text("audit.none"))
    for each in page.entries:
        audit_entries.line(each, names=names, zone=zone)
    paging.show_cursor_pager(_LIST, filters.key, following=page.next)


def _dialog(
    api: AssistantClient, page: AuditPageOut, *, names: Mapping[str, str], zone: str | None
) -> None:
    match dialogs.requested():
        case ("entry", entry_id):
            entry = next((each for each in page.entries if each.id == entry_id), None)
            if entry:
                _open(api, entry, names=names, zone=zone)
        case _:
            return


def _open(
    api: AssistantClient, entry: AuditEntryOut, *, names: Mapping[str, str], zone: str | None
) -> None:
    dialogs.show(
        text("audit.entry"),
        lambda: audit_entries.detail(api, entry, names=names, zone=zone),
    )
