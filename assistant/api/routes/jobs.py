"""Jobs: announce files, send their contents, watch, stop and take up again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from assistant.api.body import BodyStream
from assistant.api.deps import Admin, Reader, UseCases
from assistant.api.mapping import item_out, job_out
from assistant.api.routes.documents import Limit, Offset
from assistant.domain.ids import CollectionId, JobId, JobItemId
from assistant.domain.jobs import ItemState
from assistant.schemas.documents import JobIn, JobItemOut, JobOut, JobStarted
from assistant.services.submission import AnnouncedFile, Submission

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def list_jobs(
    caller: Reader, services: UseCases, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> list[JobOut]:
    """Jobs: running, then queued, then ended ones, each newest first."""
    found = services.jobs.list_recent(scope=caller.jobs, limit=limit)
    return [job_out(job, progress) for job, progress in found]


@router.post("", status_code=201)
def submit_job(asked: JobIn, caller: Admin, services: UseCases) -> JobStarted:
    """Announce the files of a source; tells which contents are wanted."""
    submission = Submission(
        source=asked.source,
        files=tuple(AnnouncedFile(file.name, file.sha256, file.size_bytes) for file in asked.files),
        collection_id=None if asked.collection_id is None else CollectionId(asked.collection_id),
        unreadable=tuple((file.name, file.code) for file in asked.unreadable),
        is_complete=asked.is_complete,
        may_empty=asked.may_empty,
        may_remove=asked.may_remove,
    )
    job, wanted = services.ingestion.submit(
        submission, principal=caller.principal, scope=caller.jobs
    )
    return JobStarted(
        job=job_out(*services.jobs.get(job.id, scope=caller.jobs)),
        wanted=[item_out(item) for item in wanted],
    )


@router.get("/{job_id}")
def get_job(job_id: str, caller: Reader, services: UseCases) -> JobOut:
    """A job and its progress."""
    return job_out(*services.jobs.get(JobId(job_id), scope=caller.jobs))


@router.get("/{job_id}/items")
def list_items(
    job_id: str,
    caller: Reader,
    services: UseCases,
    state: Annotated[list[ItemState] | None, Query()] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[JobItemOut]:
    """Files of a job, in order."""
    found = services.jobs.items(
        JobId(job_id),
        scope=caller.jobs,
        states=frozenset(state or ()),
        limit=limit,
        offset=offset,
        managed=caller.owned,
    )
    return [item_out(item) for item in found]


@router.put("/{job_id}/items/{item_id}/content")
async def send_content(
    job_id: str, item_id: str, request: Request, caller: Admin, services: UseCases
) -> JobItemOut:
    """Take the content of an announced file, as the raw body; nothing is spooled."""
    await run_in_threadpool(services.jobs.get, JobId(job_id), scope=caller.jobs)
    item = await run_in_threadpool(
        services.ingestion.receive,
        JobItemId(item_id),
        BodyStream(request).as_binary(),
        principal=caller.principal,
        scope=caller.jobs,
    )
    return item_out(item)


@router.post("/{job_id}/cancel")
def cancel_job(job_id: str, caller: Admin, services: UseCases) -> JobOut:
    """Stop a job; what is complete stays."""
    services.jobs.cancel(JobId(job_id), principal=caller.principal, scope=caller.jobs)
    return job_out(*services.jobs.get(JobId(job_id), scope=caller.jobs))


@router.post("/{job_id}/retry")
def retry_job(job_id: str, caller: Admin, services: UseCases) -> JobOut:
    """Take up the failed and cancelled files of an ended job again."""
    services.jobs.retry(JobId(job_id), principal=caller.principal, scope=caller.jobs)
    return job_out(*services.jobs.get(JobId(job_id), scope=caller.jobs))
