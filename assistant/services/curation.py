"""What administrators put right of documents, which they exclude, and all that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.domain.audit import Act
from assistant.domain.corrections import (
    TITLE_CHARS,
    CorrectedFields,
    Correction,
    Exclusion,
    Labels,
    check_fields,
)
from assistant.domain.documents import Document, SourceChunk, VersionRecord, VersionState
from assistant.domain.errors import InvalidInput, NotFound
from assistant.domain.ids import DocumentId, JobId, PersonId, new_id
from assistant.domain.jobs import Job, JobKind, JobState
from assistant.domain.retrieval import searched_text
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.job_items import JobItems, ended_if_settled
from assistant.services.names import is_printable
from assistant.services.roles import require_active, require_writer
from assistant.services.transactions import retried
from ingest.cleaning import seen_text
from ingest.model import Chunk

_MOST_COPIES = 1000


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one document."""

    document: Document
    read: Labels | None
    """What its live version says, without corrections; None when there is none."""
    versions: tuple[VersionRecord, ...]
    """Those that the database still holds, newest first."""
    people: dict[PersonId, str]
    """Names of those who corrected, excluded or had it read, as far as they are known."""

    @property
    def awaits_title(self) -> bool:
        """True while the live version is searched by another title than the one that holds."""
        for each in self.versions:
            if each.version.state is VersionState.LIVE:
                searched = each.version.searched_title or each.version.title
                return searched != self.document.title
        return False


@dataclass(frozen=True, slots=True)
class SeenChunk:
    """A passage as it is shown, and as it is embedded and searched."""

    chunk: SourceChunk
    embedded: str
    """Title and headings, then the passage: what the vector was made of."""
    searched: str
    """The same with the words of the file's name that it lacks."""
    is_excluded: bool


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction that was kept."""

    document: Document
    job_id: JobId | None
    """Reads the document again, so that it is searched by its title; None when nothing more has to be."""


class CurationService:
    """Documents in the hands of their administrators. Blocking: call it in a thread."""

    def __init__(
        self, open_work: UnitOfWorkFactory, files: FileStore, clock: Clock, *, audit: AuditTrail
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit
        self._items = JobItems(files, clock, audit=audit)

    def dossier(self, document_id: DocumentId, *, scope: Scope) -> Dossier:
        """All that is known of a document.

        Args:
            document_id: The document, excluded or not.
            scope: What the reader both reads and administers.

        Raises:
            NotFound: No such document within the scope.
        """
        with self._open_work() as work:
            document = _found(work, document_id, scope=scope)
            versions = work.curation.history(document_id, scope=scope)
            people = _names(work, document, versions=versions)
        live = (each.version for each in versions if each.version.state is VersionState.LIVE)
        read = next((Labels(each.title, each.kind, each.date) for each in live), None)
        return Dossier(document, read, tuple(versions), people)

    def chunks(
        self, document_id: DocumentId, *, scope: Scope, limit: int, offset: int
    ) -> list[SeenChunk]:
        """The passages of the version that is served, in order, as the assistant sees them.

        Args:
            document_id: The document, excluded or not.
            scope: What the reader both reads and administers.
            limit: Greatest number of passages.
            offset: How many to pass over before.

        Raises:
            NotFound: No such document within the scope.
        """
        with self._open_work() as work:
            document = _found(work, document_id, scope=scope)
            live = work.documents.live_versions([document_id], scope=scope, managed=scope)
            found = work.chunks.list_of_document(
                document_id, scope=scope, limit=limit, offset=offset, managed=scope
            )
        titles = {each.id: each.searched_title or each.title for each in live.values()}
        return [
            _seen(each, title=titles[each.version_id], document=document)
            for each in found
            if each.version_id in titles
        ]

    def correct(
        self,
        document_id: DocumentId,
        fields: CorrectedFields,
        *,
        based_on: int,
        principal: Principal,
        scope: Scope,
    ) -> Corrected:
        """Put title, kind or date of a document right, in place of any correction before.

        It holds at once wherever the document is named; it is searched by a new title once it has
        been read again, as a whole.

        Args:
            document_id: The document.
            fields: All that is to differ from the reading; without any, the reading holds again.
            based_on: Revision of the correction that the person saw, 0 for none.
            principal: An administrator.
            scope: What it administers.

        Raises:
            Forbidden: The principal is no administrator.
            InvalidInput: "title_refused" or "date_refused".
            NotFound: No such document within the scope.
            Conflict: Somebody else corrected it meanwhile ("correction_outdated").
        """
        require_writer(principal)
        cleaned = _cleaned(fields)
        check_fields(cleaned, today=self._clock.now().date())
        return retried(
            lambda: self._correct(
                document_id, cleaned, based_on=based_on, principal=principal, scope=scope
            )
        )

    def exclude(
        self, document_ids: Sequence[DocumentId], *, principal: Principal, scope: Scope
    ) -> int:
        """Keep documents and have nobody read them, from when this returns; how many were not so before.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: One of them is not within the scope; nothing changes.
        """
        exclusion = Exclusion(by=principal.person_id, at=self._clock.now())
        return self._set(document_ids, exclusion=exclusion, principal=principal, scope=scope)

    def copies(self, document_id: DocumentId, *, scope: Scope) -> list[Document]:
        """The other documents of the scope that serve the very same file, by name; at most a thousand.

        Raises:
            NotFound: No such document within the scope.
            Conflict: It is not served ("document_not_served").
        """
        with self._open_work() as work:
            return work.curation.copies(document_id, scope=scope, limit=_MOST_COPIES)

    def keep_only(
        self,
        document_id: DocumentId,
        copies: Sequence[DocumentId],
        *,
        principal: Principal,
        scope: Scope,
    ) -> int:
        """Exclude copies of a document that stays served; how many were read before.

        Those that serve another content by now stay.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such document within the scope.
            Conflict: It is not served ("document_not_served"); nothing changes.
        """
        exclusion = Exclusion(by=principal.person_id, at=self._clock.now())
        return self._set(
            copies, exclusion=exclusion, principal=principal, scope=scope, kept=document_id
        )

    def include(
        self, document_ids: Sequence[DocumentId], *, principal: Principal, scope: Scope
    ) -> int:
        """Bring excluded documents back, from when this returns; how many were excluded.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: One of them is not within the scope; nothing changes.
        """
        return self._set(document_ids, exclusion=None, principal=principal, scope=scope)

    def _correct(
        self,
        document_id: DocumentId,
        fields: CorrectedFields,
        *,
        based_on: int,
        principal: Principal,
        scope: Scope,
    ) -> Corrected:
        with self._open_work() as work:
            work.lock()
            now = self._clock.now()
            correction = Correction(fields, based_on + 1, principal.person_id, now)
            is_outdated = work.curation.correct(document_id, correction, scope=scope)
            document = _found(work, document_id, scope=scope)
            require_active(work, document.tenant_id)
            self._tell(work, Act.DOCUMENT_CORRECTED, document, principal, fields=fields)
            job_id = self._reread(work, document, by=principal) if is_outdated else None
            document = _found(work, document_id, scope=scope)
            work.commit()
        return Corrected(document, job_id)

    def _reread(self, work: UnitOfWork, document: Document, *, by: Principal) -> JobId | None:
        """A job that reads it again; None when it waits to be read anyway, and will be with its title."""
        if work.queue.documents_to_read([document.id]):
            return None
        job = Job(
            id=JobId(new_id()),
            tenant_id=document.tenant_id,
            collection_id=document.collection_id,
            kind=JobKind.REINDEX,
            source="reindex",
            state=JobState.QUEUED,
            created_by=by.person_id,
            created_at=self._clock.now(),
        )
        item = self._items.reread(work, document, ordinal=0, job=job, is_served=False)
        job = ended_if_settled(job, [item], now=self._clock.now())
        work.jobs.add(job, [item])
        self._items.tell_of(work, job, items=[item], by=by)
        return job.id

    def _set(
        self,
        document_ids: Sequence[DocumentId],
        *,
        exclusion: Exclusion | None,
        principal: Principal,
        scope: Scope,
        kept: DocumentId | None = None,
    ) -> int:
        require_writer(principal)
        act = Act.DOCUMENT_EXCLUDED if exclusion else Act.DOCUMENT_INCLUDED
        with self._open_work() as work:
            work.lock()
            require_active(work, scope.tenant_id)
            if kept is not None:
                served = work.curation.copies(kept, scope=scope, limit=_MOST_COPIES)
                still = {each.id for each in served}
                document_ids = [each for each in document_ids if each in still]
            changed = work.curation.exclude(document_ids, exclusion=exclusion, scope=scope)
            for document in changed:
                self._tell(work, act, document, principal)
            work.commit()
        return len(changed)

    def _tell(
        self,
        work: UnitOfWork,
        act: Act,
        document: Document,
        by: Principal,
        *,
        fields: CorrectedFields | None = None,
    ) -> None:
        """Which fields, never what they say: a title may name people, and the log is not erased."""
        details: dict[str, str | int] = {"collection": document.collection_id}
        if fields is not None:
            details["fields"] = ",".join(fields.names)
        self._audit.record_in(
            work,
            act,
            by=by,
            tenant_id=document.tenant_id,
            subject=document.id,
            details=details,
        )


def _found(work: UnitOfWork, document_id: DocumentId, *, scope: Scope) -> Document:
    document = work.documents.find(document_id, scope=scope, managed=scope)
    if document is None:
        raise NotFound
    return document


def _seen(chunk: SourceChunk, *, title: str, document: Document) -> SeenChunk:
    of_file = Chunk(chunk.ordinal, chunk.text, chunk.locator, chunk.tokens)
    embedded = of_file.embedded_text(title=title)
    searched = searched_text(embedded, name=document.name)
    return SeenChunk(chunk, embedded, searched, is_excluded=document.exclusion is not None)


def _names(
    work: UnitOfWork, document: Document, *, versions: Sequence[VersionRecord]
) -> dict[PersonId, str]:
    acted = {each.asked_by for each in versions}
    acted |= {document.correction.by if document.correction else None}
    acted |= {document.exclusion.by if document.exclusion else None}
    people = {each: work.people.find(each, tenant_id=document.tenant_id) for each in acted if each}
    return {each: person.name for each, person in people.items() if person is not None}


def _cleaned(fields: CorrectedFields) -> CorrectedFields:
    """On one line, without signs that nobody sees."""
    if fields.title is None:
        return fields
    title = " ".join(seen_text(fields.title).split())
    if not is_printable(title):
        raise InvalidInput("title_refused", limit=TITLE_CHARS)
    return CorrectedFields(title, fields.kind, fields.date, fields.is_undated)
