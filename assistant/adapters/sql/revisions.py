"""The revision of a database and those of this code, told without the library that migrates.

Every process asks at its start and few have anything to migrate: loading Alembic and all migrations
took as long as loading SQLAlchemy.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

_TABLE = "alembic_version"
_NAME = re.compile(r"^(down_)?revision = (?:None|(['\"])(.+)\2)$", re.MULTILINE)


def revision_of(connection: Connection) -> str:
    """The revision of a database; empty for one without tables."""
    if not inspect(connection).has_table(_TABLE):
        return ""
    return connection.scalar(text(f"SELECT version_num FROM {_TABLE}")) or ""  # noqa: S608 - our name


@cache
def revisions_in(migrations: Path) -> tuple[frozenset[str], str]:
    """All revisions of this code, and the last one; the files are read once a process.

    Raises:
        ValueError: They are no single chain.
    """
    known: set[str] = set()
    followed: set[str] = set()
    for path in (migrations / "versions").glob("*.py"):
        for is_former, _, name in _NAME.findall(path.read_text("utf-8")):
            (followed if is_former else known).add(name)
    (head,) = known - followed
    return frozenset(known), head
