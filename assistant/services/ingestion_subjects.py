"""What a submission or a re-reading is about: its collection, and what is known of its documents."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain.documents import Document
from assistant.domain.errors import NotFound
from assistant.domain.ids import CollectionId, DocumentId
from assistant.domain.tenancy import Collection, Scope
from assistant.ports.repositories import UnitOfWork
from assistant.services.access import default_collection
from assistant.services.paging import every_document
from assistant.services.submission import KnownSource, Submission


def collection_of(
    work: UnitOfWork, *, collection_id: CollectionId | None, scope: Scope
) -> Collection:
    """The collection that a request is about; the default one without any. Raises `NotFound`."""
    if collection_id is None:
        return default_collection(work, scope=scope)
    for collection in work.tenancy.list_collections(tenant_id=scope.tenant_id):
        is_readable = scope.allows(tenant_id=collection.tenant_id, collection_id=collection.id)
        if collection.id == collection_id and is_readable:
            return collection
    raise NotFound


def known_of(
    work: UnitOfWork, request: Submission, *, collection_id: CollectionId, scope: Scope
) -> KnownSource:
    """What is known of a source: all of it when it is told whole, else what the request speaks of."""
    source = request.source
    if request.is_complete:
        documents = work.documents.list_of_source(source, collection_id=collection_id, scope=scope)
    else:
        documents = work.documents.list_named(
            request.names, source=source, collection_id=collection_id, scope=scope
        )
    live = work.documents.live_versions([each.id for each in documents], scope=scope, managed=scope)
    return KnownSource(
        documents={each.name: each for each in documents},
        fingerprints={key: version.fingerprint for key, version in live.items()},
    )


def documents_of(
    work: UnitOfWork, *, document_ids: Sequence[DocumentId] | None, scope: Scope
) -> list[Document]:
    """Those documents of a scope, all of it without any. Raises `NotFound` when one is unknown."""
    if document_ids is None:
        return every_document(work, scope=scope)
    found = [
        work.documents.find(each, scope=scope, managed=scope)
        for each in dict.fromkeys(document_ids)
    ]
    documents = [document for document in found if document is not None]
    if len(documents) != len(found):
        raise NotFound
    return documents
