"""What a planned file does to the row of its document before anything is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from assistant.domain.documents import Document, DocumentState
from assistant.domain.ids import DocumentId, new_id
from assistant.domain.jobs import ItemState, Job
from assistant.ports.repositories import UnitOfWork
from assistant.services.submission import PlannedFile


def expect(work: UnitOfWork, planned: PlannedFile, *, job: Job, now: datetime) -> Document:
    """The document of a content that is in the file store and will be read."""
    if planned.document is None:
        document = _new_document(planned, job=job, now=now)
        work.documents.add(document)
        return document
    state = planned.document.state
    document = replace(
        planned.document,
        sha256=planned.sha256,
        size_bytes=planned.size_bytes,
        state=DocumentState.PENDING if state is DocumentState.FAILED else state,
        reason=None,
        updated_at=now,
    )
    work.documents.update(document)
    return document


def expect_again(work: UnitOfWork, document: Document, *, job: Job, now: datetime) -> Document:
    """A known document whose kept content will be read again, or proves to be served already."""
    planned = PlannedFile(
        document.name, ItemState.PENDING, document.sha256, document.size_bytes, document=document
    )
    return expect(work, planned, job=job, now=now)


def blame(work: UnitOfWork, planned: PlannedFile, *, job: Job, now: datetime) -> Document:
    """The document of a file that cannot be taken; a live version stays served."""
    if planned.document is None:
        document = replace(
            _new_document(planned, job=job, now=now),
            state=DocumentState.FAILED,
            reason=planned.reason,
        )
        work.documents.add(document)
        return document
    has_live = planned.document.live_version_id is not None
    document = replace(
        planned.document,
        state=DocumentState.LIVE if has_live else DocumentState.FAILED,
        reason=planned.reason,
        updated_at=now,
    )
    work.documents.update(document)
    return document


def renamed(work: UnitOfWork, document: Document, *, name: str, now: datetime) -> Document:
    """The same document under another name of its source; nothing of it is read again."""
    is_untitled = document.title == _title_of(document.name)
    moved = replace(
        document,
        name=name,
        title=_title_of(name) if is_untitled else document.title,
        updated_at=now,
    )
    work.documents.update(moved)
    return moved


def _title_of(name: str) -> str:
    """What a document is called before its text tells its title."""
    return name.rsplit("/", 1)[-1]


def _new_document(planned: PlannedFile, *, job: Job, now: datetime) -> Document:
    return Document(
        id=DocumentId(new_id()),
        tenant_id=job.tenant_id,
        collection_id=job.collection_id,
        source=job.source,
        name=planned.name,
        state=DocumentState.PENDING,
        created_at=now,
        updated_at=now,
        sha256=planned.sha256,
        size_bytes=planned.size_bytes,
        title=_title_of(planned.name),
    )
