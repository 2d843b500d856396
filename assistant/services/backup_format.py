"""What a backup holds: one ZIP file, nothing in it but what its manifest announces."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AwareDatetime, Field

from assistant.services.archive_lines import FileLine, Line, Sha256, Short

FORMAT = "assistant-regional/backup"
FORMAT_VERSION = 1
"""Raised by every change that an older program would read wrongly."""

SETTINGS = "settings.json"
HEADS = "audit-heads.jsonl"
CONTENTS = "files/"
DATABASES = frozenset({"database.sqlite3", "database.dump"})
NAME = re.compile(r"assistant-\d{8}T\d{6}Z\.zip")
"""Names that backups get, in order of time; only such files are ever pruned."""
_CONTENT = re.compile(r"files/([0-9a-f]{2})/(\1[0-9a-f]{62})")


class BackupManifest(Line):
    """What a backup is, and all that has to be in it beside this file."""

    format: str
    format_version: int
    product_version: Short
    created_at: AwareDatetime
    engine: Short
    """Of the database: "sqlite" or "postgresql"."""
    revision: Short
    """Of its schema."""
    database: Short
    """Name of its file."""
    missing: list[Sha256]
    """Contents that documents were read from and that were lost or damaged already."""
    files: Annotated[list[FileLine], Field(max_length=10_000_000)]


def content_path(sha256: str) -> str:
    """Where the content of a hash stands in a backup."""
    return f"{CONTENTS}{sha256[:2]}/{sha256}"


def content_of(path: str) -> str | None:
    """The hash of the content that stands there; None for anything else."""
    found = _CONTENT.fullmatch(path)
    return None if found is None else found.group(2)
