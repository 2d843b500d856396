"""Corrections, exclusions and dossiers of documents as wire models."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.api.mapping import document_out, passage_out, view_url
from assistant.domain.corrections import CorrectedFields, Correction, Exclusion
from assistant.domain.documents import VersionRecord
from assistant.domain.errors import InvalidInput
from assistant.domain.ids import PersonId
from assistant.schemas.curation import (
    CorrectedOut,
    CorrectionIn,
    CorrectionOut,
    DossierOut,
    ExclusionOut,
    ReadLabelsOut,
    SeenChunkOut,
    VersionOut,
)
from assistant.services.curation import Corrected, Dossier, SeenChunk
from ingest.model import DocumentKind

_Names = Mapping[PersonId, str]


def fields_of(asked: CorrectionIn) -> CorrectedFields:
    """What is asked to differ from the reading.

    Raises:
        InvalidInput: There is no such kind of document ("kind_refused").
    """
    try:
        kind = None if asked.kind is None else DocumentKind(asked.kind)
    except ValueError as error:
        raise InvalidInput("kind_refused") from error
    return CorrectedFields(asked.title, kind, asked.date, asked.is_undated)


def corrected_out(corrected: Corrected) -> CorrectedOut:
    """A correction that was kept."""
    kept = corrected.document.correction
    return CorrectedOut(
        document=document_out(corrected.document),
        revision=0 if kept is None else kept.revision,
        job_id=corrected.job_id,
    )


def dossier_out(dossier: Dossier) -> DossierOut:
    """All that is known of a document."""
    document, read = dossier.document, dossier.read
    return DossierOut(
        document=document_out(document),
        read=None
        if read is None
        else ReadLabelsOut(title=read.title, kind=read.kind.value, date=read.date),
        correction=_correction_out(document.correction, people=dossier.people),
        exclusion=_exclusion_out(document.exclusion, people=dossier.people),
        versions=[_version_out(each, people=dossier.people) for each in dossier.versions],
        awaits_title=dossier.awaits_title,
    )


def seen_chunk_out(seen: SeenChunk) -> SeenChunkOut:
    """A passage as it is shown, and as it is looked for."""
    return SeenChunkOut(
        passage=passage_out(seen.chunk),
        embedded=seen.embedded,
        other_words=seen.searched.removeprefix(seen.embedded).strip(),
        view_url="" if seen.is_excluded else view_url(seen.chunk.id),
    )


def _correction_out(correction: Correction | None, *, people: _Names) -> CorrectionOut | None:
    if correction is None:
        return None
    fields = correction.fields
    return CorrectionOut(
        title=fields.title,
        kind=None if fields.kind is None else fields.kind.value,
        date=fields.date,
        is_undated=fields.is_undated,
        is_empty=not fields.names,
        revision=correction.revision,
        by=people.get(correction.by, ""),
        at=correction.at,
    )


def _exclusion_out(exclusion: Exclusion | None, *, people: _Names) -> ExclusionOut | None:
    if exclusion is None:
        return None
    return ExclusionOut(by=people.get(exclusion.by, ""), at=exclusion.at)


def _version_out(record: VersionRecord, *, people: _Names) -> VersionOut:
    version, asked_by = record.version, record.asked_by
    return VersionOut(
        id=version.id,
        number=record.number,
        state=version.state.value,
        created_at=version.created_at,
        chunk_count=record.chunk_count,
        page_count=version.page_count,
        sha256=version.sha256,
        job_id=record.job_id,
        asked_by="" if asked_by is None else people.get(asked_by, ""),
    )
