"""Documents, passages and jobs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from assistant.schemas.search import LocatorOut
from assistant.schemas.wire import Wire


class ActOut(Wire):
    """What a document says of itself as an act; null where its text leaves a doubt."""

    number: str | None
    authority: str | None
    """In French, such as "conseil municipal"."""
    subject: str | None
    date: date | None
    status: str | None
    """draft · abrogated · template."""
    in_force_on: date | None


class SuspicionOut(Wire):
    """Words that look like an order to the model; they stay text."""

    quote: str
    page: int | None


class QualityOut(Wire):
    """How a document was read."""

    level: str
    """good · check · warning."""
    warnings: list[str]
    """French sentences, each with what to do; empty when good."""
    letters_per_page: float | None
    ocr_share: float | None
    """Share of the pages read from their image, in [0, 1]; null without pages."""
    ocr_confidence: float | None
    """Mean certainty of what was read so, in [0, 1]."""
    headings: int
    tables: int
    links: int
    french_share: float | None
    """Share of the commonest French words, about .4 in French."""
    suspicions: list[SuspicionOut]


class DocumentOut(Wire):
    """A document and its state."""

    id: str
    collection_id: str
    source: str
    name: str
    title: str
    state: str
    """pending · live · failed · excluded (kept, and read by nobody; only administrators see it)."""
    format: str | None
    kind: str
    date: date | None
    page_count: int
    chunk_count: int
    size_bytes: int
    notices: list[str]
    """French sentences about how it was read."""
    reason_code: str | None
    reason: str | None
    """French sentence: why the last attempt failed."""
    created_at: datetime
    updated_at: datetime
    act: ActOut | None = None
    """Null when no live version was read."""
    quality: QualityOut | None = None
    """Null when no live version was read, or by an earlier version of the product."""
    corrected: tuple[str, ...] = ()
    """Those of title, kind and date that a person put right."""
    external_id: str | None = None
    """What the program that sent it calls it; null for a document that has no such name."""


class LinkEndOut(Wire):
    """One of two linked documents."""

    document_id: str
    name: str
    title: str
    date: date | None


class LinkOut(Wire):
    """A link between two documents of one collection."""

    id: str
    kind: str
    """replaces · abrogates · version_of · modifies · same_act: what the source is to the target."""
    state: str
    """proposed · confirmed · rejected."""
    source: LinkEndOut
    target: LinkEndOut
    evidence: str
    """The sentence that says so, or how much both texts share."""
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class DocumentCountsOut(Wire):
    """Documents per state, and chunks that can be searched."""

    pending: int
    live: int
    failed: int
    chunks: int
    excluded: int = 0
    """0 for who does not administer them."""


class DocumentPage(Wire):
    """Part of the list of documents, by name."""

    documents: list[DocumentOut]
    counts: DocumentCountsOut
    """Of the whole scope, whatever the filter."""


class PassageOut(Wire):
    """One chunk of a document."""

    chunk_id: str
    ordinal: int
    text: str
    locator: LocatorOut
    tokens: int


class PageOut(Wire):
    """A page image and the boxes of a passage on it."""

    page: int
    image_url: str
    boxes: list[tuple[float, float, float, float]]
    """left, top, right, bottom as shares of the page."""


class PassageDetail(Wire):
    """A passage with its document and the pages it stands on."""

    passage: PassageOut
    document_id: str
    file: str
    """Name of the document as ingested."""
    title: str
    kind: str
    date: date | None
    pages: list[PageOut]
    """Empty for formats without page images."""
    view_url: str
    """Same-origin page that shows the source with the passage highlighted."""
    label: str = ""
    """Classification of its collection; empty for none."""


class FileEntry(Wire):
    """A file announced by a source."""

    name: str = Field(min_length=1, max_length=1000)
    """Name relative to the source, with forward slashes."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0, le=2**53)


class FileProblem(Wire):
    """A file that could not even be opened by the caller; recorded as failed."""

    name: str = Field(min_length=1, max_length=1000)
    code: str = Field(max_length=100)


class JobIn(Wire):
    """Bring the index in line with some files."""

    source: str = "upload"
    """Label; for a folder, its absolute path."""
    files: list[FileEntry]
    unreadable: tuple[FileProblem, ...] = ()
    """Files the caller cannot open; recorded as failed with their reason."""
    is_complete: bool = False
    """True when `files` is all the source holds: documents it no longer names are deleted."""
    may_empty: bool = False
    """False refuses a complete source without any file, which would delete all its documents."""
    may_remove: bool = False
    """False refuses a complete source without a large share of its documents, which would be deleted."""
    collection_id: str | None = None
    """None takes the default collection."""


class JobItemOut(Wire):
    """One file of a job."""

    id: str
    name: str
    state: str
    document_id: str | None
    chunks: int
    pages: int
    reason_code: str | None
    """Why it failed, or why it waits for another try (state "retrying")."""
    reason: str | None
    setbacks: int = 0
    """Failures in passing so far; a failed item with some was given up after as many tries."""
    retry_at: datetime | None = None
    """When it is tried again by itself; in the state "retrying" alone."""


class JobOut(Wire):
    """A job and its progress."""

    id: str
    kind: str
    source: str
    state: str
    collection_id: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    total: int
    done: int
    counts: dict[str, int]
    """Items per state."""
    chunks: int
    pages: int
    elapsed_s: float
    files_per_s: float | None
    left_s: float | None
    next_try_at: datetime | None = None
    """When the first of the files that failed in passing is tried again by itself."""
    waiting_reason_code: str | None = None
    """Why that file failed in passing; null when no file waits."""
    waiting_reason: str | None = None
    """The same in French."""
    held_reason_code: str | None = None
    """Why files that were read are not shown yet, which passes by itself; null when nothing holds them."""
    held_reason: str | None = None
    """The same in French."""
    forgotten: int = 0
    """Files that are only counted any more, as the job ended long ago; the others are listed as items."""


class JobStarted(Wire):
    """A new job, and which files it still needs."""

    job: JobOut
    wanted: list[JobItemOut]
    """Items whose content must be sent to `PUT /api/v1/jobs/{job}/items/{item}/content`."""


class PutOut(Wire):
    """A document that a program put, and the job that reads it."""

    document: DocumentOut
    job: JobOut


class ContentsIn(Wire):
    """Contents of which is asked whether they are there."""

    sha256: list[Annotated[str, Field(pattern="^[0-9a-f]{64}$")]] = Field(max_length=1000)
    """Hexadecimal."""


class HeldContentOut(Wire):
    """A content that a document has already."""

    sha256: str
    document_id: str
    name: str
    title: str
    collection_id: str


class ReindexIn(Wire):
    """Read documents again from the kept originals."""

    document_ids: list[str] | None = None
    """None takes all documents of the scope."""
    force: bool = True
    """False skips documents whose fingerprint is unchanged."""
