"""Documents in the hands of their administrators: all about one, corrections, exclusions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from assistant.api.curation_out import corrected_out, dossier_out, fields_of, seen_chunk_out
from assistant.api.deps import Admin, Caller, UseCases
from assistant.api.mapping import document_out
from assistant.domain.ids import DocumentId
from assistant.domain.tenancy import Scope
from assistant.schemas.curation import (
    ChangedOut,
    CorrectedOut,
    CorrectionIn,
    DocumentsIn,
    DossierOut,
    SeenChunkOut,
)
from assistant.schemas.documents import DocumentOut

router = APIRouter(prefix="/documents", tags=["documents"])


@router.post("/exclude")
def exclude_documents(asked: DocumentsIn, caller: Admin, services: UseCases) -> ChangedOut:
    """Keep documents with their originals, and have nobody read them from when this answers."""
    changed = services.curation.exclude(_ids(asked), principal=caller.principal, scope=caller.owned)
    return ChangedOut(changed=changed)


@router.post("/include")
def include_documents(asked: DocumentsIn, caller: Admin, services: UseCases) -> ChangedOut:
    """Bring excluded documents back, from when this answers."""
    changed = services.curation.include(_ids(asked), principal=caller.principal, scope=caller.owned)
    return ChangedOut(changed=changed)


@router.get("/{document_id}/copies")
def list_copies(document_id: str, caller: Admin, services: UseCases) -> list[DocumentOut]:
    """The other documents that serve the very same file, by name; refused when this one is not served."""
    found = services.curation.copies(DocumentId(document_id), scope=caller.owned)
    return [document_out(each) for each in found]


@router.post("/{document_id}/keep")
def keep_document(
    document_id: str, asked: DocumentsIn, caller: Admin, services: UseCases
) -> ChangedOut:
    """Exclude copies of a document in one step, if it is served; what is no copy any more stays."""
    changed = services.curation.keep_only(
        DocumentId(document_id), _ids(asked), principal=caller.principal, scope=caller.owned
    )
    return ChangedOut(changed=changed)


@router.get("/{document_id}/dossier")
def get_dossier(document_id: str, caller: Admin, services: UseCases) -> DossierOut:
    """All that is known of a document that the caller reads and administers, excluded or not."""
    return dossier_out(services.curation.dossier(DocumentId(document_id), scope=_both(caller)))


@router.get("/{document_id}/chunks")
def list_chunks(
    document_id: str,
    caller: Admin,
    services: UseCases,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> list[SeenChunkOut]:
    """Passages of a document in order, as the assistant sees them."""
    found = services.curation.chunks(
        DocumentId(document_id), scope=_both(caller), limit=limit, offset=offset
    )
    return [seen_chunk_out(each) for each in found]


@router.put("/{document_id}/correction")
def correct_document(
    document_id: str, asked: CorrectionIn, caller: Admin, services: UseCases
) -> CorrectedOut:
    """Put title, kind or date right, in place of any correction before; empty, it takes all of it back."""
    corrected = services.curation.correct(
        DocumentId(document_id),
        fields_of(asked),
        based_on=asked.revision,
        principal=caller.principal,
        scope=caller.owned,
    )
    return corrected_out(corrected)


def _both(caller: Caller) -> Scope:
    """What the caller may read of what it administers."""
    return caller.scope.within(caller.owned)


def _ids(asked: DocumentsIn) -> list[DocumentId]:
    return [DocumentId(each) for each in asked.document_ids]
