"""What readers cause is found by indexes among thousands of rows, as each engine plans it for itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, event, text

from assistant.adapters.sql.audit_tables import audit_entries
from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.events import dump_event
from assistant.adapters.sql.locators import dump_locator
from assistant.adapters.sql.people_tables import group_members, groups, people
from assistant.adapters.sql.postgresql import Postgresql
from assistant.adapters.sql.tables import (
    answer_events,
    answers,
    chunks,
    conversations,
    documents,
    messages,
    versions,
)
from assistant.adapters.sql.tenant_tables import (
    collection_groups,
    collection_tenants,
    collections,
    tenants,
)
from assistant.domain.answers import AnswerStatus, TextDelta
from assistant.domain.audit import Act
from assistant.domain.conversations import Author
from assistant.domain.documents import DocumentState, VersionState
from assistant.domain.ids import AnswerId, ChunkId, ConversationId, DocumentId, PersonId, TenantId
from assistant.domain.people import PersonState
from assistant.domain.tenancy import Audience, Principal, Role, Scope
from assistant.domain.tenants import TenantKind, TenantState
from assistant.ports.repositories import UnitOfWork
from ingest.model import DocumentKind, FileFormat, Locator

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TENANTS, COLLECTIONS, PEOPLE, DOCUMENTS, CHUNKS, ANSWERS = 200, 4_000, 4_000, 4_000, 12_000, 4_000
ENTRIES = 4_000
SHARED = COLLECTIONS - TENANTS
"""Number of the first collection that may be shared; each tenant has one of those."""
LOCATOR = dump_locator(Locator())
EVENT = dump_event(TextDelta("Oui."))
READER = Principal(PersonId("p123"), TenantId("t123"), frozenset({Role.AGENT}))
CROWDED = {
    "people", "group_members", "collections", "documents", "versions", "chunks", "conversations",
    "messages", "answers", "answer_events", "audit_entries",
}  # fmt: skip
"""Tables of thousands of rows here; an engine rightly reads the others whole."""
ALIASES = {"live": "versions"}
_numbers = count()


def of(number: int, *, among: int, prefix: str) -> str:
    """The thing of this kind that the nth one belongs to."""
    return f"{prefix}{number % among}"


def rows() -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """An instance, table by table; every 200th collection, person and document is of one tenant."""
    yield (
        tenants,
        [
            {
                "id": f"t{n}", "name": "T", "kind": TenantKind.COMMUNE, "state": TenantState.ACTIVE,
                "parent_id": f"t{n // 10}" if n else None, "colour": "#000091",
                "time_zone": "Europe/Paris", "welcome": "", "charter_version": 0,
                "charter_text": "", "quotas": {}, "allowed_models": [],
            }
            for n in range(TENANTS)
        ],
    )  # fmt: skip
    yield (
        people,
        [
            {
                "id": f"p{n}", "tenant_id": of(n, among=TENANTS, prefix="t"), "name": "P",
                "email": f"p{n}@exemple.fr", "roles": ["agent"], "state": PersonState.ACTIVE,
                "created_at": NOW, "charter_version": 0,
            }
            for n in range(PEOPLE)
        ],
    )  # fmt: skip
    yield (
        groups,
        [
            {"id": f"g{n}", "tenant_id": of(n, among=TENANTS, prefix="t"), "name": f"G{n}"}
            for n in range(TENANTS * 2)
        ],
    )
    yield (
        group_members,
        [
            {
                "person_id": f"p{n}",
                "group_id": of(n, among=TENANTS, prefix="g"),
                "tenant_id": of(n, among=TENANTS, prefix="t"),
            }
            for n in range(PEOPLE)
        ],
    )
    yield collections, [collection_row(n) for n in range(COLLECTIONS)]
    yield (
        collection_groups,
        [
            {
                "group_id": of(n, among=TENANTS, prefix="g"),
                "collection_id": f"c{n}",
                "tenant_id": of(n, among=TENANTS, prefix="t"),
            }
            for n in range(SHARED)
            if audience_of(n) is Audience.GROUPS
        ],
    )
    yield (
        collection_tenants,
        [
            {"tenant_id": of(n + 7 * k, among=TENANTS, prefix="t"), "collection_id": f"c{n}"}
            for n in range(SHARED, COLLECTIONS)
            if audience_of(n) is Audience.TENANTS
            for k in range(1, 5)
        ],
    )
    yield from document_rows()
    yield from conversation_rows()
    yield (
        audit_entries,
        [
            {
                "number": n, "id": f"e{n}", "time": f"{n:05}", "act": Act.REFUSED.value, "actor": "",
                "tenant": of(n, among=TENANTS, prefix="t"), "subject": "", "details": "{}",
                "previous": "", "hash": "",
            }
            for n in range(ENTRIES)
        ],
    )  # fmt: skip


def audience_of(number: int) -> Audience:
    """Most collections are of a tenant or a group of it; of those that may be shared, some are."""
    if number < SHARED:
        return (Audience.TENANT, Audience.GROUPS)[number // TENANTS % 2]
    if number % 50 == 2:
        return Audience.EVERYONE
    return {0: Audience.TENANTS, 1: Audience.DESCENDANTS}.get(number % 5, Audience.TENANT)


def collection_row(number: int) -> dict[str, Any]:
    return {
        "id": f"c{number}",
        "tenant_id": of(number, among=TENANTS, prefix="t"),
        "name": "C",
        "label": "",
        "audience": audience_of(number),
    }


def document_rows() -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """Documents with one live version each, and their chunks."""
    placed: list[dict[str, Any]] = [
        {
            "tenant_id": of(n, among=TENANTS, prefix="t"),
            "collection_id": of(n, among=COLLECTIONS, prefix="c"),
            "kind": DocumentKind.OTHER,
            "created_at": NOW,
            "sha256": f"h{n}",
            "title": f"D{n}",
            "notices": [],
        }
        for n in range(DOCUMENTS)
    ]
    yield (
        documents,
        [
            {
                **each, "id": f"d{n}", "source": "upload", "name": f"D{n}", "folded_name": f"d{n}",
                "state": DocumentState.LIVE, "updated_at": NOW, "chunk_count": 3,
            }
            for n, each in enumerate(placed)
        ],
    )  # fmt: skip
    yield (
        versions,
        [
            {
                **each, "id": f"v{n}", "document_id": f"d{n}", "state": VersionState.LIVE,
                "fingerprint": "f", "format": FileFormat.TEXT,
            }
            for n, each in enumerate(placed)
        ],
    )  # fmt: skip
    yield (
        chunks,
        [
            {
                "id": f"k{n}", "version_id": f"v{n // 3}", "ordinal": n % 3, "text": "taux " * 40,
                "locator": LOCATOR, "tokens": 40, "embedded_hash": f"e{n}",
            }
            for n in range(CHUNKS)
        ],
    )  # fmt: skip


def conversation_rows() -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """A conversation of every person with one question, and its answer."""
    owned = [
        {"tenant_id": of(n, among=TENANTS, prefix="t"), "person_id": f"p{n}", "created_at": NOW}
        for n in range(ANSWERS)
    ]
    yield (
        conversations,
        [{**each, "id": f"v{n}", "title": "", "updated_at": NOW} for n, each in enumerate(owned)],
    )
    yield (
        answers,
        [
            {
                **each, "id": f"a{n}", "conversation_id": f"v{n}", "question": "?",
                "status": AnswerStatus.ANSWERED, "finished_at": NOW,
            }
            for n, each in enumerate(owned)
        ],
    )  # fmt: skip
    yield (
        messages,
        [
            {
                "id": f"m{n}", "conversation_id": f"v{n // 2}", "author": Author.PERSON,
                "text": "?", "answer_id": None, "created_at": NOW,
            }
            for n in range(ANSWERS * 2)
        ],
    )  # fmt: skip
    yield (
        answer_events,
        [{"answer_id": f"a{n // 2}", "number": n % 2, "event": EVENT} for n in range(ANSWERS * 2)],
    )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowded(
    request: pytest.FixtureRequest, migrated: Path, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Database]:
    """The instance on an engine."""
    with ExitStack() as stack:
        place: Path | Postgresql = tmp_path_factory.mktemp("crowded") / "assistant.sqlite3"
        if request.param == "sqlite":
            shutil.copy(migrated, place)
        else:
            server = request.getfixturevalue("postgresql")
            place = Postgresql(stack.enter_context(server.new_database()))
        database = open_database(place, migrate=False)
        stack.callback(database.close)
        with database.engine.begin() as connection:
            for table, values in rows():
                connection.execute(table.insert(), values)
        analyse(database)
        yield database


def analyse(database: Database) -> None:
    """As the autovacuum of a server does within minutes; SQLite plans without statistics."""
    if is_server(database):
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def is_server(database: Database) -> bool:
    return database.engine.dialect.name == "postgresql"


@contextmanager
def plans_of(database: Database) -> Generator[list[str]]:
    """Collects the plan of every statement run meanwhile, one line a step."""
    found: list[str] = []
    explain = "EXPLAIN" if is_server(database) else "EXPLAIN QUERY PLAN"

    def explained(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if statement.split(maxsplit=1)[0] in {"WITH", "SELECT"}:
            probe = cursor.connection.cursor()
            # SQLite goes on with the plan of the same words, were the tables others since
            asked = f"{explain} {statement} /* {next(_numbers)} */"
            found.extend(row[-1] for row in probe.execute(asked, parameters))

    event.listen(database.engine, "before_cursor_execute", explained)
    yield found
    event.remove(database.engine, "before_cursor_execute", explained)


def scanned(steps: list[str]) -> set[str]:
    """The crowded tables that a plan reads whole, be it to index them for this once."""
    words = [
        step.split(begin, 1)[1].split()[0]
        for step in steps
        for begin, other in (("Seq Scan on ", ""), ("SCAN ", ""), ("SEARCH ", "AUTOMATIC"))
        if begin in step and other in step
    ]
    return {ALIASES.get(word, word) for word in words} & CROWDED


@dataclass(frozen=True)
class Reading:
    """One thing that a request of a reader asks of the database."""

    act: Callable[[UnitOfWork, Scope], object]
    tables: tuple[Table, ...]
    """Those that it would read whole, each, without its indexes."""


READINGS = {
    "scope": Reading(
        lambda w, _: w.tenancy.scope_of(READER),
        (people, collections, group_members),
    ),
    "readable collections": Reading(lambda w, s: w.tenancy.list_readable(scope=s), (collections,)),
    "person": Reading(lambda w, _: w.people.standing(READER.person_id), (people,)),
    "documents": Reading(
        lambda w, s: w.documents.list_page(scope=s, limit=50, offset=0),
        (documents, versions),
    ),
    "counts": Reading(lambda w, s: w.documents.counts(scope=s), (documents,)),
    "document": Reading(lambda w, s: w.documents.find(DocumentId("d123"), scope=s), (documents,)),
    "passages found": Reading(
        lambda w, s: w.chunks.find_live([ChunkId(f"k{n * 200}") for n in range(100)], scope=s),
        (chunks,),
    ),
    "live passages": Reading(
        lambda w, s: w.chunks.live_ids([ChunkId(f"k{n * 200}") for n in range(100)], scope=s),
        (chunks,),
    ),
    "passages of a document": Reading(
        lambda w, s: w.chunks.list_of_document(DocumentId("d123"), scope=s, limit=50, offset=0),
        (chunks, documents),
    ),
    "around a passage": Reading(
        lambda w, s: w.chunks.section_around(ChunkId("k369"), scope=s, radius=2), (chunks,)
    ),
    "suggestions": Reading(
        lambda w, s: w.chunks.sample_headings(scope=s, limit=5), (chunks, documents)
    ),
    "conversations": Reading(
        lambda w, s: w.conversations.list_recent(scope=s, limit=20), (conversations,)
    ),
    "messages": Reading(
        lambda w, s: w.conversations.messages(ConversationId("v123"), scope=s),
        (messages, conversations),
    ),
    "answer": Reading(lambda w, s: w.answers.find(AnswerId("a123"), scope=s), (answers,)),
    "events": Reading(
        lambda w, s: w.answers.events_after(AnswerId("a123"), number=0, scope=s),
        (answer_events, answers),
    ),
    "last entry of an act": Reading(
        lambda w, _: w.audit.last_of(Act.AUDIT_VERIFIED), (audit_entries,)
    ),
}


def read(database: Database, reading: Reading) -> set[str]:
    """The tables that a reading reads whole."""
    with database.unit_of_work() as work:
        scope = work.tenancy.scope_of(READER)
    with plans_of(database) as steps, database.unit_of_work() as work:
        reading.act(work, scope)
    assert steps
    return scanned(steps)


@contextmanager
def without_indexes(database: Database, table: Table) -> Generator[None]:
    """A table as if none of its indexes, keys included, had been made."""

    def run(*statements: str) -> None:
        with database.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    name, kept = table.name, f"kept_{table.name}"
    copied = f"CREATE TABLE {name} AS SELECT * FROM {kept}"  # noqa: S608 - names of our own
    run(f"ALTER TABLE {name} RENAME TO {kept}", copied)
    analyse(database)
    try:
        yield
    finally:
        run(f"DROP TABLE {name}", f"ALTER TABLE {kept} RENAME TO {name}")


def test_the_reader_reads_by_every_rule(crowded: Database) -> None:
    """Otherwise the plans would tell nothing of the branches that find nothing."""
    with crowded.unit_of_work() as work:
        scope = work.tenancy.scope_of(READER)
        found = work.documents.counts(scope=scope)
    # its tenant's, its group's, one shared with its tenant, one from above, and everyone's
    assert {"c123", "c323", "c3895", "c3801", "c3802"} <= set(scope.collection_ids)
    assert len(scope.collection_ids) < COLLECTIONS / 100
    assert found.live == len(scope.collection_ids)


@pytest.mark.parametrize("name", READINGS)
def test_a_reader_never_reads_a_table_whole(crowded: Database, name: str) -> None:
    assert read(crowded, READINGS[name]) == set()


FIRST_READINGS = {
    table: name for name, reading in reversed(READINGS.items()) for table in reading.tables
}
"""Of each table, a reading that needs its indexes."""


@pytest.mark.parametrize("table", FIRST_READINGS, ids=lambda table: table.name)
def test_a_missing_index_is_seen(crowded: Database, table: Table) -> None:
    reading = READINGS[FIRST_READINGS[table]]
    with without_indexes(crowded, table):
        assert table.name in read(crowded, reading)
    assert read(crowded, reading) == set()
