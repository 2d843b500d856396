"""The names of documents in the jobs and looks that told of them, taken away."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, or_, select, update

from assistant.adapters.sql.rows import reason_fields
from assistant.adapters.sql.source_erasures import keep_out
from assistant.adapters.sql.source_rows import outcome_fields, outcome_of
from assistant.adapters.sql.source_tables import source_files, source_runs, sources
from assistant.adapters.sql.tables import documents, job_items, jobs
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.ids import DocumentId, SourceId
from assistant.domain.jobs import FINAL_ITEM_STATES, ItemState
from assistant.domain.sources import LABEL_PREFIX, OPEN_RUNS, RunOutcome, RunState

ERASED_NAME = "–"
"""In the place of the name of a file whose document was erased."""


def erase_from_source(transaction: Transaction, document_id: DocumentId, *, now: datetime) -> None:
    """Take away every name that a document had: in its jobs, in what is remembered of files, in looks.

    A look under way loses its lease, for it holds names of its own: it is made again. Looks pass over
    a file of the name that it has.
    """
    row = transaction.first(select(documents).where(documents.c.id == document_id))
    if row is None:
        return
    names = _names_of(transaction, row)
    _erase_items(transaction, row, names)
    source_id = _source_of(transaction, row)
    if source_id is not None:
        _erase_files(transaction, source_id, names)
        _erase_runs(transaction, source_id, names)
        keep_out(transaction, source_id, names=[row.name], now=now)


def forget_names(transaction: Transaction, *, before: datetime, limit: int) -> int:
    """Forget the names that ended looks asked for before a time tell, of so many at most; of how many.

    Which names a document had is known by its lines in jobs: looks do not tell them for longer.
    """
    if not _telling(transaction, before=before):
        return 0
    transaction.lock()
    found = _telling(transaction, before=before)[:limit]
    for row in found:
        bare = replace(outcome_of(row.outcome), names={}, faults=())
        _replace_outcome(transaction, row.id, bare)
    return len(found)


def _telling(transaction: Transaction, *, before: datetime) -> list[Row[Any]]:
    """Ended looks that tell names: each was asked for before its jobs, which so go later than it."""
    query = select(source_runs.c.id, source_runs.c.outcome).where(
        source_runs.c.state.not_in(sorted(OPEN_RUNS)),
        source_runs.c.asked_at < before,
    )
    rows = transaction.read(query)
    return [row for row in rows if row.outcome["names"] or row.outcome["faults"]]


def _names_of(transaction: Transaction, document: Row[Any]) -> frozenset[str]:
    """The name it has, and those it had: its items tell them."""
    had = select(job_items.c.name).where(job_items.c.document_id == document.id).distinct()
    return frozenset({document.name, *(row.name for row in transaction.read(had))}) - {ERASED_NAME}


def _erase_items(transaction: Transaction, document: Row[Any], names: frozenset[str]) -> None:
    """Also those of an earlier document of its source that went under one of its names.

    What was still to be done for it ends here: there is nothing to read any more.
    """
    own_jobs = select(jobs.c.id).where(
        jobs.c.tenant_id == document.tenant_id,
        jobs.c.collection_id == document.collection_id,
        jobs.c.source == document.source,
    )
    of_its_source = and_(
        job_items.c.job_id.in_(own_jobs),
        job_items.c.document_id.is_(None),
        job_items.c.state.in_(sorted(FINAL_ITEM_STATES)),
        job_items.c.name.in_(sorted(names)),
    )
    transaction.write(
        update(job_items)
        .where(or_(job_items.c.document_id == document.id, of_its_source))
        .values(name=ERASED_NAME, **reason_fields(None))
    )
    is_open = job_items.c.state.not_in(sorted(FINAL_ITEM_STATES))
    transaction.write(
        update(job_items)
        .where(job_items.c.document_id == document.id, is_open)
        .values(state=ItemState.REMOVED, not_before=None)
    )


def _source_of(transaction: Transaction, document: Row[Any]) -> SourceId | None:
    query = select(sources.c.id).where(
        sources.c.id == document.source.removeprefix(LABEL_PREFIX),
        sources.c.tenant_id == document.tenant_id,
    )
    row = transaction.first(query)
    return None if row is None else SourceId(row.id)


def _erase_files(transaction: Transaction, source_id: SourceId, names: frozenset[str]) -> None:
    own = source_files.c.source_id == source_id
    for batch in batches(sorted(names)):
        transaction.write(source_files.delete().where(own, source_files.c.name.in_(batch)))


def _erase_runs(transaction: Transaction, source_id: SourceId, names: frozenset[str]) -> None:
    own = source_runs.c.source_id == source_id
    for row in transaction.read(select(source_runs.c.id, source_runs.c.outcome).where(own)):
        before = outcome_of(row.outcome)
        after = _without(before, names)
        if after != before:
            _replace_outcome(transaction, row.id, after)
    transaction.write(
        update(source_runs)
        .where(own, source_runs.c.state == RunState.RUNNING)
        .values(lease_owner=None, lease_until=None, attempt=0)
    )


def _replace_outcome(transaction: Transaction, run_id: str, outcome: RunOutcome) -> None:
    own = source_runs.c.id == run_id
    transaction.write(update(source_runs).where(own).values(outcome=outcome_fields(outcome)))


def _without(outcome: RunOutcome, names: frozenset[str]) -> RunOutcome:
    """The outcome with its counts, and without what tells one of the names."""
    return replace(
        outcome,
        names={
            finding: tuple(_hidden(name, names) for name in told)
            for finding, told in outcome.names.items()
        },
        faults=tuple((_hidden(name, names), code) for name, code in outcome.faults),
    )


def _hidden(told: str, names: frozenset[str]) -> str:
    """ERASED_NAME for what a look tells of one of the names: itself, moved, or met twice."""
    is_told = any(
        told == name or told.startswith((f"{name} → ", f"{name} (")) or told.endswith(f" → {name}")
        for name in names
    )
    return ERASED_NAME if is_told else told
