"""Entries of the audit log on the wire, and as lines of CSV and of JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO

from assistant.api.audit_ocsf import event_of
from assistant.domain.audit import ABOUT_PEOPLE, REFUSALS
from assistant.domain.audit_chain import AuditEntry
from assistant.domain.tenancy import Principal
from assistant.schemas.audit import AuditChainOut, AuditEntryOut, AuditFormat
from assistant.services.audit_checking import ChainState

MEDIA_TYPES: dict[AuditFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
}
_COLUMNS = (
    "time", "act", "tenant", "actor", "subject", "details", "id", "number", "hash",
)  # fmt: skip


def entry_out(entry: AuditEntry, *, with_chain: bool) -> AuditEntryOut:
    """An entry as the API tells it.

    Args:
        entry: The entry.
        with_chain: True to tell its place and hash.
    """
    return AuditEntryOut(
        id=entry.id,
        time=entry.moment,
        act=entry.act,
        tenant_id=entry.tenant,
        actor=entry.actor,
        subject=entry.subject,
        details=entry.facts,
        is_refused=entry.act in REFUSALS,
        concerned=_concerned(entry),
        number=entry.number if with_chain else None,
        hash=entry.hash if with_chain else None,
    )


def _concerned(entry: AuditEntry) -> str:
    if entry.act in ABOUT_PEOPLE:
        return entry.subject
    return str(entry.facts.get("person", ""))


def chain_out(state: ChainState, *, principal: Principal) -> AuditChainOut:
    """What is known of the chain, as the API tells it to a reader."""
    found = state.verified
    is_told = found is not None and principal.is_platform_admin
    return AuditChainOut(
        verified_at=None if found is None else found.at,
        is_whole=None if found is None else found.is_whole,
        head_noted_at=state.head_noted_at,
        are_heads_readable=state.are_heads_readable,
        may_verify=principal.is_platform_admin,
        entries=found.entries if found and is_told else None,
        fault=(found.fault or None) if found and is_told else None,
        lost_heads=found.lost_heads if found and is_told else None,
    )


def export_lines(
    entries: Iterable[AuditEntry], *, form: AuditFormat, with_chain: bool
) -> Iterator[str]:
    """The pieces of an export, as entries come.

    Args:
        entries: Oldest first.
        form: "csv", with semicolons and a byte order mark, as French spreadsheets expect; "jsonl",
            one OCSF event a line.
        with_chain: True to tell place and hash of each.
    """
    if form == "csv":
        yield "\ufeff" + _row(_COLUMNS)
        yield from (_row(_cells(entry, with_chain=with_chain)) for entry in entries)
        return
    for entry in entries:
        event = event_of(entry, with_chain=with_chain)
        yield json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"


def _cells(entry: AuditEntry, *, with_chain: bool) -> list[str]:
    """All of them ids, words and numbers; none begins as a formula would."""
    chain = [str(entry.number), entry.hash] if with_chain else ["", ""]
    texts = [entry.time, entry.act, entry.tenant, entry.actor, entry.subject, entry.details]
    return [*texts, entry.id, *chain]


def _row(cells: Iterable[str]) -> str:
    line = StringIO(newline="")
    csv.writer(line, delimiter=";").writerow(cells)
    return line.getvalue()
