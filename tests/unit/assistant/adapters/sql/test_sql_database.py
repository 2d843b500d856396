from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from assistant.adapters.sql.database import Database, open_database
from assistant.domain.errors import InvalidInput, StorageError
from assistant.domain.ids import TenantId
from assistant.domain.tenants import Tenant
from assistant.testing.contracts.repositories_world import (
    EMBEDDER,
    NOON,
    Stored,
    add_reader,
    make_document,
    store_live,
)

SECRET = "Ligne confidentielle numéro"


def add_tenant(database: Database, name: str) -> None:
    with database.unit_of_work() as work:
        work.tenancy.add_tenant(Tenant(TenantId(name), name))
        work.commit()


def bytes_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def pragma(database: Database, name: str) -> object:
    with database.engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("synchronous", 1),
        ("busy_timeout", 200),
        ("temp_store", 2),
    ],
)
def test_every_connection_is_prepared(database: Database, name: str, value: object) -> None:
    assert pragma(database, name) == value


def test_deleted_text_is_nowhere_after_a_checkpoint(database: Database, path: Path) -> None:
    reader = add_reader(database.unit_of_work, "here")
    stored: list[Stored] = []
    for number in range(12):
        texts = [f"{SECRET} {number}-{place}. " * 40 for place in range(30)]
        stored.append(store_live(database.unit_of_work, reader, name=f"{number}", texts=texts))
    assert database.clear_deleted()
    assert SECRET.encode() in bytes_on_disk(path)

    for each in [*stored[1::2], *stored[::2]]:
        with database.unit_of_work() as work:
            work.documents.delete(each.document.id, scope=reader.scope, now=NOON)
            work.ledger.forget_version(each.version.id)
            work.commit()

    assert database.clear_deleted()
    kept = bytes_on_disk(path)
    assert SECRET.encode() not in kept
    assert stored[0].chunk_ids[0].encode() not in kept


def test_the_name_of_a_deleted_document_is_nowhere(database: Database, path: Path) -> None:
    reader = add_reader(database.unit_of_work, "here")
    document = make_document(reader, name=SECRET)
    with database.unit_of_work() as work:
        work.documents.add(document)
        work.commit()
    with database.unit_of_work() as work:
        work.documents.delete(document.id, scope=reader.scope, now=NOON)
        work.commit()

    assert database.clear_deleted()
    assert SECRET.encode() not in bytes_on_disk(path)


def test_a_checkpoint_tells_that_a_reader_is_in_the_way(database: Database) -> None:
    with database.unit_of_work() as reader:
        reader.tenancy.list_tenants()
        add_tenant(database, "a")
        assert not database.clear_deleted()
    assert database.clear_deleted()


def test_a_full_disk_is_told_and_nothing_is_lost(database: Database) -> None:
    reader = add_reader(database.unit_of_work, "here")
    stored = store_live(database.unit_of_work, reader)

    def forbid_growth(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(database.engine, "checkout", forbid_growth)
    with database.unit_of_work() as work, pytest.raises(StorageError) as raised:
        work.vectors.add({str(n): [0.5] * 4 for n in range(20_000)}, embedder=EMBEDDER)
    assert raised.value.code == "disk_full"
    with database.unit_of_work() as work:
        assert work.chunks.find_live(stored.chunk_ids, scope=reader.scope)


def test_a_writer_that_waits_too_long_is_told(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError) as raised:
        add_tenant(database, "a")
    assert raised.value.code == "database_locked"

    other.execute("ROLLBACK")
    other.close()
    add_tenant(database, "a")


def test_a_thread_that_waits_too_long_is_told(database: Database) -> None:
    with database.unit_of_work() as work:
        work.tenancy.add_tenant(Tenant(TenantId("a"), "a"))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(add_tenant, database, "b").exception(timeout=10)
    assert isinstance(waiting, StorageError)
    assert waiting.code == "database_locked"
    add_tenant(database, "b")


def test_a_unit_that_failed_to_lock_may_try_again(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    with database.unit_of_work() as work:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError):
            work.tenancy.add_tenant(Tenant(TenantId("a"), "a"))
        other.execute("ROLLBACK")
        work.tenancy.add_tenant(Tenant(TenantId("a"), "a"))
        work.commit()
    other.close()
    with database.unit_of_work() as work:
        assert len(work.tenancy.list_tenants()) == 1


def test_reading_takes_no_lock(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, timeout=0)
    with database.unit_of_work() as work:
        work.tenancy.list_tenants()
        work.queue.lease(owner="a", now=NOON, until=NOON)
        work.ledger.unused_files(limit=9)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()


def test_many_threads_find_connections(database: Database) -> None:
    together = threading.Barrier(100)

    def read() -> int:
        with database.unit_of_work() as work:
            count = len(work.tenancy.list_tenants())
            together.wait(20)
        return count

    with ThreadPoolExecutor(100) as pool:
        found = [pool.submit(read) for _ in range(100)]
        assert {each.result(30) for each in found} == {0}


def test_errors_never_carry_values(database: Database) -> None:
    reader = add_reader(database.unit_of_work, "here")
    document = replace(make_document(reader), title=SECRET)
    with database.unit_of_work() as work:
        work.documents.add(document)
        with pytest.raises(Exception) as raised:  # noqa: PT011
            work.documents.add(document)
    error: BaseException | None = raised.value
    while error is not None:
        assert SECRET not in str(error)
        error = error.__cause__


def test_broken_characters_are_refused(database: Database) -> None:
    with pytest.raises(InvalidInput) as raised:
        add_tenant(database, "\ud800")
    assert "Unicode" in raised.value.sentence


def test_a_damaged_database_is_noticed(database: Database, path: Path) -> None:
    reader = add_reader(database.unit_of_work, "here")
    store_live(database.unit_of_work, reader, texts=[f"{n} " * 300 for n in range(200)])
    database.check()
    assert database.clear_deleted()
    database.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40_000] = b"\xa5" * 40_000
    path.write_bytes(content)

    with pytest.raises(StorageError):
        open_database(path, migrate=False).check()


def test_a_dangling_reference_is_noticed(database: Database, path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("INSERT INTO collections (id, tenant_id, name) VALUES ('c', 'nobody', 'c')")
    other.commit()
    other.close()
    with pytest.raises(StorageError) as raised:
        database.check()
    assert raised.value.code == "database_damaged"


def test_closing_twice_is_harmless(database: Database) -> None:
    database.close()
    database.close()
