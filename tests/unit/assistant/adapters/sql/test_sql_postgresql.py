"""What is particular to PostgreSQL; all else is in the contract suite."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import resources

import psycopg
import pytest
from alembic import command
from alembic.runtime.migration import MigrationContext
from psycopg import errors
from sqlalchemy.exc import InternalError

from assistant.adapters.sql import schema
from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.postgresql import Postgresql, failure_of
from assistant.domain.errors import AssistantError, ConfigurationError, InvalidInput, StorageError
from assistant.domain.ids import TenantId
from assistant.domain.tenants import Tenant
from assistant.testing.contracts.repositories_world import (
    NOON,
    add_reader,
    make_document,
    store_job,
    store_live,
)
from tests.databases import PostgresqlServer

OF_QUEUE = """
    SELECT table_name, column_name, concat(data_type, column_default, is_nullable)
        FROM information_schema.columns WHERE table_name LIKE 'procrastinate%'
    UNION ALL SELECT 'function', proname, pg_get_functiondef(oid)
        FROM pg_proc WHERE proname LIKE 'procrastinate%'
    UNION ALL SELECT 'index', indexname, indexdef
        FROM pg_indexes WHERE tablename LIKE 'procrastinate%'
    UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE tgname LIKE 'procrastinate%'
    UNION ALL SELECT 'enum', typname, string_agg(enumlabel, ' ' ORDER BY enumsortorder)
        FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
        WHERE typname LIKE 'procrastinate%' GROUP BY typname
    UNION ALL SELECT udt_name, attribute_name, data_type
        FROM information_schema.attributes WHERE udt_name LIKE 'procrastinate%'
    UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE conrelid::regclass::text LIKE 'procrastinate%'
    ORDER BY 1, 2, 3
"""
"""All that makes procrastinate's queue."""
SECRET = "Ligne confidentielle"
PASSWORD = "m0t-de-passe"


@pytest.fixture
def database(postgresql_url: str) -> Generator[Database]:
    database = open_database(Postgresql(postgresql_url), migrate=False, busy_s=0.3)
    yield database
    database.close()


@pytest.fixture
def empty_url(postgresql: PostgresqlServer) -> Generator[str]:
    with postgresql.new_database(template="template1") as url:
        yield url


def add_tenant(database: Database, name: str) -> None:
    with database.unit_of_work() as work:
        work.tenancy.add_tenant(Tenant(TenantId(name), name))
        work.commit()


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def wait_for(url: str, query: str, *, within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not ask(url, query)[0][0]:
        assert time.monotonic() < deadline, query
        time.sleep(0.05)


def test_migrations_make_what_the_tables_say_and_go_down(database: Database) -> None:
    with database.engine.connect() as connection:
        config = schema.migration_config(connection)
        command.check(config)
        command.downgrade(config, "base")
        assert MigrationContext.configure(connection).get_current_revision() is None
        command.upgrade(config, "head")
        command.check(config)


def test_every_text_is_ordered_by_code_point(database: Database, postgresql_url: str) -> None:
    of_tables = """
        SELECT c.table_name, c.column_name, c.collation_name FROM information_schema.columns c
        WHERE c.table_schema = 'public' AND c.data_type = 'text'
        AND c.table_name NOT LIKE 'procrastinate%'
    """
    found = ask(postgresql_url, of_tables)
    assert len(found) > 50
    assert {row[2] for row in found} == {"C"}


def test_the_queue_that_wakes_workers_is_the_one_its_package_ships(
    database: Database, postgresql: PostgresqlServer, postgresql_url: str
) -> None:
    """A newer package brings scripts that need a migration of ours, which begins where the last one ended."""
    shipped = (resources.files("procrastinate.sql") / "schema.sql").read_text("utf-8")
    with postgresql.new_database(template="template1") as url:
        with psycopg.connect(url) as connection:
            connection.execute(shipped.encode())
        assert ask(url, OF_QUEUE)
        assert ask(postgresql_url, OF_QUEUE) == ask(url, OF_QUEUE)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP FUNCTION procrastinate_retry_job_v2")
    with postgresql.new_database() as url:
        assert ask(postgresql_url, OF_QUEUE) != ask(url, OF_QUEUE)


def test_a_job_is_queued_with_what_wakes_its_worker_or_not_at_all(database: Database) -> None:
    reader = add_reader(database.unit_of_work, "here")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE procrastinate_jobs CASCADE")

    with pytest.raises(StorageError):
        store_job(database.unit_of_work, reader)

    with database.unit_of_work() as work:
        assert work.jobs.list_recent(scope=reader.scope, limit=10) == []


def test_an_outdated_schema_is_refused_until_it_is_upgraded(empty_url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        open_database(Postgresql(empty_url), migrate=False)
    assert raised.value.code == "database_outdated"
    assert "assistant db upgrade" in raised.value.sentence

    assert schema.migrate(Postgresql(empty_url))
    assert not schema.migrate(Postgresql(empty_url))
    open_database(Postgresql(empty_url), migrate=False).close()


def test_a_newer_schema_is_refused(database: Database, postgresql_url: str) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '20991231_1'")
    with pytest.raises(ConfigurationError) as raised:
        open_database(Postgresql(postgresql_url), migrate=True)
    assert raised.value.code == "database_newer"


def test_a_migration_that_fails_leaves_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StorageError("disk_full")

    monkeypatch.setattr(Postgresql, "finish_migration", fail)
    with pytest.raises(StorageError):
        open_database(Postgresql(empty_url), migrate=True)
    monkeypatch.undo()
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    assert ask(empty_url, tables) == [(0,)]
    open_database(Postgresql(empty_url), migrate=True).close()


def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    script = (
        "import sys; from assistant.adapters.sql import schema;"
        "from assistant.adapters.sql.postgresql import Postgresql;"
        "print(schema.migrate(Postgresql(sys.argv[1])))"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", script, empty_url], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    found = sorted(child.communicate(timeout=170)[0].decode().strip() for child in children)
    assert found == ["False", "False", "True"]


def test_a_migration_without_the_right_says_so(
    postgresql: PostgresqlServer, empty_url: str
) -> None:
    postgresql.run("CREATE ROLE guest LOGIN")
    as_guest = empty_url.replace("postgresql://postgres:@", "postgresql://guest@")
    try:
        with pytest.raises(StorageError) as raised:
            open_database(Postgresql(as_guest), migrate=True)
    finally:
        postgresql.run("DROP ROLE guest")
    assert raised.value.code == "database_denied"
    assert "GRANT" in raised.value.sentence


def test_a_writer_of_another_process_is_waited_for_and_told(
    database: Database, postgresql_url: str
) -> None:
    other = open_database(Postgresql(postgresql_url), migrate=False)
    with database.unit_of_work() as work:
        with other.unit_of_work() as holder:
            holder.lock()
            with pytest.raises(StorageError) as raised:
                work.tenancy.add_tenant(Tenant(TenantId("a"), "a"))
            assert raised.value.code == "database_locked"
            assert work.tenancy.list_tenants() == []
        work.tenancy.add_tenant(Tenant(TenantId("a"), "a"))
        work.commit()
    other.close()
    with database.unit_of_work() as work:
        assert [tenant.id for tenant in work.tenancy.list_tenants()] == ["a"]


def test_reading_waits_for_nobody_and_sees_one_state(
    database: Database, postgresql_url: str
) -> None:
    other = open_database(Postgresql(postgresql_url), migrate=False)
    with database.unit_of_work() as work, other.unit_of_work() as holder:
        assert work.tenancy.list_tenants() == []
        holder.tenancy.add_tenant(Tenant(TenantId("a"), "a"))
        assert work.queue.lease(owner="a", now=NOON, until=NOON) is None
        holder.commit()
        assert work.tenancy.list_tenants() == []
        assert work.ledger.unused_files(limit=9) == []
    other.close()


def test_what_reads_cannot_write(database: Database) -> None:
    with database.engine.connect() as connection:
        Postgresql("").begin_reading(connection)
        with pytest.raises((StorageError, InternalError)) as raised:
            connection.exec_driver_sql("DELETE FROM tenants")
    assert isinstance(raised.value, StorageError)


def test_a_pool_without_room_is_told(database: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        held = [database.engine.connect() for _ in range(32)]
        waiting = pool.submit(add_tenant, database, "a").exception(timeout=30)
        for connection in held:
            connection.close()
    assert isinstance(waiting, StorageError)
    assert waiting.code == "database_locked"
    add_tenant(database, "a")


def test_a_lost_connection_is_told_once_and_found_again(
    database: Database, postgresql_url: str
) -> None:
    add_tenant(database, "a")
    end_all = """
        SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
    """
    with database.unit_of_work() as work:
        work.tenancy.add_tenant(Tenant(TenantId("b"), "b"))
        assert ask(postgresql_url, end_all) == [(True,)]
        with pytest.raises(StorageError) as raised:
            work.tenancy.list_tenants()
    assert raised.value.code == "database_unreachable"

    add_tenant(database, "c")
    with database.unit_of_work() as work:
        assert [tenant.id for tenant in work.tenancy.list_tenants()] == ["a", "c"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"postgresql://compte:{PASSWORD}@127.0.0.1:1/base", "database_unreachable"),
        (f"postgresql://compte:{PASSWORD}@127.0.0.1:port/base", "setting_not_postgresql"),
        (f"postgresql://compte:{PASSWORD}@127.0.0.1/base?{PASSWORD}=1", "setting_not_postgresql"),
        (f"postgresql://compte:{PASSWORD}%@127.0.0.1/base", "setting_not_postgresql"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(address: str, code: str) -> None:
    with pytest.raises(AssistantError) as raised:
        open_database(Postgresql(address), migrate=False)
    assert raised.value.code == code
    error: BaseException | None = raised.value
    while error is not None:
        assert PASSWORD not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.DiskFull(), "disk_full"),
        (errors.LockNotAvailable(), "database_locked"),
        (errors.DeadlockDetected(), "database_locked"),
        (errors.UniqueViolation(), "conflict"),
        (errors.ForeignKeyViolation(), "conflict"),
        (errors.InsufficientPrivilege(), "database_denied"),
        (errors.DataCorrupted(), "database_damaged"),
        (errors.AdminShutdown(), "database_unreachable"),
        (errors.CannotConnectNow(), "database_unreachable"),
        (errors.TooManyConnections(), "database_unreachable"),
        (errors.InvalidPassword(), "database_unreachable"),
        (errors.InvalidCatalogName(), "database_unreachable"),
        (errors.ConnectionTimeout(), "database_unreachable"),
        (errors.UndefinedTable(), "storage_error"),
    ],
)
def test_a_failure_of_the_server_has_a_sentence(error: psycopg.Error, code: str) -> None:
    meant = failure_of(error)
    assert meant is not None
    assert meant.code == code
    assert meant.sentence.endswith(".")


def test_what_is_no_failure_of_the_server_is_left_alone() -> None:
    assert failure_of(ValueError()) is None


@pytest.mark.parametrize(("name", "word"), [("\ud800", "Unicode"), ("a\0b", "nul")])
def test_characters_that_no_text_holds_are_refused(
    database: Database, name: str, word: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        add_tenant(database, name)
    assert word in raised.value.sentence


def test_errors_never_carry_values(database: Database) -> None:
    reader = add_reader(database.unit_of_work, "here")
    document = replace(make_document(reader), title=SECRET)
    with database.unit_of_work() as work:
        work.documents.add(document)
        with pytest.raises(AssistantError) as raised:
            work.documents.add(document)
    assert SECRET not in str(raised.value)
    assert SECRET not in str(raised.value.__cause__ or "")


def test_deleted_rows_are_vacuumed_aside(database: Database, postgresql_url: str) -> None:
    reader = add_reader(database.unit_of_work, "here")
    stored = store_live(database.unit_of_work, reader, texts=[SECRET] * 50)
    dead = "SELECT last_vacuum IS NOT NULL AND n_dead_tup = 0 FROM pg_stat_user_tables "
    assert ask(postgresql_url, f"{dead} WHERE relname = 'chunks'") == [(False,)]

    with database.unit_of_work() as work:
        work.documents.delete(stored.document.id, scope=reader.scope, now=NOON)
        work.ledger.forget_version(stored.version.id)
        work.commit()

    wait_for(postgresql_url, f"{dead} WHERE relname = 'chunks'")
    assert ask(postgresql_url, "SELECT pg_relation_size('chunks')") == [(0,)]


def test_the_engine_is_named(database: Database) -> None:
    assert re.fullmatch(r"PostgreSQL \d+\.\d+", database.version())
    database.check()
    assert database.clear_deleted()
