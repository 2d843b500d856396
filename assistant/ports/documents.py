"""Documents, their passages and their links, as repositories of a unit of work.

Apart from the other `repositories` for its length; here too every read takes a `Scope`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.corrections import Correction, Exclusion
from assistant.domain.documents import (
    Document,
    DocumentCounts,
    DocumentVersion,
    ListFilter,
    Reading,
    SourceChunk,
    Successor,
    VersionRecord,
)
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, LinkId, PersonId
from assistant.domain.links import DocumentLink, LinkState, Proposal
from assistant.domain.tenancy import Scope


class DocumentRepository(Protocol):
    """Documents that are not deleted.

    Excluded ones are seen only where `managed` says so: the part of the scope that the caller
    administers, or all of it for the machinery. None, as for every reader, sees none.
    """

    def add(self, document: Document) -> None:
        """Keep a new document. Raises `Conflict` when (collection, source, name) is taken."""
        ...

    def update(self, document: Document) -> None:
        """Replace all fields of a document; `live_version_id` and `chunk_count` are not touched."""
        ...

    def find(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> Document | None:
        """A document within the scope."""
        ...

    def find_named(
        self, name: str, *, source: str, collection_id: CollectionId, scope: Scope
    ) -> Document | None:
        """The document of a name within its source, excluded ones included."""
        ...

    def list_of_source(
        self, source: str, *, collection_id: CollectionId, scope: Scope
    ) -> list[Document]:
        """All documents of a source, excluded ones included, by name."""
        ...

    def list_named(
        self, names: Collection[str], *, source: str, collection_id: CollectionId, scope: Scope
    ) -> list[Document]:
        """Those of a source that have one of some names (any number)."""
        ...

    def list_page(
        self,
        *,
        scope: Scope,
        wanted: ListFilter = ...,
        limit: int,
        offset: int,
        managed: Scope | None = None,
    ) -> list[Document]:
        """Documents by name or by date, then id."""
        ...

    def list_names(self, *, scope: Scope) -> list[tuple[str, str]]:
        """Name and title of every document that can be found, by name."""
        ...

    def live_versions(
        self,
        document_ids: Sequence[DocumentId],
        *,
        scope: Scope,
        managed: Scope | None = None,
    ) -> dict[DocumentId, DocumentVersion]:
        """The live version of each of these documents (any number); absent when it has none.

        Tells which content and fingerprint is served now, whatever was received since.
        """
        ...

    def list_of_contents(self, hashes: Sequence[str], *, scope: Scope) -> list[Document]:
        """Those whose last content has one of the SHA-256 (any number), oldest first; excluded ones too."""
        ...

    def held_contents(self, hashes: Sequence[str], *, scope: Scope) -> frozenset[str]:
        """Those of the SHA-256 (any number) that a document of the scope or a version of it has.

        Of what the file store keeps, only these may be used for this scope without being sent:
        whoever merely knows the hash of a foreign content gets nothing by it.
        """
        ...

    def counts(self, *, scope: Scope, managed: Scope | None = None) -> DocumentCounts:
        """How many documents are in each state."""
        ...

    def delete(self, document_id: DocumentId, *, scope: Scope, now: datetime) -> None:
        """Delete a document: unquotable from the commit on; its versions become RETIRED.

        When it was deleted stays known, for the answers that cite it.

        Raises:
            NotFound: No such document in the scope.
        """
        ...

    def erase(self, document_id: DocumentId, *, scope: Scope, now: datetime) -> None:
        """Delete a document and what is kept of it elsewhere.

        Its files lose their names in jobs, and those not read to the end are REMOVED; answers that rest
        on it, whoever asked, lose their text.

        Raises:
            NotFound: No such document in the scope.
        """
        ...

    def deleted_at(
        self, document_ids: Collection[DocumentId], *, scope: Scope
    ) -> dict[DocumentId, datetime]:
        """When each of these documents (any number) was deleted; absent when it was not, or not of the scope."""
        ...


class CurationRepository(Protocol):
    """What people put right of documents of the scope, and which they exclude; both included in every read."""

    def correct(
        self,
        document_id: DocumentId,
        correction: Correction,
        *,
        scope: Scope,
    ) -> bool:
        """Keep a correction in place of the one before; it holds from the commit on.

        A new title is searched once the document is read again: versions that were embedded with
        another one lose their fingerprint, so that the next reading of it is not spared.

        Args:
            document_id: The document.
            correction: Its revision is one more than that of the correction it was made from.
            scope: What the caller manages.

        Returns:
            True when a version is kept that was embedded with another title.

        Raises:
            NotFound: No such document within the scope.
            Conflict: Another revision is kept ("correction_outdated").
        """
        ...

    def exclude(
        self, document_ids: Collection[DocumentId], *, exclusion: Exclusion | None, scope: Scope
    ) -> list[Document]:
        """Exclude documents from all reading, or with None bring them back, from the commit on.

        Returns:
            Those that this changes, as they were.

        Raises:
            NotFound: One of them is not within the scope; nothing changes.
        """
        ...

    def copies(self, document_id: DocumentId, *, scope: Scope, limit: int) -> list[Document]:
        """The other documents of the scope that serve the very content that this one serves, by name.

        Raises:
            NotFound: No such document within the scope.
            Conflict: It is not served ("document_not_served").
        """
        ...

    def excluded_among(
        self, document_ids: Collection[DocumentId], *, scope: Scope
    ) -> frozenset[DocumentId]:
        """Those of the documents (any number) within the scope that are excluded."""
        ...

    def history(self, document_id: DocumentId, *, scope: Scope) -> list[VersionRecord]:
        """The versions of a document that the database holds, newest first."""
        ...


class ChunkRepository(Protocol):
    """Chunks of live versions of documents that are neither deleted nor excluded; others cannot be read."""

    def find_live(
        self, chunk_ids: Sequence[ChunkId], *, scope: Scope
    ) -> dict[ChunkId, SourceChunk]:
        """Those of the chunks that are live and within the scope; the others are absent."""
        ...

    def live_ids(self, chunk_ids: Collection[ChunkId], *, scope: Scope) -> frozenset[ChunkId]:
        """Those of the chunks (any number) that are live and within the scope."""
        ...

    def section_around(self, chunk_id: ChunkId, *, scope: Scope, radius: int) -> list[SourceChunk]:
        """A live chunk and up to `radius` chunks before and after it in its document, in order.

        Empty when the chunk is not live or not within the scope.
        """
        ...

    def list_of_document(
        self,
        document_id: DocumentId,
        *,
        scope: Scope,
        limit: int,
        offset: int,
        managed: Scope | None = None,
    ) -> list[SourceChunk]:
        """Live chunks of a document, in order; of an excluded one only where it is managed."""
        ...

    def find_text(self, document_id: DocumentId, *, text: str, scope: Scope) -> ChunkId | None:
        """The first live chunk of a document that says exactly this; None when none does."""
        ...

    def sample_headings(self, *, scope: Scope, limit: int) -> list[SourceChunk]:
        """First chunks of up to `limit` different documents, for example questions; by document id."""
        ...


class LinkRepository(Protocol):
    """What the texts of documents have in common, and the links between documents of a collection."""

    def add_reading(self, reading: Reading, *, scope: Scope) -> None:
        """Keep what a stored version's text tells of it. Raises `NotFound` outside the scope."""
        ...

    def find_readings(self, marks: Collection[str], *, scope: Scope, limit: int) -> list[Reading]:
        """READY and LIVE readings that bear one of some marks, those with most of them first.

        Args:
            marks: See `domain.links.marks_to_find`.
            scope: What may be read; for proposals, one collection.
            limit: Greatest number of readings; the search is bounded whatever the collection holds.
        """
        ...

    def propose(
        self,
        proposals: Sequence[Proposal],
        *,
        document_id: DocumentId,
        scope: Scope,
        now: datetime,
    ) -> None:
        """Make these the open proposals of a document, in place of earlier ones.

        A link on which somebody decided stays as it is, whichever way round. Proposals between
        documents that are not both of one collection of the scope are passed over.
        """
        ...

    def find(
        self, link_id: LinkId, *, scope: Scope, managed: Scope | None = None
    ) -> DocumentLink | None:
        """A link between documents of the scope that are not deleted; excluded ones only where managed."""
        ...

    def list_of_document(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> list[DocumentLink]:
        """All links of a document, whatever their state, oldest first.

        Those with an excluded document only where it is managed.
        """
        ...

    def list_page(
        self, *, scope: Scope, state: LinkState, limit: int, offset: int
    ) -> list[DocumentLink]:
        """Links in a state, oldest first."""
        ...

    def decide(
        self, link_id: LinkId, *, state: LinkState, by: PersonId, now: datetime, scope: Scope
    ) -> None:
        """Write what a person decided; a later decision takes the place of an earlier one.

        Raises:
            NotFound: No such link within the scope.
        """
        ...

    def successors(
        self, document_ids: Collection[DocumentId], *, scope: Scope
    ) -> dict[DocumentId, tuple[Successor, ...]]:
        """What takes the place of each of some documents by confirmed links; absent when nothing does.

        Of several, the gravest kind first, then the newest.
        """
        ...
