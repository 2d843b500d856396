"""Database, indexes and files of a data folder, read directly while no server holds them."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections import Counter
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import qdrant_edge
from sqlalchemy import text

from assistant.adapters.sql.database import open_database
from assistant.adapters.sql.postgresql import Postgresql
from tests.integration.visibility_checker import Shown, shown_by

_TABLES = {
    "documents": "SELECT id, collection_id, source, name, sha256, state, is_deleted, excluded_at"
    " FROM documents",
    "versions": "SELECT id, document_id, state, sha256 FROM versions",
    "chunks": "SELECT id, version_id, ordinal, text FROM chunks",
    "generations": "SELECT number, place, state FROM generations"
    " WHERE state IN ('built', 'evaluated', 'active', 'previous')",
}
_NEEDED = (
    "SELECT sha256 FROM documents WHERE NOT is_deleted UNION SELECT sha256 FROM versions"
    " UNION SELECT sha256 FROM job_items"
    " WHERE state IN ('pending', 'retrying', 'parsing', 'embedding', 'indexing')"
)
_UNSETTLED = {
    "versions": "SELECT count(*) FROM versions WHERE state <> 'live'",
    "jobs": "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')",
    "items": "SELECT count(*) FROM job_items"
    " WHERE state NOT IN ('indexed', 'unchanged', 'removed', 'failed', 'cancelled')",
    "generations": "SELECT count(*) FROM generations WHERE state IN ('building', 'planned')"
    " OR (state IN ('removed', 'cancelled') AND NOT is_erased)",
    "contents": "SELECT count(*) FROM contents WHERE sha256 NOT IN (SELECT sha256 FROM documents"
    " WHERE NOT is_deleted) AND sha256 NOT IN (SELECT sha256 FROM versions)",
}
_LATER_S = 3600
"""Contents of which the database knows nothing are collected once they are older."""


@dataclass(frozen=True)
class Estate:
    """What stands on disk at one instant."""

    documents: list[Any]
    versions: list[Any]
    chunks: list[Any]
    generations: list[Any]
    needed: set[str]
    """Contents that a document, a version or an open item of a job refers to."""
    known: set[str]
    """Contents of which the database has a record."""
    points: dict[str, dict[str, str]]
    """Version by chunk of the points of each generation that is whole, by its place."""
    files: dict[str, Path]
    pages: set[str]

    @property
    def live(self) -> dict[str, str]:
        """Document by id of its live version."""
        return {each.id: each.document_id for each in self.versions if each.state == "live"}

    def shown(self) -> dict[str, Shown]:
        """What readers may be shown, by marker."""
        hidden = {each.id for each in self.documents if each.is_deleted or each.excluded_at}
        live = self.live
        return shown_by(
            (live[each.version_id], each.text)
            for each in self.chunks
            if each.version_id in live and live[each.version_id] not in hidden
        )

    def faults(self, *, is_quiet: bool) -> list[str]:
        """Where the three disagree.

        Args:
            is_quiet: Nothing is under way: all generations hold exactly what is live. Otherwise the
                searched one holds all that is live, and nothing that the database does not know.
        """
        found = [*self._faults_of_documents(), *self._faults_of_files(is_quiet=is_quiet)]
        for generation in self.generations:
            if is_quiet or generation.state == "active":
                found += self._faults_of_points(generation, is_quiet=is_quiet)
        if is_quiet:
            found += [
                f"ghost: version {each.id} is still {each.state}"
                for each in self.versions
                if each.state != "live"
            ]
        return found

    def _faults_of_documents(self) -> list[str]:
        served = Counter(self.live.values())
        named = Counter(
            (each.collection_id, each.source, each.name)
            for each in self.documents
            if not each.is_deleted
        )
        deleted = {each.id for each in self.documents if each.is_deleted}
        places = Counter((each.version_id, each.ordinal) for each in self.chunks)
        return [
            *(f"double: live versions of {each}" for each, count in served.items() if count > 1),
            *(f"double: documents named {each}" for each, count in named.items() if count > 1),
            *(f"double: passage {each}" for each, count in places.items() if count > 1),
            *(f"ghost: {each} is deleted and live" for each in deleted & served.keys()),
        ]

    def _faults_of_points(self, generation: Any, *, is_quiet: bool) -> list[str]:
        live, points = self.live, self.points[generation.place]
        known = {each.id for each in self.versions}
        chunks = {each.id: each.version_id for each in self.chunks}
        wanted = {each for each, version_id in chunks.items() if version_id in live}
        where = f"in generation {generation.number}"
        found = [f"gap: no point of {each} {where}" for each in sorted(wanted - points.keys())]
        for chunk_id, version_id in sorted(points.items()):
            if version_id not in known:
                found.append(f"ghost: point {chunk_id} {where} is of no version")
            elif chunks.get(chunk_id) != version_id:
                found.append(f"double: point {chunk_id} {where} is of no passage of its version")
            elif is_quiet and chunk_id not in wanted:
                found.append(f"ghost: point {chunk_id} {where} is not live")
        return found

    def _faults_of_files(self, *, is_quiet: bool) -> list[str]:
        found = [f"gap: no content {each}" for each in sorted(self.needed - self.files.keys())]
        for sha256, path in sorted(self.files.items()):
            if sha256 in self.needed:
                if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                    found.append(f"gap: content {sha256} is damaged")
            elif sha256 in self.known:
                if is_quiet:
                    found.append(f"ghost: content {sha256} is of nobody")
            elif time.time() - path.stat().st_mtime > _LATER_S:
                found.append(f"ghost: content {sha256} is unknown")
        drawn = self.pages - self.files.keys()
        return [*found, *(f"ghost: pages of {each} without it" for each in sorted(drawn))]


def estate_of(data: Path, *, database_url: str = "") -> Estate:
    """Read everything; the server of this folder must be dead."""
    rows, needed, known = _rows(data, database_url=database_url)
    files = data / "files"
    pages = data / "pages"
    return Estate(
        **rows,
        needed=needed,
        known=known,
        points={each.place: _points(data / "index" / each.place) for each in rows["generations"]},
        files={path.name: path for path in files.glob("[0-9a-f][0-9a-f]/*")},
        pages={path.name for path in pages.iterdir()} if pages.is_dir() else set(),
    )


def unsettled(data: Path, *, database_url: str = "") -> list[str]:
    """What the database tells is still under way; may be asked while a server works."""
    with _connected(data, database_url=database_url) as connection:
        return [
            name for name, query in _UNSETTLED.items() if connection.execute(text(query)).scalar()
        ]


def _rows(data: Path, *, database_url: str) -> tuple[dict[str, Any], set[str], set[str]]:
    with _connected(data, database_url=database_url) as connection:
        rows = {name: connection.execute(text(query)).all() for name, query in _TABLES.items()}
        needed = {row.sha256 for row in connection.execute(text(_NEEDED))} - {""}
        known = {row.sha256 for row in connection.execute(text("SELECT sha256 FROM contents"))}
    return rows, needed, known


@contextmanager
def _connected(data: Path, *, database_url: str) -> Generator[Any]:
    """A connection of its own, in one transaction that only reads."""
    place = Postgresql(database_url) if database_url else data / "assistant.sqlite3"
    with (
        closing(open_database(place, migrate=False)) as database,
        database.engine.connect() as connection,
    ):
        yield connection


def _points(place: Path) -> dict[str, str]:
    """Version by chunk, from a copy: what the next server finds is what the last one left."""
    with TemporaryDirectory(prefix="assistant-points-") as folder:
        copy = shutil.copytree(place / "shard", Path(folder) / "shard", copy_function=_sparse)
        shard = qdrant_edge.EdgeShard.load(str(copy))
        request = qdrant_edge.ScrollRequest(limit=1_000_000, with_payload=True, with_vector=False)
        records, _ = shard.scroll(request)
        shard.close()
    return {str(record.id): str((record.payload or {})["version_id"]) for record in records}


def _sparse(source: str, target: str) -> str:
    """Copy a file that is mostly holes."""
    with Path(source).open("rb") as old, Path(target).open("wb") as new:
        size = os.fstat(old.fileno()).st_size
        os.truncate(new.fileno(), size)
        at = 0
        while at < size:
            try:
                at = os.lseek(old.fileno(), at, os.SEEK_DATA)
            except OSError:  # nothing but a hole is left
                break
            end = os.lseek(old.fileno(), at, os.SEEK_HOLE)
            while at < end:
                at += os.copy_file_range(old.fileno(), new.fileno(), end - at, at, at)
    return target
