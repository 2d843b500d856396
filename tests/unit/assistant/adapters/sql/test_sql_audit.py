"""The audit chain in the table: several processes that write, and a table that somebody tampers with."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from assistant.adapters.sql.database import Database
from assistant.domain.audit_chain import Fault, FaultKind, Head, Verdict
from assistant.services.audit_reading import verify
from assistant.testing.contracts.repositories_audit import keep, make_entry
from tests.unit.assistant.adapters.sql.test_sql_processes import Shared, run_together, shared

__all__ = ["shared"]

pytestmark = pytest.mark.each_engine

RECORD = """
from assistant.domain.audit import Act
from assistant.domain.ids import PersonId, TenantId
from assistant.services.audit_trail import ChainAuditTrail
from assistant.testing.clock import FrozenClock
from tests.unit.assistant.services.organisations import KeptAudit
spare = KeptAudit()
trail = ChainAuditTrail(work_of, FrozenClock(), spare=spare)
by = Principal(PersonId("here"), TenantId("tenant-here"), frozenset())
for turn in range(60):
    trail.record(Act.SIGNED_IN, by=by, tenant_id=by.tenant_id, subject=f"{name}-{turn}")
print(json.dumps(len(spare.acts)))
"""


def test_processes_that_record_at_once_make_one_chain(shared: Shared) -> None:
    failed = run_together(shared.place, RECORD, processes=3)

    assert failed == [0, 0, 0]
    work_of = shared.database.unit_of_work
    verdict = verify(work_of, heads=[])
    assert verdict.is_whole
    assert verdict.entries == 180
    with work_of() as work:
        subjects = [each.subject for each in work.audit.walk_on(after=0, limit=999)]
    assert sorted(subjects) == sorted(f"{name}-{turn}" for name in "012" for turn in range(60))


TAMPERINGS = {
    "UPDATE audit_entries SET act = 'key.revoked' WHERE number = 4": Fault(4, FaultKind.CHANGED),
    "UPDATE audit_entries SET actor = '' WHERE number = 1": Fault(1, FaultKind.CHANGED),
    "UPDATE audit_entries SET details = 'x' WHERE number = 7": Fault(7, FaultKind.CHANGED),
    "UPDATE audit_entries SET time = 'hier' WHERE number = 7": Fault(7, FaultKind.CHANGED),
    "UPDATE audit_entries SET hash = previous WHERE number = 3": Fault(3, FaultKind.CHANGED),
    "UPDATE audit_entries SET previous = hash WHERE number = 3": Fault(3, FaultKind.UNLINKED),
    "DELETE FROM audit_entries WHERE number = 5": Fault(5, FaultKind.MISSING),
    "DELETE FROM audit_entries WHERE number = 1": Fault(1, FaultKind.MISSING),
    "UPDATE audit_entries SET number = 0 WHERE number = 7": Fault(1, FaultKind.MISSING),
    "UPDATE audit_entries SET number = 99 WHERE number = 2": Fault(2, FaultKind.MISSING),
    "INSERT INTO audit_entries SELECT 8, 'new', time, act, tenant, actor, subject, details,"
    " previous, hash FROM audit_entries WHERE number = 7": Fault(8, FaultKind.UNLINKED),
    "INSERT INTO audit_entries SELECT 8, 'new', time, act, tenant, actor, subject, details,"
    " hash, hash FROM audit_entries WHERE number = 7": Fault(8, FaultKind.CHANGED),
}


def tampered(database: Database, *statements: str) -> Verdict:
    heads = kept_heads(database)
    with database.engine.begin() as connection:
        for statement in statements:
            run(connection, statement)
    return verify(database.unit_of_work, heads=heads)


def kept_heads(database: Database) -> list[Head]:
    kept = keep(database.unit_of_work, *(make_entry("t") for _ in range(7)))
    return [Head(each.time, each.number, each.hash) for each in kept]


def run(connection: Connection, statement: str) -> None:
    assert connection.execute(text(statement)).rowcount > 0


@pytest.mark.parametrize("statement", TAMPERINGS)
def test_what_is_done_to_the_table_is_found(shared: Shared, statement: str) -> None:
    assert tampered(shared.database, statement).fault == TAMPERINGS[statement]


def test_two_entries_that_change_places_are_found(shared: Shared) -> None:
    verdict = tampered(
        shared.database,
        "UPDATE audit_entries SET number = 99 WHERE number = 3",
        "UPDATE audit_entries SET number = 3 WHERE number = 4",
        "UPDATE audit_entries SET number = 4 WHERE number = 99",
    )

    assert verdict.fault == Fault(3, FaultKind.UNLINKED)


def test_an_end_cut_off_is_found_by_the_heads(shared: Shared) -> None:
    verdict = tampered(shared.database, "DELETE FROM audit_entries WHERE number > 4")

    assert verdict.fault is None
    assert [head.number for head in verdict.lost_heads] == [5, 6, 7]


def test_an_end_cut_off_and_written_anew_is_found_by_the_heads(shared: Shared) -> None:
    heads = kept_heads(shared.database)
    with shared.database.engine.begin() as connection:
        run(connection, "DELETE FROM audit_entries WHERE number > 4")
    keep(shared.database.unit_of_work, *(make_entry("t") for _ in range(9)))

    verdict = verify(shared.database.unit_of_work, heads=heads)

    assert verdict.fault is None
    assert [head.number for head in verdict.lost_heads] == [5, 6, 7]


def test_a_table_emptied_is_found_by_the_heads(shared: Shared) -> None:
    assert len(tampered(shared.database, "DELETE FROM audit_entries").lost_heads) == 7


def test_the_pages_of_a_tenant_are_read_by_an_index(path: Path, database: Database) -> None:
    keep(database.unit_of_work, *(make_entry("t") for _ in range(3)))
    query = "SELECT * FROM audit_entries WHERE tenant = 't' ORDER BY number DESC LIMIT 50"
    with database.engine.connect() as connection:
        plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))

    assert "ix_audit_entries_by_tenant" in plan
    assert "TEMP B-TREE" not in plan
