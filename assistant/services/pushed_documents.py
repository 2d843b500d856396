"""Documents that programs name by their own ids: each is the one file of a source of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from assistant.domain.documents import EXTERNAL_PREFIX, Document
from assistant.domain.errors import InvalidInput, NotFound, StorageError
from assistant.domain.ids import CollectionId, new_id
from assistant.domain.jobs import Job
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.documents import DocumentService
from assistant.services.ingestion import IngestionService
from assistant.services.names import is_printable, is_safe_name, normalised_name
from assistant.services.quotas import Room, room_of
from assistant.services.roles import require_admin, require_writer
from assistant.services.submission import AnnouncedFile, Renaming, Submission

_ID_CHARS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program puts a document."""

    external_id: str
    """The program's own id, unique within the collection."""
    collection_id: CollectionId


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a document that was put."""

    document: Document
    job: Job
    is_new: bool


class PushedDocuments:
    """Creates, replaces and deletes by external id. Blocking.

    The id is kept as the source of the document, complete with its one file: so a put is a plan like
    any other, the same content under the same name changes nothing, another name moves the document,
    and of two puts at once the later one holds.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        *,
        ingestion: IngestionService,
        documents: DocumentService,
        max_file_bytes: int,
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._ingestion = ingestion
        self._documents = documents
        self._max_file_bytes = max_file_bytes

    def put(
        self,
        place: Place,
        stream: BinaryIO,
        *,
        name: str,
        principal: Principal,
        scope: Scope,
        size_bytes: int | None = None,
    ) -> Put:
        """Create a document, or give it this content and this name.

        Args:
            place: Collection and external id.
            stream: The content.
            name: Name of its file; its ending helps nobody, the format is found by the content.
            principal: An administrator.
            scope: What it administers.
            size_bytes: How long the content is announced to be; None when that is not told.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such collection within the scope.
            InvalidInput: Bad id ("external_id_invalid") or name ("file_name_unsafe"), or a content
                beyond the limit ("file_too_large").
            QuotaExceeded: Its tenant has no room for it; what was there stays, and the content is read
                no further than the room goes.
            StorageError: The disk is full or fails, or loses what it had just kept; what was there stays.
        """
        require_writer(principal)
        source = _source(place, scope=scope)
        name = normalised_name(name)
        if not is_safe_name(name):
            raise InvalidInput("file_name_unsafe")
        claimant = new_id()
        try:
            content = self._kept(
                stream,
                room=self._room(place, source=source, scope=scope),
                size_bytes=size_bytes,
                claimant=claimant,
            )
            file = AnnouncedFile(name, *content)
            return self._submit(place, file, source=source, principal=principal, scope=scope)
        finally:
            with suppress(StorageError):  # it ends by itself
                self._files.let_go(claimant)

    def _submit(
        self, place: Place, file: AnnouncedFile, *, source: str, principal: Principal, scope: Scope
    ) -> Put:
        known = self._known(place, source=source, scope=scope)
        submit = partial(self._ingestion.submit, principal=principal, scope=scope)
        moved: tuple[Renaming, ...] = ()
        if known is not None and known.name != file.name:
            moved = (Renaming(known.name, file.name),)
            if known.sha256 == file.sha256:  # its name alone: who reads the content goes on
                submit(Submission(source, (), place.collection_id, renamed=moved))
                moved = ()
        job, _ = submit(
            Submission(
                source,
                (file,),
                place.collection_id,
                is_complete=True,
                renamed=moved,
                received=frozenset({file.sha256}),
            ),
            guard=lambda _: self._check_there(file),
        )
        document = self._known(place, source=source, scope=scope)
        if document is None:  # another program deleted it meanwhile
            raise NotFound
        return Put(document, job, is_new=known is None)

    def _check_there(self, file: AnnouncedFile) -> None:
        """Nobody else would ever send it, so that it must not have gone since it was kept."""
        if not self._files.has(file.sha256):
            raise StorageError

    def _room(self, place: Place, *, source: str, scope: Scope) -> Room:
        known = self._known(place, source=source, scope=scope)
        with self._open_work() as work:
            return room_of(work, known, tenant_id=scope.tenant_id)

    def _kept(
        self, stream: BinaryIO, *, room: Room, size_bytes: int | None, claimant: str
    ) -> tuple[str, int]:
        """Keep a content if there is room for it, and else read no further than there is."""
        room.check(size_bytes or 0)
        limit = self._max_file_bytes
        if room.largest_bytes is not None:
            limit = min(limit, room.largest_bytes)
        try:
            return self._files.put(stream, max_bytes=limit, claimant=claimant)
        except InvalidInput as error:
            if error.code == "file_too_large" and limit < self._max_file_bytes:
                room.check(limit + 1)
            raise

    def get(self, place: Place, *, principal: Principal, scope: Scope) -> Document:
        """A document by its external id.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such document within the scope.
            InvalidInput: Bad id ("external_id_invalid").
        """
        require_admin(principal)
        found = self._known(place, source=_source(place, scope=scope), scope=scope)
        if found is None:
            raise NotFound
        return found

    def delete(
        self, place: Place, *, principal: Principal, scope: Scope, with_traces: bool = False
    ) -> None:
        """Delete a document by its external id, as `DocumentService.delete` does.

        Raises:
            Forbidden, NotFound, InvalidInput: As `get`.
        """
        found = self.get(place, principal=principal, scope=scope)
        self._documents.delete(found.id, principal=principal, scope=scope, with_traces=with_traces)

    def _known(self, place: Place, *, source: str, scope: Scope) -> Document | None:
        with self._open_work() as work:
            found = work.documents.list_of_source(
                source, collection_id=place.collection_id, scope=scope
            )
        return found[0] if found else None


def _source(place: Place, *, scope: Scope) -> str:
    """The source that an external id stands for."""
    if not scope.allows(tenant_id=scope.tenant_id, collection_id=place.collection_id):
        raise NotFound
    external_id = normalised_name(place.external_id)
    is_short = 0 < len(external_id) <= _ID_CHARS
    if not is_short or not is_printable(external_id) or external_id != external_id.strip():
        raise InvalidInput("external_id_invalid", limit=_ID_CHARS)
    return EXTERNAL_PREFIX + external_id
