"""Documents: list, read, show, delete."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from assistant.domain.audit import Act
from assistant.domain.documents import Document, DocumentCounts, ListFilter, SourceChunk
from assistant.domain.errors import IngestionError, InvalidInput, NotFound
from assistant.domain.ids import ChunkId, DocumentId
from assistant.domain.tenancy import Principal, Role, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.parsing import FileReader
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.decks import Decks
from assistant.services.examples import questions_from
from assistant.services.roles import require_active, require_writer
from ingest.errors import IngestError
from ingest.model import DECKS, PAGED, Box

_EVERY = ListFilter()
_SECTION_RADIUS = 12


class _Served(NamedTuple):
    document: Document
    sha256: str
    page_count: int = 0
    """0 when it has no page images, or when only its PDF tells."""
    is_deck: bool = False


class DocumentService:
    """Everything about documents that are already known. Blocking: call it in a thread."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        reader: FileReader,
        clock: Clock,
        *,
        audit: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._audit = audit
        self._clock = clock
        self._files = files
        self._reader = reader
        self._decks = Decks(files, reader)
        self._drawing = threading.Lock()

    def list_page(
        self,
        *,
        scope: Scope,
        wanted: ListFilter = _EVERY,
        limit: int,
        offset: int = 0,
        managed: Scope | None = None,
    ) -> list[Document]:
        """Documents by name, or as the filter says.

        Here and below, `managed` is the part of the scope where the reader sees excluded documents.
        """
        with self._open_work() as work:
            return work.documents.list_page(
                scope=scope, wanted=wanted, limit=limit, offset=offset, managed=managed
            )

    def of_contents(
        self, hashes: Sequence[str], *, principal: Principal, scope: Scope
    ) -> list[Document]:
        """Documents that have one of some contents already, so that these need not be sent.

        Args:
            hashes: SHA-256 of contents, hexadecimal.
            principal: An administrator.
            scope: What it administers: what others hold is told to nobody.

        Raises:
            Forbidden: The principal is no administrator.
        """
        require_writer(principal)
        with self._open_work() as work:
            return work.documents.list_of_contents(hashes, scope=scope)

    def counts(self, *, scope: Scope, managed: Scope | None = None) -> DocumentCounts:
        """How many documents of the scope are in each state."""
        with self._open_work() as work:
            return work.documents.counts(scope=scope, managed=managed)

    def get(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> Document:
        """A document.

        Raises:
            NotFound: No such document within the scope.
        """
        with self._open_work() as work:
            return _found(work, document_id, scope=scope, managed=managed)

    def delete(
        self,
        document_id: DocumentId,
        *,
        principal: Principal,
        scope: Scope,
        with_traces: bool = False,
    ) -> None:
        """Delete a document: unquotable when this returns.

        Args:
            document_id: The document.
            principal: An administrator.
            scope: What it administers.
            with_traces: Erase it: also its names in jobs, and the text of all answers that rest on it.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such document within the scope.
        """
        require_writer(principal)
        with self._open_work() as work:
            work.lock()
            document = _found(work, document_id, scope=scope, managed=scope)
            require_active(work, document.tenant_id)
            remove = work.documents.erase if with_traces else work.documents.delete
            remove(document_id, scope=scope, now=self._clock.now())
            self._audit.record_in(
                work,
                Act.DOCUMENT_ERASED if with_traces else Act.DOCUMENT_DELETED,
                by=principal,
                tenant_id=document.tenant_id,
                subject=document_id,
                details={"collection": document.collection_id},
            )
            work.commit()

    def original(
        self,
        document_id: DocumentId,
        *,
        principal: Principal,
        scope: Scope,
        managed: Scope | None = None,
    ) -> tuple[Path, Document]:
        """The file behind what is served now (else the last one received), and its document.

        What keys and privileged people take is recorded; what an agent reads with its own eyes is not.

        Raises:
            NotFound: No such document within the scope, or no content of it is kept.
        """
        document, sha256, _, _ = self._served(document_id, scope=scope, managed=managed)
        if not sha256:
            raise NotFound
        if principal.is_key or principal.roles - {Role.AGENT}:
            self._audit.record(
                Act.ORIGINAL_READ,
                by=principal,
                tenant_id=document.tenant_id,
                subject=document_id,
            )
        return self._files.path(sha256), document

    def kept_page_image(
        self, document_id: DocumentId, *, page: int, scope: Scope, managed: Scope | None = None
    ) -> Path | None:
        """The image of a page as `page_image` gives it, None when it is still to be drawn.

        Raises:
            NotFound: No such document within the scope, no such page, or a format without pages.
        """
        sha256, _ = self._content_of_page(document_id, page=page, scope=scope, managed=managed)
        return self._files.page_image(sha256, page=page)

    def must_print(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> bool:
        """True for a deck whose slides cannot be drawn before it is printed to PDF.

        Raises:
            NotFound: No such document within the scope.
        """
        _, sha256, _, is_deck = self._served(document_id, scope=scope, managed=managed)
        return is_deck and self._decks.kept(sha256) is None

    def print_deck(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> None:
        """Print a deck to PDF, in up to a minute, so that its slides can be drawn.

        Raises:
            NotFound: No such document within the scope, or it is no deck.
            IngestionError: It cannot be printed ("slides_need_office", "slides_unrenderable").
        """
        self._pdf_of_deck(document_id, scope=scope, managed=managed)

    def page_image(
        self, document_id: DocumentId, *, page: int, scope: Scope, managed: Scope | None = None
    ) -> Path:
        """The image of a page (from 1) of the version served now; drawn once, one page at a time.

        The pages of a deck are its slides, hidden ones counted.

        Raises:
            NotFound: No such document within the scope, no such page, or a format without pages.
            IngestionError: The page cannot be rendered.
        """
        sha256, is_deck = self._content_of_page(
            document_id, page=page, scope=scope, managed=managed
        )
        source = self._decks.printed(sha256) if is_deck else self._files.path(sha256)
        with self._drawing:
            return self._files.page_image(sha256, page=page) or self._draw(
                sha256, source=source, page=page
            )

    def slide_boxes(self, chunk: SourceChunk, *, scope: Scope) -> tuple[Box, ...]:
        """Where the words of a passage stand on the image of its slide; none when they are not there.

        Raises:
            NotFound: No such document within the scope, or it is no deck.
            IngestionError: The deck cannot be printed or searched.
        """
        pdf = self._pdf_of_deck(chunk.document_id, scope=scope)
        try:
            return self._reader.find_boxes(pdf, page=chunk.locator.place.slide, text=chunk.text)
        except IngestError as error:
            raise IngestionError.of(error) from error

    def passage(self, chunk_id: ChunkId, *, scope: Scope) -> SourceChunk:
        """A live passage.

        Raises:
            NotFound: It is not live or not within the scope.
        """
        with self._open_work() as work:
            found = work.chunks.find_live([chunk_id], scope=scope)
        if chunk_id not in found:
            raise NotFound
        return found[chunk_id]

    def section(self, chunk_id: ChunkId, *, scope: Scope) -> list[SourceChunk]:
        """A live passage with its neighbours of the same section, in order.

        Raises:
            NotFound: It is not live or not within the scope.
        """
        with self._open_work() as work:
            around = work.chunks.section_around(chunk_id, scope=scope, radius=_SECTION_RADIUS)
        center = next((index for index, each in enumerate(around) if each.id == chunk_id), None)
        if center is None:
            raise NotFound
        return _same_section(around, center=center)

    def passages(
        self,
        document_id: DocumentId,
        *,
        scope: Scope,
        limit: int,
        offset: int = 0,
        managed: Scope | None = None,
    ) -> list[SourceChunk]:
        """Live passages of a document, in order.

        Raises:
            NotFound: No such document within the scope.
            InvalidInput: `limit` or `offset` out of bounds.
        """
        if limit < 1 or offset < 0:
            raise InvalidInput("invalid_input", detail="bornes de page hors limites.")
        with self._open_work() as work:
            _found(work, document_id, scope=scope, managed=managed)
            return work.chunks.list_of_document(
                document_id, scope=scope, limit=limit, offset=offset, managed=managed
            )

    def example_questions(self, *, scope: Scope, limit: int) -> list[str]:
        """Questions to start with, made from titles and headings of the corpus."""
        with self._open_work() as work:
            chunks = work.chunks.sample_headings(scope=scope, limit=max(1, limit) * 3)
        return questions_from(chunks, limit=limit)

    def _content_of_page(
        self, document_id: DocumentId, *, page: int, scope: Scope, managed: Scope | None
    ) -> tuple[str, bool]:
        """The content that holds a page, and whether it is a deck, whose slides only its PDF counts."""
        _, sha256, page_count, is_deck = self._served(document_id, scope=scope, managed=managed)
        if page < 1 or (page > page_count and not is_deck):
            raise NotFound
        return sha256, is_deck

    def _pdf_of_deck(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> Path:
        _, sha256, _, is_deck = self._served(document_id, scope=scope, managed=managed)
        if not is_deck:
            raise NotFound
        return self._decks.printed(sha256)

    def _draw(self, sha256: str, *, source: Path, page: int) -> Path:
        try:
            image = self._reader.render_page(source, page=page)
        except IngestError as error:
            raise IngestionError.of(error) from error
        kept = self._files.put_page_image(sha256, page=page, image=image)
        if not self._files.has(sha256):
            # Its document was deleted meanwhile: nobody else would ever remove this image.
            self._files.remove(sha256)
            raise NotFound
        return kept

    def _served(self, document_id: DocumentId, *, scope: Scope, managed: Scope | None) -> _Served:
        """What is served of a document now, else what was received last."""
        with self._open_work() as work:
            document = _found(work, document_id, scope=scope, managed=managed)
            live = work.documents.live_versions([document_id], scope=scope, managed=managed).get(
                document_id
            )
        if live is None:
            return _Served(document, document.sha256)
        pages = live.page_count if live.format in PAGED else 0
        return _Served(document, live.sha256, pages, is_deck=live.format in DECKS)


def _found(
    work: UnitOfWork, document_id: DocumentId, *, scope: Scope, managed: Scope | None
) -> Document:
    document = work.documents.find(document_id, scope=scope, managed=managed)
    if document is None:
        raise NotFound
    return document


def _same_section(around: list[SourceChunk], *, center: int) -> list[SourceChunk]:
    section = around[center].locator.section
    first = last = center
    while first > 0 and around[first - 1].locator.section == section:
        first -= 1
    while last + 1 < len(around) and around[last + 1].locator.section == section:
        last += 1
    return around[first : last + 1]
