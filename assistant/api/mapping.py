"""Documents, passages, jobs and conversations as wire models."""

from __future__ import annotations

from assistant.api.errors import spoken
from assistant.api.reading_out import act_out, quality_out
from assistant.domain.conversations import Conversation
from assistant.domain.documents import Document, DocumentCounts, LinkKind, Reason, SourceChunk
from assistant.domain.ids import ChunkId
from assistant.domain.jobs import Job, JobItem, JobProgress
from assistant.domain.links import is_touched
from assistant.domain.retrieval import Hit
from assistant.schemas.conversations import ConversationOut
from assistant.schemas.documents import (
    DocumentCountsOut,
    DocumentOut,
    JobItemOut,
    JobOut,
    PageOut,
    PassageDetail,
    PassageOut,
)
from assistant.schemas.search import BoxOut, LocatorOut, SearchResult, SuccessorOut
from ingest.model import PAGED, Locator

_EXCLUDED = "excluded"
API_PREFIX = "/api"
"""Where the API is mounted."""


def view_url(chunk_id: ChunkId) -> str:
    """Address of the page that shows a passage in its source, from its first page on."""
    return f"{API_PREFIX}/v1/passages/{chunk_id}/view"


def opened_url(chunk: SourceChunk, *, page: int | None) -> str:
    """Address of the page that shows a passage in its source, opened at one of its pages."""
    url = view_url(chunk.id)
    return url if page in (None, first_page(chunk)) else f"{url}?page={page}"


def first_page(chunk: SourceChunk) -> int | None:
    """The page on which a passage begins, None for formats without pages."""
    return chunk.locator.pages[0] if chunk.locator.pages else None


def locator_out(locator: Locator) -> LocatorOut:
    """Where a passage stands."""
    boxes = [
        BoxOut(page=box.page, left=box.left, top=box.top, right=box.right, bottom=box.bottom)
        for box in locator.boxes
    ]
    return LocatorOut(
        pages=list(locator.pages),
        boxes=boxes,
        section=list(locator.section),
        first_block=locator.first_block,
        last_block=locator.last_block,
        sheet=locator.place.sheet,
        cells=locator.cells,
        slide=locator.place.slide,
        part=locator.place.part,
        confidence=locator.confidence,
    )


def search_result(hit: Hit) -> SearchResult:
    """A hit without its score."""
    chunk, page = hit.chunk, hit.page or first_page(hit.chunk)
    return SearchResult(
        rank=hit.rank,
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        file=chunk.file,
        title=chunk.title,
        kind=chunk.kind.value,
        date=chunk.date,
        page=page,
        pages=list(chunk.locator.pages),
        locator=locator_out(chunk.locator),
        breadcrumb=[chunk.title, *chunk.locator.section],
        text=chunk.text,
        view_url=opened_url(chunk, page=page),
        replaced_by=replaced_by(chunk),
        amended_by=amended_by(chunk),
        collection_id=chunk.collection_id,
        label=chunk.label,
    )


def replaced_by(chunk: SourceChunk) -> SuccessorOut | None:
    """What replaces, abrogates or follows the document of a passage."""
    return _successor_out(chunk, is_part=False)


def amended_by(chunk: SourceChunk) -> SuccessorOut | None:
    """What modifies the passage itself, by an article of it."""
    return _successor_out(chunk, is_part=True)


def _successor_out(chunk: SourceChunk, *, is_part: bool) -> SuccessorOut | None:
    found = chunk.successor
    if found is None or not is_touched(chunk) or (found.kind is LinkKind.MODIFIES) is not is_part:
        return None
    return SuccessorOut(
        document_id=found.document_id, title=found.title, date=found.date, kind=found.kind.value
    )


def document_out(document: Document) -> DocumentOut:
    """A document and its state."""
    code, words = _reason(document.reason)
    return DocumentOut(
        id=document.id,
        collection_id=document.collection_id,
        source=document.source,
        name=document.name,
        title=document.title,
        state=_EXCLUDED if document.exclusion else document.state.value,
        format=document.format.value if document.format else None,
        kind=document.kind.value,
        date=document.date,
        page_count=document.page_count,
        chunk_count=document.chunk_count,
        size_bytes=document.size_bytes,
        notices=[spoken(notice.value, params={}) for notice in document.notices],
        reason_code=code,
        reason=words,
        created_at=document.created_at,
        updated_at=document.updated_at,
        act=None if document.quality is None else act_out(document.act),
        quality=None if document.quality is None else quality_out(document.quality),
        corrected=document.corrected.names,
        external_id=document.external_id,
    )


def counts_out(counts: DocumentCounts) -> DocumentCountsOut:
    """How many documents are in each state."""
    return DocumentCountsOut(
        pending=counts.pending,
        live=counts.live,
        failed=counts.failed,
        chunks=counts.chunks,
        excluded=counts.excluded,
    )


def passage_out(chunk: SourceChunk) -> PassageOut:
    """A passage of a document."""
    return PassageOut(
        chunk_id=chunk.id,
        ordinal=chunk.ordinal,
        text=chunk.text,
        locator=locator_out(chunk.locator),
        tokens=chunk.tokens,
    )


def passage_detail(chunk: SourceChunk) -> PassageDetail:
    """A passage with its document and pages."""
    return PassageDetail(
        passage=passage_out(chunk),
        document_id=chunk.document_id,
        file=chunk.file,
        title=chunk.title,
        kind=chunk.kind.value,
        date=chunk.date,
        pages=pages_out(chunk),
        view_url=view_url(chunk.id),
        label=chunk.label,
    )


def pages_out(chunk: SourceChunk) -> list[PageOut]:
    """The pages a passage stands on, with its boxes; none for formats without page images."""
    if chunk.format not in PAGED:
        return []
    return [
        PageOut(
            page=page,
            image_url=page_url(chunk, page=page),
            boxes=[
                (box.left, box.top, box.right, box.bottom)
                for box in chunk.locator.boxes
                if box.page == page
            ],
        )
        for page in chunk.locator.pages
    ]


def page_url(chunk: SourceChunk, *, page: int) -> str:
    """Address of a page image; another version of the document has another address."""
    base = f"{API_PREFIX}/v1/documents/{chunk.document_id}/pages/{page}"
    return f"{base}?version={chunk.version_id}"


def item_out(item: JobItem) -> JobItemOut:
    """A file of a job."""
    code, words = _reason(item.reason)
    return JobItemOut(
        id=item.id,
        name=item.name,
        state=item.state.value,
        document_id=item.document_id,
        chunks=item.chunks,
        pages=item.pages,
        reason_code=code,
        reason=words,
        setbacks=item.setbacks,
        retry_at=item.not_before,
    )


def job_out(job: Job, progress: JobProgress) -> JobOut:
    """A job and its progress."""
    code, words = _reason(progress.waiting_reason)
    held_code, held = _reason(progress.held_reason)
    return JobOut(
        id=job.id,
        kind=job.kind.value,
        source=job.source,
        state=job.state.value,
        collection_id=job.collection_id,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        total=progress.total,
        done=progress.done,
        counts={state.value: count for state, count in progress.counts.items() if count},
        chunks=progress.chunks,
        pages=progress.pages,
        elapsed_s=progress.elapsed_s,
        files_per_s=progress.files_per_s,
        left_s=progress.left_s,
        next_try_at=progress.next_try_at,
        waiting_reason_code=code,
        waiting_reason=words,
        held_reason_code=held_code,
        held_reason=held,
        forgotten=progress.forgotten,
    )


def conversation_out(conversation: Conversation) -> ConversationOut:
    """A conversation."""
    return ConversationOut(
        id=conversation.id,
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
    )


def _reason(reason: Reason | None) -> tuple[str | None, str | None]:
    if reason is None:
        return None, None
    return reason.code, spoken(reason.code, params=reason.params)
