"""A newer announcement of a source takes the place of older ones that nobody finished."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain.ids import CollectionId, DocumentId
from assistant.domain.jobs import ItemState, Job
from assistant.ports.repositories import UnitOfWork
from assistant.services.finishing import JobFinisher
from assistant.services.submission import UPLOAD, PlannedFile


def job_at_it(
    work: UnitOfWork, source: str, *, plan: Sequence[PlannedFile], collection_id: CollectionId
) -> Job | None:
    """The job that already has all to do that a plan asks for, and nothing else; None without one.

    Whoever sends the same again before it is read must not have its reading begun anew. Uploads are
    apart, as below.
    """
    if source == UPLOAD:
        return None
    contents: dict[DocumentId, str] = {}
    for planned in plan:
        document = planned.document
        if document is None or document.reason is not None or planned.is_renamed:
            return None
        if planned.state is ItemState.PENDING and document.sha256 == planned.sha256:
            contents[document.id] = planned.sha256
        elif planned.state is not ItemState.UNCHANGED:
            return None
    if not contents:
        return None
    return work.queue.job_at(source, collection_id=collection_id, contents=contents)


def supersede_older(
    work: UnitOfWork, job: Job, *, is_complete: bool, finisher: JobFinisher
) -> None:
    """Have older jobs of the same source leave what is left of them to a new job, already kept.

    A plan is a diff against what is known now, so only the newest one is right: the older ones, of a
    command that was killed or of a folder that changed since, would only be in its way. Complete
    readings still reach the index. Uploads are apart: each is another set of files; one of them only
    leaves the files that never came to a newer one that brings files of the same names.

    Args:
        work: The transaction that keeps the new job and its items, which must be there by now: a
            document that the new job reads is then not blamed for the end of the older one.
        job: The new job.
        is_complete: True when it names all files of its source. Else an older job goes on with the
            files that it does not name.
        finisher: Ends jobs.
    """
    only_waiting = job.source == UPLOAD
    if is_complete:
        left = work.queue.open_jobs(
            job.source, collection_id=job.collection_id, only_waiting=only_waiting
        )
    else:
        left = work.queue.give_way(to=job, only_waiting=only_waiting)
    for older in left:
        if older.id != job.id and not older.cancel_requested:
            finisher.cancel(work, older)
