"""Documents, their versions and their chunks, as the assistant keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from assistant.domain.corrections import CorrectedFields, Correction, Exclusion
from assistant.domain.ids import (
    ChunkId,
    CollectionId,
    DocumentId,
    JobId,
    PersonId,
    TenantId,
    VersionId,
)
from ingest.model import Act, ActStatus, DocumentKind, FileFormat, Locator, Notice, Quality

EXTERNAL_PREFIX = "external:"
"""Of the source of a document that a program names by its own id, which follows."""
Params = dict[str, str | int | float]
"""Values that complete a French sentence; kept as JSON beside its code."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something failed: a code of the catalogue and its parameters."""

    code: str
    params: Params


class DocumentState(StrEnum):
    """What a person may expect of a document now."""

    PENDING = "pending"
    """Known, not yet read for the first time."""
    LIVE = "live"
    """Searchable and quotable."""
    FAILED = "failed"
    """Never read with success; `reason` says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """One unit that a reader would open, whatever its versions."""

    id: DocumentId
    tenant_id: TenantId
    collection_id: CollectionId
    source: str
    """Label of where it comes from: "upload", or the absolute path of an ingested folder."""
    name: str
    """Name as ingested, relative to its source, with forward slashes. Unique in (collection, source)."""
    state: DocumentState
    created_at: datetime
    updated_at: datetime
    sha256: str = ""
    """Content of the last file received, hexadecimal; also its key in the file store."""
    size_bytes: int = 0
    title: str = ""
    format: FileFormat | None = None
    kind: DocumentKind = DocumentKind.OTHER
    date: date | None = None
    page_count: int = 0
    chunk_count: int = 0
    notices: tuple[Notice, ...] = ()
    reason: Reason | None = None
    """Why the last attempt failed. With state LIVE: the previous version is still served."""
    live_version_id: VersionId | None = None
    """The only version whose chunks may be read; None when there is none."""
    act: Act = field(default_factory=Act)
    """What the live version says of itself as an act; nothing when there is none."""
    quality: Quality | None = None
    """How the live version was read; None when there is none."""
    correction: Correction | None = None
    """What people put right, which title, kind and date hold already; None when nobody ever did."""
    exclusion: Exclusion | None = None
    """Who keeps it from being read; None while it may be."""

    @property
    def external_id(self) -> str | None:
        """What the program that sent it calls it; None for a document that has no such name."""
        is_external = self.source.startswith(EXTERNAL_PREFIX)
        return self.source.removeprefix(EXTERNAL_PREFIX) if is_external else None

    @property
    def corrected(self) -> CorrectedFields:
        """What people say in place of what was read; without fields when nobody does."""
        return CorrectedFields() if self.correction is None else self.correction.fields


class VersionState(StrEnum):
    """Life of one reading of a document."""

    READY = "ready"
    """Chunks and vectors are in the database, complete; the index does not hold all of it yet."""
    LIVE = "live"
    """In the index and the one its document points to."""
    RETIRED = "retired"
    """Replaced or deleted; to be removed from the index and the database."""


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One complete reading of one content by one parser, chunker and embedder."""

    id: VersionId
    document_id: DocumentId
    tenant_id: TenantId
    collection_id: CollectionId
    state: VersionState
    sha256: str
    """The content that was read."""
    fingerprint: str
    """Hash of content, parsers, chunker, embedder and programs missed; equal means nothing to do."""
    title: str
    format: FileFormat
    kind: DocumentKind
    date: date | None
    page_count: int
    notices: tuple[Notice, ...]
    created_at: datetime
    searched_title: str = ""
    """The title its chunks were embedded and are searched with; empty when it is the one that was read."""


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version that the database still holds, and where it comes from."""

    version: DocumentVersion
    chunk_count: int
    number: int | None = None
    """Which reading of its document it was, from 1; None when no job tells so, or not all do any more."""
    job_id: JobId | None = None
    asked_by: PersonId | None = None
    """Who asked for the job."""


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which documents of a list are wanted; everything unless told otherwise."""

    state: DocumentState | None = None
    """Of documents that are not excluded."""
    is_excluded: bool | None = None
    name_contains: str = ""
    """Part of the name, whatever the case."""
    format: FileFormat | None = None
    has_problems: bool = False
    """Only those whose last reading failed, or was told to be imperfect."""
    by_date: bool = False
    """Newest date first, undated ones last, instead of by name."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a version's whole text tells of it: as an act, how it was read, what it is like."""

    version_id: VersionId
    document_id: DocumentId
    title: str
    date: date | None
    created_at: datetime
    act: Act
    quality: Quality
    sketch: tuple[int, ...]
    """See `ingest.similarity`; empty for a text of too few words."""


class LinkKind(StrEnum):
    """What the first of two linked documents is to the second."""

    ABROGATES = "abrogates"
    REPLACES = "replaces"
    VERSION_OF = "version_of"
    """A later version of it."""
    MODIFIES = "modifies"
    """It changes a part of it; the rest stays."""
    SAME_ACT = "same_act"
    """The same text in another file."""


@dataclass(frozen=True, slots=True)
class Successor:
    """The document to look at instead of, or beside, another one: an administrator confirmed it."""

    document_id: DocumentId
    title: str
    date: date | None
    kind: LinkKind
    """What it is to the other one; never SAME_ACT."""
    articles: tuple[str, ...] = ()
    """Numbers of the articles that it modifies, as far as its text names them."""


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk about to be stored with its version."""

    id: ChunkId
    ordinal: int
    text: str
    locator: Locator
    tokens: int
    embedded_hash: str
    """SHA-256 of the embedded text; with the embedder's id, the key of its vector."""


@dataclass(frozen=True, slots=True)
class SourceChunk:
    """A chunk of a live version with what a citation shows of its document."""

    id: ChunkId
    document_id: DocumentId
    version_id: VersionId
    tenant_id: TenantId
    collection_id: CollectionId
    ordinal: int
    text: str
    locator: Locator
    tokens: int
    file: str
    """Name of the document as ingested."""
    title: str
    kind: DocumentKind
    date: date | None
    format: FileFormat
    status: ActStatus | None = None
    """What its document says of its own standing."""
    successor: Successor | None = None
    """What replaces, abrogates, follows or changes its document, when a person confirmed it."""
    label: str = ""
    """Classification of its collection; empty for none."""


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """How many documents of a scope are in each state; those that are excluded in none."""

    pending: int
    live: int
    failed: int
    chunks: int
    """Chunks of live versions that may be read."""
    excluded: int = 0
    """Counted for who manages them."""
