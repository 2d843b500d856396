"""The relational store as one file, for backups: written beside its users, and put in an empty place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """What a snapshot holds."""

    revision: str
    """Of its schema."""
    contents: Sequence[str]
    """SHA-256 of the contents that it knows, announced ones included."""
    needed: frozenset[str]
    """Those of them that its documents were read from."""


class Snapshots(Protocol):
    """One database, whole. Every method may raise `StorageError`."""

    @property
    def engine(self) -> str:
        """Name of the engine, which the file of a snapshot is for."""
        ...

    @property
    def file_name(self) -> str:
        """What the file is called in a backup."""
        ...

    def check_tools(self) -> None:
        """Refuse what cannot be done here.

        Raises:
            ConfigurationError: A program of the engine is not installed ("backup_tool_missing").
        """
        ...

    def write(self, target: Path) -> SnapshotFacts:
        """Write one moment of the database to a new file; nobody waits for it.

        Raises:
            StorageError: It cannot be written, or the database is damaged ("database_damaged").
        """
        ...

    def is_empty(self) -> bool:
        """True when there is nothing yet where it would be put."""
        ...

    def knows(self, revision: str) -> bool:
        """True for a schema of this program or of an older one."""
        ...

    def check(self, file: Path) -> None:
        """Bring the file of a snapshot up to date where the engine does that before it is put in place.

        Raises:
            ConfigurationError: A newer program wrote it ("database_newer").
            StorageError: It is damaged ("database_damaged").
        """
        ...

    def place(self, file: Path) -> None:
        """Make a checked snapshot the database: all of it or nothing; the file may be gone afterwards."""
        ...
