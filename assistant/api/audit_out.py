"""Entries of the audit log on the wire, and as lines of CSV and of JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO

from assistant.api.audit_ocsf import event_of
from assistant.domain.audit_chain import AuditEntry
from assistant.schemas.audit import AuditEntryOut, AuditFormat

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
        number=entry.number if with_chain else None,
        hash=entry.hash if with_chain else None,
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
