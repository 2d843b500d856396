"""Rows to the domain's dataclasses, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from assistant.adapters.sql.locators import load_locator
from assistant.domain.answers import Answer
from assistant.domain.conversations import Conversation, Message
from assistant.domain.corrections import CorrectedFields, Correction, Exclusion
from assistant.domain.documents import Document, DocumentVersion, Reading, Reason, SourceChunk
from assistant.domain.jobs import Job, JobItem
from ingest.codec import act_of, quality_of
from ingest.model import Act, Notice

Fields = dict[str, Any]

DOCUMENT_FIELDS = (
    "id", "tenant_id", "collection_id", "source", "name", "state", "created_at", "updated_at",
    "sha256", "size_bytes", "title", "format", "kind", "date", "page_count", "chunk_count",
)  # fmt: skip
DOCUMENT_MUTABLE = frozenset(DOCUMENT_FIELDS) - {"id", "tenant_id", "collection_id", "chunk_count"}
VERSION_FIELDS = (
    "id", "document_id", "tenant_id", "collection_id", "state", "sha256", "fingerprint", "title",
    "format", "kind", "date", "page_count", "created_at", "searched_title",
)  # fmt: skip
READING_FIELDS = ("version_id", "document_id", "title", "date", "created_at", "sketch")
JOB_FIELDS = (
    "id", "tenant_id", "collection_id", "kind", "source", "state", "created_by", "created_at",
    "started_at", "finished_at", "cancel_requested", "attempt",
)  # fmt: skip
JOB_MUTABLE = ("state", "started_at", "finished_at", "cancel_requested", "attempt")
ITEM_FIELDS = (
    "id", "job_id", "ordinal", "name", "state", "sha256", "size_bytes", "document_id",
    "version_id", "chunks", "pages", "attempt", "setbacks", "not_before",
)  # fmt: skip
CONVERSATION_FIELDS = ("id", "tenant_id", "person_id", "title", "created_at", "updated_at")
MESSAGE_FIELDS = ("id", "conversation_id", "author", "text", "answer_id", "created_at")
ANSWER_FIELDS = (
    "id", "tenant_id", "person_id", "conversation_id", "question", "status", "created_at",
    "finished_at",
)  # fmt: skip
CHUNK_FIELDS = (
    "id", "document_id", "version_id", "tenant_id", "collection_id", "ordinal", "text", "tokens",
    "file", "title", "kind", "date", "format", "status", "label",
)  # fmt: skip


def fields_of(entity: object, names: Sequence[str] | frozenset[str]) -> Fields:
    """Some attributes of an entity by name."""
    return {name: getattr(entity, name) for name in names}


def reason_fields(reason: Reason | None) -> Fields:
    """The two columns of a reason."""
    return {
        "reason_code": reason.code if reason else None,
        "reason_params": reason.params if reason else None,
    }


def reason_of(row: Row[Any]) -> Reason | None:
    """The reason in a row, None when there is none."""
    return Reason(row.reason_code, row.reason_params) if row.reason_code is not None else None


def notices_of(row: Row[Any]) -> tuple[Notice, ...]:
    """The notices in a row."""
    return tuple(Notice(word) for word in row.notices)


def document_columns(document: Document) -> Fields:
    """The columns that `update` replaces."""
    return {
        **fields_of(document, DOCUMENT_MUTABLE),
        "folded_name": document.name.casefold(),
        "notices": [notice.value for notice in document.notices],
        **reason_fields(document.reason),
    }


def document_of(row: Row[Any]) -> Document:
    """The document of a row that also holds `live_version_id`."""
    return Document(
        **fields_of(row, DOCUMENT_FIELDS),
        notices=notices_of(row),
        reason=reason_of(row),
        live_version_id=row.live_version_id,
        act=Act() if row.act is None else act_of(row.act),
        quality=None if row.quality is None else quality_of(row.quality),
        correction=correction_of(row),
        exclusion=exclusion_of(row),
    )


def correction_of(row: Row[Any]) -> Correction | None:
    """The correction in a row whose columns of `document_corrections` begin with "fixed_"."""
    if row.fixed_revision is None:
        return None
    fields = CorrectedFields(row.fixed_title, row.fixed_kind, row.fixed_date, row.fixed_is_undated)
    return Correction(fields, row.fixed_revision, row.fixed_corrected_by, row.fixed_corrected_at)


def exclusion_of(row: Row[Any]) -> Exclusion | None:
    """The exclusion of a document's row, None when it may be read."""
    return None if row.excluded_at is None else Exclusion(row.excluded_by, row.excluded_at)


def version_columns(version: DocumentVersion) -> Fields:
    """All columns of a version."""
    notices = [notice.value for notice in version.notices]
    return {**fields_of(version, VERSION_FIELDS), "notices": notices}


def version_of(row: Row[Any]) -> DocumentVersion:
    """The version of a row."""
    return DocumentVersion(**fields_of(row, VERSION_FIELDS), notices=notices_of(row))


def reading_of(row: Row[Any]) -> Reading:
    """The reading of a row joined with its version."""
    return Reading(
        **fields_of(row, READING_FIELDS), act=act_of(row.act), quality=quality_of(row.quality)
    )


def chunk_of(row: Row[Any]) -> SourceChunk:
    """The chunk of a row joined with its version and document."""
    return SourceChunk(**fields_of(row, CHUNK_FIELDS), locator=load_locator(row.locator))


def job_of(row: Row[Any]) -> Job:
    """The job of a row."""
    return Job(**fields_of(row, JOB_FIELDS))


def item_columns(item: JobItem) -> Fields:
    """All columns of an item."""
    return {**fields_of(item, ITEM_FIELDS), **reason_fields(item.reason)}


def item_of(row: Row[Any]) -> JobItem:
    """The item of a row."""
    return JobItem(**fields_of(row, ITEM_FIELDS), reason=reason_of(row))


def conversation_of(row: Row[Any]) -> Conversation:
    """The conversation of a row."""
    return Conversation(**fields_of(row, CONVERSATION_FIELDS))


def message_of(row: Row[Any]) -> Message:
    """The message of a row."""
    return Message(**fields_of(row, MESSAGE_FIELDS))


def answer_of(row: Row[Any]) -> Answer:
    """The answer of a row."""
    return Answer(**fields_of(row, ANSWER_FIELDS))
