"""Contents that come in parts, by the core protocol of tus 1.0 (https://tus.io/protocols/resumable-upload).

What tus calls creation is the announcement of a job: it tells which contents are wanted.
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from assistant.api.body import BodyStream
from assistant.api.deps import Admin, UseCases
from assistant.domain.errors import InvalidInput
from assistant.domain.ids import JobId, JobItemId
from assistant.services.uploads import Upload

router = APIRouter(prefix="/jobs", tags=["jobs"])

_VERSION = "1.0.0"
_PART = "application/offset+octet-stream"
_HEADERS = {
    name: {"schema": {"type": "string"}}
    for name in ("Upload-Offset", "Upload-Length", "Upload-Expires", "Tus-Resumable")
}

Version = Annotated[str, Header(alias="Tus-Resumable")]


@router.head(
    "/{job_id}/items/{item_id}/content",
    response_class=Response,
    responses={200: {"headers": _HEADERS}},
)
def tell_offset(
    job_id: str, item_id: str, caller: Admin, services: UseCases, version: Version = _VERSION
) -> Response:
    """How far the content of an announced file has come, for the person that announced it."""
    _check_version(version)
    found = services.uploads.state(
        JobItemId(item_id), job_id=JobId(job_id), principal=caller.principal, scope=caller.jobs
    )
    return Response(headers=_told(found))


@router.patch(
    "/{job_id}/items/{item_id}/content",
    status_code=204,
    response_class=Response,
    responses={204: {"headers": _HEADERS}},
)
async def send_part(
    job_id: str,
    item_id: str,
    request: Request,
    caller: Admin,
    services: UseCases,
    upload_offset: Annotated[int, Header(ge=0, le=2**53)],
    content_type: Annotated[str, Header()] = "",
    version: Version = _VERSION,
) -> Response:
    """Take a part of the content of an announced file, which begins at `Upload-Offset`.

    What has come stays when the connection is cut; `HEAD` tells where to go on, for 24 hours.
    """
    _check_version(version)
    if content_type.partition(";")[0].strip().lower() != _PART:
        raise InvalidInput("upload_type", type=_PART)
    taken = await run_in_threadpool(
        services.uploads.take,
        JobItemId(item_id),
        BodyStream(request).as_binary(),
        offset=upload_offset,
        job_id=JobId(job_id),
        principal=caller.principal,
        scope=caller.jobs,
    )
    return Response(status_code=204, headers=_told(taken))


def _check_version(version: str) -> None:
    if version != _VERSION:
        raise InvalidInput("upload_version", version=_VERSION)


def _told(upload: Upload) -> dict[str, str]:
    return {
        "Tus-Resumable": _VERSION,
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.length),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
    }
