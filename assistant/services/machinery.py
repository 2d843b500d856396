"""What the machinery does for no reader: whole scopes, counts, and readings it asks for itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.domain.documents import Document, DocumentVersion
from assistant.domain.ids import DocumentId, JobId, JobItemId, PersonId, TenantId, VersionId, new_id
from assistant.domain.jobs import ItemState, Job, JobItem, JobKind, JobState
from assistant.domain.reconciliation import KnownDocument
from assistant.domain.tenancy import Grant, Scope
from assistant.ports.repositories import UnitOfWork
from assistant.services.paging import every_document

MACHINE = PersonId("system")
"""Who asks for what nobody asked for."""


def scope_of_version(version: DocumentVersion) -> Scope:
    """The collection of a version, and nothing else."""
    return _scope_of(Grant(version.tenant_id, version.collection_id))


def request_reindex(work: UnitOfWork, version_ids: frozenset[VersionId], *, now: datetime) -> int:
    """Ask the worker to read again the documents that live on these versions.

    Those that wait to be read anyway, since an earlier start asked for it, are left out.

    Returns:
        How many documents this adds to those that will be read again.
    """
    asked = 0
    for tenant in work.tenancy.list_tenants():
        lacking = [
            document
            for document in every_document(work, scope=whole_scope(work, tenant.id))
            if document.live_version_id in version_ids
        ]
        awaited = work.queue.documents_to_read([document.id for document in lacking])
        documents = [document for document in lacking if document.id not in awaited]
        asked += len(documents)
        for collection_id in sorted({document.collection_id for document in documents}):
            own = [each for each in documents if each.collection_id == collection_id]
            _add_job(work, own, now=now)
    return asked


def request_rereading(work: UnitOfWork, version: DocumentVersion, *, now: datetime) -> bool:
    """Ask the worker to read again the document of a version that cannot be shown.

    Returns:
        False when its document is deleted, or waits to be read anyway.
    """
    scope = scope_of_version(version)
    document = work.documents.find(version.document_id, scope=scope, managed=scope)
    if document is None or work.queue.documents_to_read([document.id]):
        return False
    _add_job(work, [document], now=now)
    return True


def request_documents(
    work: UnitOfWork, documents: Sequence[KnownDocument], *, now: datetime
) -> frozenset[DocumentId]:
    """Ask the worker to read some documents again, but for those that wait to be read anyway.

    Returns:
        Those that are, or will be, read again; deleted ones are not.
    """
    homes = {each.id: _scope_of(Grant(each.tenant_id, each.collection_id)) for each in documents}
    found = [work.documents.find(key, scope=home, managed=home) for key, home in homes.items()]
    present = {document.id: document for document in found if document is not None}
    awaited = work.queue.documents_to_read(list(present))
    wanted = [document for key, document in present.items() if key not in awaited]
    for collection_id in sorted({document.collection_id for document in wanted}):
        own = [each for each in wanted if each.collection_id == collection_id]
        _add_job(work, own, now=now)
    return frozenset(present)


def _scope_of(grant: Grant) -> Scope:
    return Scope(grant.tenant_id, MACHINE, frozenset({grant}))


def _add_job(work: UnitOfWork, documents: list[Document], *, now: datetime) -> None:
    job = Job(
        id=JobId(new_id()),
        tenant_id=documents[0].tenant_id,
        collection_id=documents[0].collection_id,
        kind=JobKind.REINDEX,
        source="reindex",
        state=JobState.QUEUED,
        created_by=MACHINE,
        created_at=now,
    )
    items = [
        JobItem(
            id=JobItemId(new_id()),
            job_id=job.id,
            ordinal=ordinal,
            name=document.name,
            state=ItemState.PENDING,
            sha256=document.sha256,
            size_bytes=document.size_bytes,
            document_id=document.id,
        )
        for ordinal, document in enumerate(documents)
    ]
    work.jobs.add(job, items)


def whole_scope(work: UnitOfWork, tenant_id: TenantId) -> Scope:
    """All collections of a tenant, for the machinery."""
    owned = work.tenancy.list_collections(tenant_id=tenant_id)
    grants = frozenset(Grant(tenant_id, collection.id) for collection in owned)
    return Scope(tenant_id, MACHINE, grants)
