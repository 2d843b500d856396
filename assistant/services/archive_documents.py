"""Documents as lines of an archive, each naming the files of its contents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO

from assistant.domain.corrections import Correction, Exclusion
from assistant.domain.documents import Document, DocumentVersion, VersionState
from assistant.domain.ids import CollectionId
from assistant.domain.links import DocumentLink
from assistant.domain.tenancy import Scope
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWork
from assistant.services.access import LOCAL_PERSON
from assistant.services.archive_lines import (
    ORIGINALS,
    CorrectionLine,
    DocumentLine,
    ExclusionLine,
    FileLine,
    LinkLine,
    ReasonLine,
    VersionLine,
)
from ingest.codec import act_fields

_PAGE = 500


class DocumentLines:
    """The documents of a tenant, a page at a time.

    Args:
        work: Of one snapshot.
        files: The originals.
        scope: All collections of the tenant.
        folders: Of the originals, by collection.
        wanted: Takes a line for each content that has to be copied: its path and its hash.
    """

    def __init__(
        self,
        work: UnitOfWork,
        files: FileStore,
        *,
        scope: Scope,
        folders: Mapping[CollectionId, str],
        wanted: IO[bytes],
    ) -> None:
        self._work = work
        self._files = files
        self._scope = scope
        self._folders = folders
        self._wanted = wanted
        self._paths: set[str] = set()

    def __iter__(self) -> Iterator[DocumentLine]:
        """One line per document, by name."""
        offset = 0
        while page := self._work.documents.list_page(
            scope=self._scope, limit=_PAGE, offset=offset, managed=self._scope
        ):
            versions = self._work.estates.versions_of(
                [each.id for each in page], tenant_id=self._scope.tenant_id
            )
            for document in page:
                yield self._line(document, versions.get(document.id, []))
            offset += len(page)

    def _line(self, document: Document, versions: list[DocumentVersion]) -> DocumentLine:
        live = next((each for each in versions if each.state is VersionState.LIVE), None)
        served = document.sha256 if live is None else live.sha256
        newer = document.sha256 if document.sha256 != served else ""
        reason = document.reason
        links = self._work.links.list_of_document(
            document.id, scope=self._scope, managed=self._scope
        )
        return DocumentLine(
            id=document.id,
            collection=document.collection_id,
            source=document.source,
            name=document.name,
            title=document.title,
            format=document.format,
            kind=document.kind,
            date=document.date,
            page_count=document.page_count,
            notices=list(document.notices),
            state=document.state,
            reason=None if reason is None else ReasonLine(code=reason.code, params=reason.params),
            created_at=document.created_at,
            updated_at=document.updated_at,
            original=self._file(document, served),
            received=self._file(document, newer),
            versions=[_version_line(each) for each in versions],
            act=act_fields(document.act),
            links=[_link_line(each) for each in links if each.source.id == document.id],
            correction=_correction_line(document.correction),
            exclusion=_exclusion_line(document.exclusion),
        )

    def _file(self, document: Document, sha256: str) -> FileLine | None:
        """Where a content goes; None when none is kept."""
        if not self._files.has(sha256):
            return None
        path = self._free_path(
            f"{ORIGINALS}{self._folders[document.collection_id]}/{document.name}"
        )
        self._wanted.write(json.dumps([path, sha256]).encode() + b"\n")
        size = self._files.path(sha256).stat().st_size
        return FileLine(path=path, size_bytes=size, sha256=sha256)

    def _free_path(self, wanted: str) -> str:
        """The path, or with a number when another source has a file of that name, whatever its case."""
        folder, slash, name = wanted.rpartition("/")
        stem, dot, ending = name.rpartition(".")
        path, number = wanted, 1
        while path.casefold() in self._paths:
            number += 1
            numbered = f"{stem} ({number}){dot}{ending}" if stem else f"{name} ({number})"
            path = f"{folder}{slash}{numbered}"
        self._paths.add(path.casefold())
        return path


def _version_line(version: DocumentVersion) -> VersionLine:
    return VersionLine(
        id=version.id,
        state=version.state,
        sha256=version.sha256,
        title=version.title,
        format=version.format,
        kind=version.kind,
        date=version.date,
        page_count=version.page_count,
        notices=list(version.notices),
        created_at=version.created_at,
    )


def _correction_line(correction: Correction | None) -> CorrectionLine | None:
    if correction is None or not correction.fields.names:
        return None
    fields = correction.fields
    return CorrectionLine(
        title=fields.title,
        kind=fields.kind,
        date=fields.date,
        is_undated=fields.is_undated,
        by=_person(correction.by),
        at=correction.at,
    )


def _exclusion_line(exclusion: Exclusion | None) -> ExclusionLine | None:
    if exclusion is None:
        return None
    return ExclusionLine(by=_person(exclusion.by), at=exclusion.at)


def _person(person: str) -> str:
    """The owner of a machine is nobody elsewhere."""
    return "" if person == LOCAL_PERSON else person


def _link_line(link: DocumentLink) -> LinkLine:
    return LinkLine(
        target=link.target.id,
        kind=link.kind,
        state=link.state,
        evidence=link.evidence,
        created_at=link.created_at,
        decided_by=_person(link.decided_by or ""),
        decided_at=link.decided_at,
    )
