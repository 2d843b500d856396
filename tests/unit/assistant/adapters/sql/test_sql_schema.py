from __future__ import annotations

import json
import logging
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from assistant.adapters.sql import schema, sqlite
from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.revisions import revisions_in
from assistant.adapters.sql.statistics import STATISTICS, list_indexes
from assistant.adapters.sql.tables import metadata
from assistant.domain.errors import ConfigurationError, StorageError
from assistant.domain.ids import TenantId
from assistant.domain.tenants import Tenant
from assistant.services.access import AccessService
from assistant.testing.clock import FrozenClock


def test_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.engine.connect() as connection:
        command.check(schema.migration_config(connection))


def test_foreign_keys_are_named_as_the_tables_say(database: Database) -> None:
    """A later migration has to find them by that name; `check` compares none."""
    made = inspect(database.engine)
    for table in metadata.tables.values():
        names = {key["name"] for key in made.get_foreign_keys(table.name)}
        assert names == {key.name for key in table.foreign_key_constraints}, table.name


def test_a_table_without_migration_is_noticed(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE index_state")
        with pytest.raises(command.util.CommandError, match="New upgrade operations"):
            command.check(schema.migration_config(connection))


def test_migrations_have_one_head_and_dated_names(database: Database) -> None:
    with database.engine.connect() as connection:
        scripts = ScriptDirectory.from_config(schema.migration_config(connection))
    (head,) = scripts.get_heads()
    known = frozenset(script.revision for script in scripts.walk_revisions())
    assert revisions_in(Path(scripts.dir)) == (known, head)
    for script in scripts.walk_revisions():
        assert re.fullmatch(r"\d{4}_\d\d_\d\d_\w+\.py", Path(script.path).name)


def test_migrations_go_down_and_up_again(database: Database) -> None:
    with database.engine.connect() as connection:
        config = schema.migration_config(connection)
        command.downgrade(config, "base")
        assert MigrationContext.configure(connection).get_current_revision() is None
        command.upgrade(config, "head")
        command.check(config)


def test_results_kept_before_are_tied_to_what_they_quote_or_emptied(
    database: Database, path: Path
) -> None:
    with database.engine.connect() as connection:
        command.downgrade(schema.migration_config(connection), "20261126_2")
        connection.commit()
    # Without the checks of keys: only these rows matter here, not what they belong to.
    with closing(sqlite3.connect(path)) as unchecked:
        unchecked.execute(
            "INSERT INTO chunks (id, version_id, ordinal, text, locator, tokens, embedded_hash)"
            " VALUES ('kept', 'v', 0, '', '', 1, '')"
        )
        unchecked.executemany(
            "INSERT INTO evaluation_rows (evaluation_id, ordinal, is_answerable, status, text,"
            " citations, elapsed_ms) VALUES ('e', ?, 1, 'answered', 'q', ?, 1)",
            [
                (ordinal, json.dumps([{"quote": "q", "is_right": True, "chunk_id": chunk}]))
                for ordinal, chunk in enumerate(("kept", "gone", None))
            ],
        )
        unchecked.commit()
    with database.engine.connect() as connection:
        command.upgrade(schema.migration_config(connection), "20261127_3")
        tied = connection.exec_driver_sql("SELECT * FROM evaluation_sources").all()
        rows = connection.exec_driver_sql("SELECT text, citations FROM evaluation_rows").all()
    assert tied == [("e", 0, "v")]
    assert [row.text for row in rows] == ["q", "", ""]
    assert [json.loads(row.citations)[0]["quote"] for row in rows] == ["q", "", ""]


def test_a_source_that_was_in_line_before_keeps_its_schedule(
    database: Database, path: Path
) -> None:
    with database.engine.connect() as connection:
        command.downgrade(schema.migration_config(connection), "20261208_1")
        connection.commit()
    made, done, due = (f"2026-11-0{day} 08:00:00.000000" for day in (1, 2, 9))
    # Without the checks of keys: only these rows matter here, not what they belong to.
    with closing(sqlite3.connect(path)) as unchecked:
        unchecked.executemany(
            "INSERT INTO sources (id, tenant_id, collection_id, kind, name, address, user, sealed,"
            " include, exclude, rhythm, at_minute, weekday, removal_percent, next_run_at,"
            " created_by, created_at) VALUES (?, 't', 'c', 'folder', ?, '/', '', '', '[]', '[]',"
            " 'daily', 0, 0, 20, ?, 'p', ?)",
            [
                (name, name, at, made)
                for name, at in (("run", due), ("due", due), ("files", None), ("new", None))
            ],
        )
        unchecked.execute(
            "INSERT INTO source_runs (id, source_id, tenant_id, kind, state, asked_by, asked_at,"
            " finished_at, outcome, approved_removal) VALUES ('r', 'run', 't', 'sync', 'done',"
            " 'p', ?, ?, '{}', '')",
            (made, done),
        )
        unchecked.execute("INSERT INTO source_files VALUES ('files', 'a.pdf', 1, '1', '')")
        unchecked.commit()
    with database.engine.connect() as connection:
        command.upgrade(schema.migration_config(connection), "head")
        found = connection.exec_driver_sql("SELECT id, first_synced_at FROM sources").all()
    assert {row.id: row.first_synced_at for row in found} == {
        "run": done,
        "due": made,
        "files": made,
        "new": None,
    }


def test_a_folder_of_one_person_keeps_its_tenant_collection_and_session(path: Path) -> None:
    """As the version before tenants and people left it."""
    with sqlite.Sqlite(path).migrating() as connection:
        command.downgrade(schema.migration_config(connection), "20261128_1")
        for statement in (
            "INSERT INTO tenants (id, name) VALUES ('t', 'Organisme')",
            "INSERT INTO collections (id, tenant_id, name) VALUES ('c', 't', 'Documents')",
            "INSERT INTO sessions (id, secret_hash, person_id, tenant_id, roles, created_at,"
            " expires_at) VALUES ('s', 'hash', 'local', 't', '[\"agent\"]',"
            " '2026-01-01 00:00:00.000000', '2099-01-01 00:00:00.000000')",
        ):
            connection.exec_driver_sql(statement)
    database = open_database(path, migrate=True)
    access = AccessService(database.unit_of_work, FrozenClock())

    collection = access.ensure_default()

    owner = access.local_principal()
    scope = access.scope_of(owner)
    with database.unit_of_work() as work:
        session = work.sessions.find("hash", now=FrozenClock().now())
        assert session is not None
        standing = work.people.standing(session.person_id)
        tenant = work.tenancy.find_tenant(TenantId("t"))
    database.check()
    database.close()
    assert (collection.id, collection.tenant_id, owner.tenant_id) == ("c", "t", "t")
    assert scope.collection_ids == ("c",)
    assert tenant == Tenant(TenantId("t"), "Organisme")
    assert standing is not None
    assert standing.principal() == owner


def test_the_planner_is_told_of_every_index(database: Database) -> None:
    with database.engine.connect() as connection:
        indexes = {(table, columns) for table, _, columns in list_indexes(connection)}
        told = connection.exec_driver_sql("SELECT count(*) FROM sqlite_stat1").scalar_one()
    assert indexes == STATISTICS.keys()
    assert told >= len(indexes)


def test_opening_twice_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    open_database(path, migrate=True).close()
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [None, "empty"])
def test_an_outdated_schema_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "assistant.sqlite3"
    if content:
        sqlite3.connect(path).close()
        path.touch()
    with pytest.raises(ConfigurationError) as raised:
        open_database(path, migrate=False)
    assert raised.value.code == "database_outdated"
    assert "assistant serve" in raised.value.sentence


@pytest.mark.parametrize("migrate", [True, False])
def test_a_newer_schema_is_refused(path: Path, migrate: bool) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '20991231_1'")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigurationError) as raised:
        open_database(path, migrate=migrate)
    assert raised.value.code == "database_newer"
    assert raised.value.sentence


def test_what_is_not_a_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "assistant.sqlite3"
    path.write_bytes(b"pas une base " * 1000)
    with pytest.raises(StorageError):
        open_database(path, migrate=True)


def test_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise StorageError("disk_full")

    path = tmp_path / "assistant.sqlite3"
    monkeypatch.setattr(sqlite, "check_foreign_keys", fail)
    with pytest.raises(StorageError):
        open_database(path, migrate=True)
    monkeypatch.undo()
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert tables == []
    open_database(path, migrate=True).close()


def test_migrating_leaves_logging_alone(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("alembic").disabled)
    open_database(tmp_path / "new" / "assistant.sqlite3", migrate=True).close()
    assert (root.level, list(root.handlers), logging.getLogger("alembic").disabled) == before


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path;"
        "from assistant.adapters.sql.database import open_database;"
        "open_database(Path(sys.argv[1]), migrate=True).check()"
    )
    path = tmp_path / "data" / "assistant.sqlite3"
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(path)], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for child in children:
        _, errors = child.communicate(timeout=60)
        assert (child.returncode, errors) == (0, b"")
