"""What a listing of a source has that its documents have not, and the other way round.

Both are spooled into a small database of their own on the disk, so that memory stays flat whatever
their number, and no order of names is asked of a server or of the relational store.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.domain.errors import StorageError
from assistant.domain.sources import MOST_NAMES, WITHHELD, Finding, KnownFile
from assistant.services.names import displayed_name, is_safe_name, normalised_name
from assistant.services.submission import Renaming
from ingest.sources.listing import ListedFile, ListingFault

_SCHEMA = """
CREATE TABLE listed (name TEXT PRIMARY KEY, place TEXT, size INTEGER, stamp TEXT) WITHOUT ROWID;
CREATE TABLE known (name TEXT PRIMARY KEY, sha256 TEXT, size INTEGER, stamp TEXT, fault TEXT,
  is_to_retry INTEGER) WITHOUT ROWID;
CREATE TABLE contents (name TEXT PRIMARY KEY, sha256 TEXT, size INTEGER) WITHOUT ROWID;
CREATE TABLE renamed (old TEXT PRIMARY KEY, new TEXT UNIQUE) WITHOUT ROWID;
CREATE TABLE unsure (size INTEGER);
CREATE TABLE faults (name TEXT PRIMARY KEY, code TEXT, is_file INTEGER, size INTEGER) WITHOUT ROWID;
"""
_ADDED = """FROM listed LEFT JOIN known USING (name)
  WHERE known.name IS NULL AND NOT EXISTS (SELECT 1 FROM renamed WHERE new = listed.name)"""
_CHANGED = """FROM listed JOIN known USING (name) WHERE listed.stamp = '' OR known.is_to_retry
  OR known.stamp <> listed.stamp OR (listed.size >= 0 AND known.size <> listed.size)"""
_GONE = """FROM known WHERE NOT EXISTS (SELECT 1 FROM listed WHERE listed.name = known.name)
  AND NOT EXISTS (SELECT 1 FROM faults WHERE faults.name = known.name)
  AND NOT EXISTS (SELECT 1 FROM renamed WHERE old = known.name)"""
_REMOVED = f"""{_GONE} AND NOT EXISTS
  (SELECT 1 FROM unsure WHERE unsure.size < 0 OR unsure.size = known.size)"""  # noqa: S608 - made of constants
_CODES = ", ".join(f"'{code}'" for code in sorted(WITHHELD))
_PAGE = 1000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
TOO_LARGE = "file_too_large"
"""Code of a file beyond the size that is taken."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file whose content cannot be taken."""

    name: str
    code: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A listed file whose content has to be looked at, with what is known under its name."""

    listed: ListedFile
    known_sha256: str
    """Empty for a file that is new."""
    fault: str
    """Why the content that is known was not taken; empty when it was."""
    is_to_retry: bool
    sha256: str
    """Of its content when that was read already; else empty."""
    size_bytes: int

    @property
    def finding(self) -> Finding:
        """ADDED or CHANGED."""
        return Finding.CHANGED if self.known_sha256 or self.fault else Finding.ADDED


@contextmanager
def spooling() -> Generator[None]:
    """Turns what the disk of the spooled files refuses into the assistant's errors.

    Raises:
        StorageError: It is full ("disk_full") or fails ("storage_error").
    """
    try:
        yield
    except sqlite3.Error as error:
        is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        raise StorageError("disk_full" if is_full else None) from error
    except OSError as error:
        raise StorageError("disk_full" if error.errno in _FULL else None) from error


class SourceDifference:
    """Compares. Used from one thread; close it to give its files back.

    Args:
        scratch: Folder for what is spooled.
        max_file_bytes: Larger files cannot be taken.
    """

    def __init__(self, scratch: Path, *, max_file_bytes: int) -> None:
        self._max_file_bytes = max_file_bytes
        self._folder = TemporaryDirectory(dir=scratch, prefix="source-")
        self._database = self._opened()
        self.is_complete = True
        """False when a part could not be listed: nothing is removed or renamed then."""
        self.ignored = 0
        """Files that the patterns leave out."""

    def _opened(self) -> sqlite3.Connection:
        with ExitStack() as stack:
            stack.callback(self._folder.cleanup)
            database = sqlite3.connect(Path(self._folder.name) / "listing.sqlite3")
            stack.callback(database.close)
            database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
            stack.pop_all()
        return database

    def close(self) -> None:
        """Give the files of the comparison back; idempotent."""
        self._database.close()
        self._folder.cleanup()

    def take_listing(
        self,
        listing: Iterable[ListedFile | ListingFault],
        *,
        takes: Callable[[str], bool],
        check: Callable[[], None],
    ) -> None:
        """Spool what a place lists.

        Args:
            listing: The files, in any order.
            takes: Which names are taken.
            check: Called now and then; raises to give up.
        """
        for count, each in enumerate(listing):
            if count % _PAGE == 0:
                check()
            if isinstance(each, ListingFault):
                self.is_complete = self.is_complete and not each.hides_files
                if each.hides_files or takes(each.name):
                    self._blame(each.name, each.code)
            elif not takes(each.name):
                self.ignored += 1
            else:
                self._take(each)
        self._database.commit()

    def take_known(self, pages: Iterable[list[KnownFile]]) -> None:
        """Spool what is known of the source."""
        for page in pages:
            rows = (
                (each.name, each.sha256, each.size_bytes, each.stamp, each.fault, each.is_to_retry)
                for each in page
            )
            self._database.executemany("INSERT INTO known VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._database.commit()

    def note_content(self, name: str, *, sha256: str, size_bytes: int) -> None:
        """Note the content of a file that was read."""
        self._database.execute(
            "INSERT OR REPLACE INTO contents VALUES (?, ?, ?)", (name, sha256, size_bytes)
        )

    def rename_candidates(self) -> Iterator[WantedFile]:
        """New files that have the size of a document that is no longer listed."""
        if self.is_complete:
            yield from self._wanted(
                f"{_ADDED} AND EXISTS (SELECT 1 {_GONE})"
                f" AND (listed.size < 0 OR listed.size IN (SELECT size {_GONE}))"
            )

    def find_renamed(self) -> None:
        """Take files of noted content for documents of that content that are no longer listed.

        Among several of one content, the first names of both come together.
        """
        self._database.execute(
            f"""INSERT INTO renamed SELECT olds.name, news.name FROM
            (SELECT name, sha256, row_number() OVER (PARTITION BY sha256 ORDER BY name) AS turn
              {_GONE} AND sha256 <> '') AS olds JOIN
            (SELECT listed.name, contents.sha256, row_number()
              OVER (PARTITION BY contents.sha256 ORDER BY listed.name) AS turn
              {_ADDED.replace("LEFT JOIN known", "JOIN contents USING (name) LEFT JOIN known")})
              AS news USING (sha256, turn)"""  # noqa: S608 - made of constants
        )
        self._database.commit()

    def keep_out(self, is_kept_out: Callable[[str], bool]) -> None:
        """Pass over new files of some names; not those that are a document under another name."""
        new = self._rows(
            f"SELECT listed.name {_ADDED} UNION SELECT name FROM faults"  # noqa: S608 - of constants
            " WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.name = faults.name)"
        )
        names = [(name,) for (name,) in new if is_kept_out(name)]
        for table in ("listed", "faults"):
            self._database.executemany(f"DELETE FROM {table} WHERE name = ?", names)  # noqa: S608
        self.ignored += len(names)
        self._database.commit()

    def renamed(self) -> Iterator[Renaming]:
        """Documents that go under another name."""
        return (Renaming(*row) for row in self._rows("SELECT old, new FROM renamed ORDER BY old"))

    def listed_as(self, name: str) -> tuple[ListedFile, str]:
        """A listed file, and its content's SHA-256 as it was noted."""
        row = self._database.execute(
            "SELECT name, place, listed.size, stamp, sha256 FROM listed"
            " JOIN contents USING (name) WHERE name = ?",
            (name,),
        ).fetchone()
        return ListedFile(*row[:4]), row[4]

    def to_read(self) -> Iterator[WantedFile]:
        """New and changed files, by name; those that were withheld before come last, in any order."""
        yield from self._wanted(_ADDED)
        yield from self._wanted(_CHANGED)

    def removed(self) -> Iterator[str]:
        """Documents that are no longer listed, by name; none when the listing is not complete."""
        if self.is_complete:
            yield from (row[0] for row in self._rows(f"SELECT name {_REMOVED} ORDER BY name"))

    def untold_faults(self) -> Iterator[RefusedFile]:
        """Files that cannot be taken, and whose documents do not say so yet."""
        rows = self._rows(
            "SELECT faults.name, code, faults.size FROM faults LEFT JOIN known USING (name)"
            " WHERE is_file AND code <> ifnull(fault, '') ORDER BY faults.name"
        )
        return (RefusedFile(*row) for row in rows)

    def faults(self) -> tuple[tuple[str, str], ...]:
        """Name and code of the first of what cannot be taken or listed."""
        rows = self._rows("SELECT name, code FROM faults ORDER BY 1")
        return tuple((name, code) for name, code in islice(rows, MOST_NAMES))

    def blame(self, name: str, code: str, *, size_bytes: int = 0, is_there: bool = True) -> None:
        """Note that a file cannot be taken: it is kept out of all other findings.

        Args:
            name: The file.
            code: Why.
            size_bytes: How large it is, when that is why.
            is_there: False for one that vanished: no document is to say so.
        """
        self._database.execute("DELETE FROM listed WHERE name = ?", (name,))
        self._blame(name, code, is_file=is_there, size_bytes=size_bytes)

    def blame_moved(self, listed: ListedFile, code: str) -> None:
        """Note that a new file cannot be taken now, which may be a document that has moved.

        Documents that it may be are not removed, and none is made of it.
        """
        self._database.execute("INSERT INTO unsure VALUES (?)", (listed.size_bytes,))
        self.blame(listed.name, code, is_there=False)

    def removal(self) -> str:
        """Names the set of documents that are no longer listed; empty for none."""
        digest, any_removed = sha256(), False
        for name in self.removed():
            digest.update(name.encode() + b"\0")
            any_removed = True
        return digest.hexdigest() if any_removed else ""

    def known_count(self) -> int:
        """How many documents the source has."""
        return self._count("FROM known")

    def counts(self) -> dict[Finding, int]:
        """How many files of each kind, those with none left out."""
        changed, missing = self._count(_CHANGED), self._count(_REMOVED)
        both = self._count("FROM listed JOIN known USING (name)")
        counts = {
            Finding.ADDED: self._count(_ADDED),
            Finding.CHANGED: changed,
            Finding.RENAMED: self._count("FROM renamed"),
            Finding.REMOVED: missing if self.is_complete else 0,
            Finding.UNCHANGED: both - changed,
            Finding.IGNORED: self.ignored,
            Finding.UNREADABLE: self._count("FROM faults"),
        }
        return {finding: count for finding, count in counts.items() if count}

    def kept_back(self) -> int:
        """Documents that are missing and stay: the listing is not complete, or they may have moved."""
        return self._count(_GONE) - (self._count(_REMOVED) if self.is_complete else 0)

    def read_bytes(self) -> int:
        """Size of what is new or changed, as far as the place tells it."""
        total = 0
        for part in (_ADDED, _CHANGED):
            query = f"SELECT ifnull(sum(max(listed.size, 0)), 0) {part}"
            total += self._database.execute(query).fetchone()[0]
        return total

    def names(self) -> dict[Finding, tuple[str, ...]]:
        """The first names of each kind that a person wants to see."""
        queries = {
            Finding.ADDED: f"SELECT listed.name {_ADDED} ORDER BY 1",
            Finding.CHANGED: f"SELECT listed.name {_CHANGED} ORDER BY 1",
            Finding.RENAMED: "SELECT old || ' → ' || new FROM renamed ORDER BY 1",
            Finding.REMOVED: f"SELECT name {_REMOVED} ORDER BY 1",
        }
        if not self.is_complete:
            del queries[Finding.REMOVED]
        found = {
            finding: tuple(row[0] for row in self._rows(f"{query} LIMIT {MOST_NAMES}"))
            for finding, query in queries.items()
        }
        return {finding: names for finding, names in found.items() if names}

    def _take(self, file: ListedFile) -> None:
        name = normalised_name(file.name)
        if not is_safe_name(name):
            self._blame(name, "file_name_unsafe")
            return
        if file.size_bytes > self._max_file_bytes:
            self._blame(name, TOO_LARGE, is_file=True, size_bytes=file.size_bytes)
            return
        added = self._database.execute(
            "INSERT OR IGNORE INTO listed VALUES (?, ?, ?, ?)",
            (name, file.place, file.size_bytes, file.stamp),
        ).rowcount
        if not added:
            self._blame(f"{name} ({file.size_bytes})", "file_name_duplicate")

    def _blame(self, name: str, code: str, *, is_file: bool = False, size_bytes: int = 0) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO faults VALUES (?, ?, ?, ?)",
            (displayed_name(name), code, is_file, size_bytes),
        )

    def _wanted(self, part: str) -> Iterator[WantedFile]:
        joined = part.replace("FROM listed", "FROM listed LEFT JOIN contents USING (name)", 1)
        query = (
            "SELECT listed.name, listed.place, listed.size, listed.stamp,"
            " ifnull(known.sha256, ''), ifnull(known.fault, ''), ifnull(known.is_to_retry, 0),"
            f" ifnull(contents.sha256, ''), ifnull(contents.size, 0) {joined}"
            f" ORDER BY CASE WHEN known.fault IN ({_CODES}) THEN random() & 1023 ELSE -1 END, listed.name"
        )
        for row in self._rows(query):
            yield WantedFile(ListedFile(*row[:4]), row[4], row[5], bool(row[6]), row[7], row[8])

    def _count(self, part: str) -> int:
        found = self._database.execute(f"SELECT count(*) {part}")
        return found.fetchone()[0]

    def _rows(self, query: str) -> Iterator[Any]:
        with closing(self._database.cursor()) as cursor:
            cursor.execute(query)
            while page := cursor.fetchmany(_PAGE):
                yield from page
