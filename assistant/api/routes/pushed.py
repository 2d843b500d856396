"""Documents that programs name by their own ids within a collection."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from assistant.api.body import BodyStream, announced_bytes
from assistant.api.deps import Admin, UseCases
from assistant.api.mapping import document_out, job_out
from assistant.domain.ids import CollectionId
from assistant.schemas.documents import DocumentOut, PutOut
from assistant.services.pushed_documents import Place

router = APIRouter(prefix="/collections", tags=["documents"])

_PATH = "/{collection_id}/documents/{external_id}"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put(_PATH, openapi_extra=_BODY, responses={201: {"model": PutOut}})
async def put_document(
    collection_id: str,
    external_id: str,
    request: Request,
    response: Response,
    caller: Admin,
    services: UseCases,
    name: Annotated[str, Query(description="Name of its file.")],
) -> PutOut:
    """Create the document that a program calls by this id, or replace it; the content is the raw body.

    The same content under the same name changes nothing. Another name renames the document. It is read
    afterwards: the job tells what became of it.
    """
    put = await run_in_threadpool(
        services.pushed.put,
        Place(external_id, CollectionId(collection_id)),
        BodyStream(request).as_binary(),
        name=name,
        principal=caller.principal,
        scope=caller.owned,
        size_bytes=announced_bytes(request),
    )
    job = await run_in_threadpool(services.jobs.get, put.job.id, scope=caller.owned)
    response.status_code = 201 if put.is_new else 200
    return PutOut(document=document_out(put.document), job=job_out(*job))


@router.get(_PATH)
def get_document_by_external_id(
    collection_id: str, external_id: str, caller: Admin, services: UseCases
) -> DocumentOut:
    """The document that a program calls by this id, and its state."""
    found = services.pushed.get(
        Place(external_id, CollectionId(collection_id)),
        principal=caller.principal,
        scope=caller.owned,
    )
    return document_out(found)


@router.delete(_PATH, status_code=204)
def delete_document_by_external_id(
    collection_id: str,
    external_id: str,
    caller: Admin,
    services: UseCases,
    erase: Annotated[
        bool, Query(description="Also erase it from jobs and from all answers that rest on it.")
    ] = False,
) -> None:
    """Delete the document that a program calls by this id: it is no longer quoted once this answers."""
    services.pushed.delete(
        Place(external_id, CollectionId(collection_id)),
        principal=caller.principal,
        scope=caller.owned,
        with_traces=erase,
    )
