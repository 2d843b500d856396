"""Documents: list, upload, read again, delete, and what they hold."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response

from assistant.api.body import FORM, announced, uploads_of
from assistant.api.deps import Admin, Caller, DrawingDep, Reader, UseCases
from assistant.api.document_filter import wanted_documents
from assistant.api.mapping import counts_out, document_out, job_out, passage_out
from assistant.api.reading_out import link_out
from assistant.containers import Container
from assistant.domain.documents import Document, ListFilter
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import CollectionId, DocumentId, LinkId
from assistant.domain.links import LinkState
from assistant.schemas.documents import (
    ContentsIn,
    DocumentOut,
    DocumentPage,
    HeldContentOut,
    JobOut,
    JobStarted,
    LinkOut,
    PassageOut,
    ReindexIn,
)
from assistant.services.access import narrowed
from assistant.services.submission import Submission
from ingest.model import FileFormat

router = APIRouter(prefix="/documents", tags=["documents"])

_NOT_MODIFIED = 304

Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=2**31)]

_PAGE_CACHE = "private, no-cache"
"""A browser asks each time whether it may show its copy: who lost the right sees nothing of it."""
_MEDIA_TYPES = {
    FileFormat.PDF: "application/pdf",
    FileFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileFormat.ODT: "application/vnd.oasis.opendocument.text",
    FileFormat.MARKDOWN: "text/markdown; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.XLS: "application/vnd.ms-excel",
    FileFormat.ODS: "application/vnd.oasis.opendocument.spreadsheet",
    FileFormat.CSV: "text/csv",
    FileFormat.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    FileFormat.PPT: "application/vnd.ms-powerpoint",
    FileFormat.ODP: "application/vnd.oasis.opendocument.presentation",
    FileFormat.DOC: "application/msword",
    FileFormat.RTF: "application/rtf",
    FileFormat.MSG: "application/vnd.ms-outlook",
}
_IMAGE_TYPES = {".webp": "image/webp", ".png": "image/png", ".jpg": "image/jpeg"}


@router.get("")
def list_documents(
    caller: Reader,
    services: UseCases,
    wanted: Annotated[ListFilter, Depends(wanted_documents)],
    limit: Limit = 50,
    offset: Offset = 0,
    collections: Annotated[list[str] | None, Query(max_length=100)] = None,
) -> DocumentPage:
    """Documents by name or by date, with counts of all the caller may read, or of some collections of it."""
    scope = narrowed(caller.scope, collections)
    found = services.documents.list_page(
        scope=scope, wanted=wanted, limit=limit, offset=offset, managed=caller.owned
    )
    return DocumentPage(
        documents=[document_out(each) for each in found],
        counts=counts_out(services.documents.counts(scope=scope, managed=caller.owned)),
    )


@router.post("", status_code=201, openapi_extra=FORM)
async def upload_documents(
    request: Request,
    caller: Admin,
    services: UseCases,
    collection_id: Annotated[str | None, Query()] = None,
) -> JobStarted:
    """Take files, under the field "files", as one job; a refused file does not stop the others."""
    uploads = await uploads_of(request)
    try:
        return await run_in_threadpool(
            _take, uploads, services=services, caller=caller, collection_id=collection_id
        )
    finally:
        for upload in uploads:
            await upload.close()


@router.post("/held")
def tell_held(asked: ContentsIn, caller: Admin, services: UseCases) -> list[HeldContentOut]:
    """Which of some contents documents of one's own collections have already, before they are sent."""
    found = services.documents.of_contents(
        asked.sha256, principal=caller.principal, scope=caller.owned
    )
    return [
        HeldContentOut(
            sha256=each.sha256,
            document_id=each.id,
            name=each.name,
            title=each.title,
            collection_id=each.collection_id,
        )
        for each in found
    ]


@router.post("/reindex", status_code=202)
def reindex(asked: ReindexIn, caller: Admin, services: UseCases) -> JobOut:
    """Read documents again from the kept originals."""
    wanted = None
    if asked.document_ids is not None:
        wanted = [DocumentId(each) for each in asked.document_ids]
    job = services.ingestion.reindex(
        wanted, force=asked.force, principal=caller.principal, scope=caller.owned
    )
    return job_out(*services.jobs.get(job.id, scope=caller.owned))


@router.get("/links")
def list_links(
    caller: Admin,
    services: UseCases,
    state: LinkState = LinkState.PROPOSED,
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[LinkOut]:
    """Links between documents in a state, oldest first; those to decide on unless told otherwise."""
    found = services.links.list_page(
        scope=caller.scope.owned, state=state, limit=limit, offset=offset
    )
    return [link_out(each) for each in found]


@router.get("/{document_id}/links")
def list_document_links(document_id: str, caller: Reader, services: UseCases) -> list[LinkOut]:
    """All links of a document, oldest first."""
    found = services.links.of_document(
        DocumentId(document_id), scope=caller.scope, managed=caller.owned
    )
    return [link_out(each) for each in found]


@router.post("/{document_id}/links/{link_id}/confirm")
def confirm_link(document_id: str, link_id: str, caller: Admin, services: UseCases) -> LinkOut:
    """Confirm a link: answers that cite the document say so from now on."""
    return _decided(document_id, link_id, caller, services, state=LinkState.CONFIRMED)


@router.post("/{document_id}/links/{link_id}/reject")
def reject_link(document_id: str, link_id: str, caller: Admin, services: UseCases) -> LinkOut:
    """Reject a link, also one that was confirmed: it is never proposed again."""
    return _decided(document_id, link_id, caller, services, state=LinkState.REJECTED)


@router.get("/{document_id}")
def get_document(document_id: str, caller: Reader, services: UseCases) -> DocumentOut:
    """A document and its state."""
    found = services.documents.get(
        DocumentId(document_id), scope=caller.scope, managed=caller.owned
    )
    return document_out(found)


@router.delete("/{document_id}", status_code=204)
def delete_document(
    document_id: str,
    caller: Admin,
    services: UseCases,
    erase: Annotated[
        bool, Query(description="Also erase it from jobs and from all answers that rest on it.")
    ] = False,
) -> None:
    """Delete a document: it is no longer quoted once this answers."""
    services.documents.delete(
        DocumentId(document_id),
        principal=caller.principal,
        scope=caller.owned,
        with_traces=erase,
    )


@router.get("/{document_id}/original", response_class=FileResponse)
def get_original(document_id: str, caller: Reader, services: UseCases) -> Response:
    """The file as it was received, always as a download."""
    path, document = services.documents.original(
        DocumentId(document_id),
        principal=caller.principal,
        scope=caller.scope,
        managed=caller.owned,
    )
    return FileResponse(
        path,
        media_type=_media_type(document),
        filename=document.name.rsplit("/", 1)[-1],
        headers={"Content-Security-Policy": "sandbox; default-src 'none'"},
    )


@router.get(
    "/{document_id}/pages/{page}",
    response_class=Response,
    responses={_NOT_MODIFIED: {"description": "The copy that the reader has is this image."}},
)
async def get_page(
    document_id: str,
    page: int,
    caller: Reader,
    drawing: DrawingDep,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """The image of a page or of a slide, from 1; slides need LibreOffice on the server.

    A reader that names the `ETag` of its copy in `If-None-Match` gets 304 while it is the same image.
    """
    path = await drawing.page_image(
        DocumentId(document_id), page=page, scope=caller.scope, managed=caller.owned
    )
    image = await run_in_threadpool(_image, path)
    etag = f'"{sha256(image).hexdigest()}"'
    headers = {"Cache-Control": _PAGE_CACHE, "ETag": etag}
    if etag in {each.strip().removeprefix("W/") for each in if_none_match.split(",")}:
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(image, media_type=_image_type(path), headers=headers)


@router.get("/{document_id}/passages")
def list_passages(
    document_id: str, caller: Reader, services: UseCases, limit: Limit = 50, offset: Offset = 0
) -> list[PassageOut]:
    """Passages of a document, in order."""
    found = services.documents.passages(
        DocumentId(document_id),
        scope=caller.scope,
        limit=limit,
        offset=offset,
        managed=caller.owned,
    )
    return [passage_out(each) for each in found]


def _decided(
    document_id: str, link_id: str, caller: Caller, services: Container, *, state: LinkState
) -> LinkOut:
    decided = services.links.decide(
        LinkId(link_id),
        document_id=DocumentId(document_id),
        state=state,
        principal=caller.principal,
        scope=caller.scope.owned,
    )
    return link_out(decided)


def _take(
    uploads: list[UploadFile], *, services: Container, caller: Caller, collection_id: str | None
) -> JobStarted:
    files = [announced(upload) for upload in uploads]
    contents = {file.sha256: upload for file, upload in zip(files, uploads, strict=True)}
    request = Submission(
        source="upload",
        files=tuple(files),
        collection_id=None if collection_id is None else CollectionId(collection_id),
    )
    job, wanted = services.ingestion.submit(request, principal=caller.principal, scope=caller.owned)
    for item in wanted:
        content = contents[item.sha256].file
        content.seek(0)
        try:
            services.ingestion.receive(
                item.id, content, principal=caller.principal, scope=caller.owned
            )
        except (
            Conflict
        ) as error:  # somebody sends a file of this name at this moment: theirs counts
            if error.code != "item_ended":
                raise
    return JobStarted(job=job_out(*services.jobs.get(job.id, scope=caller.owned)), wanted=[])


def _media_type(document: Document) -> str:
    if document.format is None:
        return "application/octet-stream"
    return _MEDIA_TYPES.get(document.format, "application/octet-stream")


def _image(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound from error


def _image_type(path: Path) -> str:
    return _IMAGE_TYPES.get(path.suffix.lower(), "application/octet-stream")
