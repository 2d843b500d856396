"""What database, index and files are compared for, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.documents import VersionState
from assistant.domain.ids import (
    ChunkId,
    CollectionId,
    DocumentId,
    JobItemId,
    SourceId,
    TenantId,
    VersionId,
)
from assistant.domain.jobs import ItemState

MOST_EXAMPLES = 10
"""Ids told of each kind of defect."""


class Defect(StrEnum):
    """How two places that must agree may not."""

    POINT_MISSING = "point_missing"
    """A live chunk that the index does not hold; it is not found. Named by its chunk."""
    POINT_GHOST = "point_ghost"
    """A point of a version that the database does not know; it is never shown. Named by its chunk."""
    POINT_DOUBLE = "point_double"
    """A point of a live version that is none of its chunks. Named by its chunk."""
    POINT_MISPLACED = "point_misplaced"
    """A point with another owner, collection, document or version than its chunk. Named by its chunk."""
    VECTOR_MISSING = "vector_missing"
    """A live chunk without vector in the database: the index could not be made again. Named by its chunk."""
    READING_INCOMPLETE = "reading_incomplete"
    """A reading that waits for the index without all of its vectors, and no new one. Named by its version."""
    FILE_LOST = "file_lost"
    """A content that is needed and not kept. Named by its SHA-256."""
    FILE_DAMAGED = "file_damaged"
    """A kept content that does not have its hash. Named by its SHA-256."""
    FILE_ORPHAN = "file_orphan"
    """A kept content that the database does not know. Named by its SHA-256."""
    DOCUMENT_STUCK = "document_stuck"
    """A document that is neither served nor failed, and that nothing will read. Named by its id."""
    ITEM_STUCK = "item_stuck"
    """A file of a job that will never end. Named by its id."""
    SOURCE_MISSING = "source_missing"
    """A file that a source had when it was looked at last, without document. Named by its source."""
    SOURCE_ORPHAN = "source_orphan"
    """A document of a source that no look at it told of. Named by its id."""
    SOURCE_CHANGED = "source_changed"
    """A document with another content than its file had. Named by its id."""


@dataclass(frozen=True, slots=True)
class Finding:
    """All that was found of one defect."""

    defect: Defect
    count: int
    mended: int
    """How many of them were mended, or asked to be read again; 0 when that was not wanted."""
    examples: tuple[str, ...]
    """The first ten ids."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One comparison of all three."""

    started_at: datetime
    finished_at: datetime
    is_repair: bool
    """Whether what was found was to be mended."""
    compared: Mapping[str, int]
    """How many "chunks", "points" and "files" were looked at."""
    findings: tuple[Finding, ...]
    """Only what was found, in the order of `Defect`."""

    @property
    def is_clean(self) -> bool:
        """True when all three agreed."""
        return not self.findings

    @property
    def is_settled(self) -> bool:
        """True when nothing is left to do: all agreed, or all that did not was mended."""
        return all(finding.mended >= finding.count for finding in self.findings)


@dataclass(frozen=True, slots=True)
class HeldPoint:
    """What the index says of one of its points."""

    chunk_id: ChunkId
    tenant_id: TenantId
    collection_id: CollectionId
    document_id: DocumentId
    version_id: VersionId
    is_head: bool
    """True when it also stands for its document."""
    is_granted: bool = True
    """False when what searches filter on is not its tenant and collection."""


@dataclass(frozen=True, slots=True)
class ExpectedPoint:
    """What the database says of a live chunk."""

    number: int
    """Place among all chunks, for the next page."""
    point: HeldPoint
    has_vector: bool


@dataclass(frozen=True, slots=True)
class ChunkOwner:
    """The version of a chunk, in whatever state."""

    version_id: VersionId
    state: VersionState


@dataclass(frozen=True, slots=True)
class SourceGap:
    """Where the last look at a source and its documents differ."""

    defect: Defect
    source_id: SourceId
    tenant_id: TenantId
    named: str
    """Its document, or its source when it has none."""
    may_sync: bool
    """True when the machine reaches the files by itself, and no plan waits for a person."""


@dataclass(frozen=True, slots=True)
class StuckItem:
    """A file of a job that nothing will end."""

    id: JobItemId
    ends_as: ItemState
    """INDEXED when its version is served after all, else FAILED."""


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document as the machinery names it."""

    id: DocumentId
    tenant_id: TenantId
    collection_id: CollectionId
    sha256: str
