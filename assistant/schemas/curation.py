"""What administrators see and do of one document."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from assistant.schemas.documents import DocumentOut, PassageOut
from assistant.schemas.wire import Wire

_Day = date
TITLE_CHARS = 300
"""Longest title that is taken."""


class CorrectionIn(Wire):
    """All that is to differ from what was read; what is null is left to the reading."""

    title: str | None = Field(default=None, max_length=10 * TITLE_CHARS)
    """1 to 300 characters once the signs that nobody sees are gone."""
    kind: str | None = None
    date: _Day | None = None
    is_undated: bool = False
    """True when the date that was read is wrong, and there is none."""
    revision: int = Field(ge=0)
    """Of the correction that the caller saw, 0 for none: a later one is not written over."""


class CorrectionOut(Wire):
    """What people say in place of what was read."""

    title: str | None
    kind: str | None
    date: date | None
    is_undated: bool
    is_empty: bool
    """True once all of it was reverted: the reading holds."""
    revision: int
    by: str
    """Name of the person; empty for one who is gone."""
    at: datetime


class ReadLabelsOut(Wire):
    """What the version that is served says of itself."""

    title: str
    kind: str
    date: date | None


class ExclusionOut(Wire):
    """Who keeps a document from being read."""

    by: str
    """Name of the person; empty for one who is gone."""
    at: datetime


class VersionOut(Wire):
    """A reading of a document."""

    id: str
    number: int | None
    """Which reading it was, from 1; null for one that no job tells of."""
    state: str
    """ready (waits for the index) · live (served) · retired (about to be erased)."""
    created_at: datetime
    chunk_count: int
    page_count: int
    sha256: str
    job_id: str | None
    asked_by: str
    """Who had it read; empty for the machine, or for a person who is gone."""


class DossierOut(Wire):
    """All that is known of a document, for its administrators."""

    document: DocumentOut
    read: ReadLabelsOut | None
    """Null while no version is served."""
    correction: CorrectionOut | None
    """Null when nobody ever corrected it."""
    exclusion: ExclusionOut | None
    versions: list[VersionOut]
    """Those that the database still holds, newest first."""
    awaits_title: bool
    """True while it is still searched by another title than the one that holds."""


class SeenChunkOut(Wire):
    """A passage as it is shown, and as the assistant looks for it."""

    passage: PassageOut
    embedded: str
    """The text whose vector is searched: title and headings, then the passage."""
    other_words: str
    """Words of the file's name that are searched beside it; empty when it has them all."""
    view_url: str
    """Page that shows it in its source; empty while its document is excluded."""


class CorrectedOut(Wire):
    """A correction that was kept."""

    document: DocumentOut
    revision: int
    job_id: str | None
    """Reads the document again, so that it is searched by its title; null when nothing has to be."""


class DocumentsIn(Wire):
    """Some documents."""

    document_ids: list[str] = Field(min_length=1, max_length=1000)


class ChangedOut(Wire):
    """How many documents were not so before."""

    changed: int
