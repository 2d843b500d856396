"""Databases of a PostgreSQL server that are emptied and lent again: one costs more than most tests to make."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg

from eval.postgresql import TEMPLATE, PostgresqlServer

_MOST_BYTES = 2 * 1024 * 1024
"""A database that holds more, dead rows counted, is not lent again: the next test would read them."""
_CATALOGS = (
    "attrdef", "attribute", "constraint", "event_trigger", "extension", "index", "inherits",
    "namespace", "policy", "proc", "rewrite", "trigger", "type",
)  # fmt: skip
"""Whose rows a change of the schema adds, removes or writes anew."""
_FACTS = ", ".join(
    f"(SELECT concat(count(*), ':', max(xmin::text::bigint)) FROM pg_{each})"  # noqa: S608 - as above
    for each in _CATALOGS
)
_SCHEMA = f"""
    SELECT concat_ws(' ', {_FACTS},
        (SELECT sum(hashtext(concat(relname, relkind, relacl, reloptions, relrowsecurity))) FROM pg_class),
        (SELECT concat(datacl, datconnlimit) FROM pg_database WHERE datname = current_database()),
        (SELECT count(*) FROM pg_db_role_setting),
        (SELECT string_agg(version_num, ' ') FROM alembic_version))
"""  # noqa: S608 - as above
"""What changes with any change of the schema, of rights or of settings, and with no row of ours."""
_OUR_TABLES = """
    SELECT quote_ident(relname), pg_relation_size(oid) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    AND pg_relation_size(oid) > 0
"""
_RESTART = """
    SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
"""
_OTHERS = """
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""


class LendingServer(PostgresqlServer):
    """A server whose databases of the current schema are used again, under another name each time."""

    def __init__(self, started: Any) -> None:
        super().__init__(started)
        self._free: list[str] = []
        with psycopg.connect(self.url(TEMPLATE)) as connection:
            self._schema = _one(connection, _SCHEMA)

    @contextmanager
    def new_database(self, *, template: str = TEMPLATE) -> Generator[str]:
        """As that of any server; one whose schema is still the current one is emptied afterwards."""
        if template != TEMPLATE:
            with super().new_database(template=template) as url:
                yield url
            return
        name = self._taken()
        try:
            yield self.url(name)
        except BaseException:
            self._drop(name)
            raise
        if self._emptied(name):
            self._free.append(name)
        else:
            self._drop(name)

    def _taken(self) -> str:
        """Whoever still writes under the name of a database that was given back finds none."""
        name = f"test_{uuid4().hex}"
        while self._free:
            former = self._free.pop()
            try:
                self.run(f"ALTER DATABASE {former} RENAME TO {name}")
            except psycopg.Error:
                self._drop(former)
            else:
                return name
        self.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    def _emptied(self, name: str) -> bool:
        """False for one that is not as it was made but for its rows, or cannot be reached."""
        try:
            with psycopg.connect(self.url(name), autocommit=True) as connection:
                _end_others(connection)
                held = connection.execute(_OUR_TABLES).fetchall()
                if sum(size for _, size in held) > _MOST_BYTES:
                    return False
                _empty(connection, [table for table, _ in held])
                return _one(connection, _SCHEMA) == self._schema
        except psycopg.Error:
            return False

    def _drop(self, name: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _end_others(connection: psycopg.Connection[Any]) -> None:
    """Who has just gone is given a moment; who stays is sent away."""
    for _ in range(10):
        if not _one(connection, f"SELECT count(*) {_OTHERS}"):
            return
        time.sleep(0.002)
    connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}".encode())


def _empty(connection: psycopg.Connection[Any], tables: list[str]) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in tables:
            connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - quoted by the server
        connection.execute(_RESTART)


def _one(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return None if row is None else row[0]
