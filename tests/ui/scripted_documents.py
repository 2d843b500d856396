"""An API in memory for the page of one document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.client import ClientError
from assistant.schemas.collections import CollectionOut
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
from assistant.schemas.documents import DocumentPage, LinkOut, PassageOut
from assistant.schemas.search import LocatorOut
from tests.ui.scripted import NOW, ScriptedClient, document, problem


def version(**changes: object) -> VersionOut:
    values: dict[str, object] = {
        "id": "version-1",
        "number": 2,
        "state": "live",
        "created_at": NOW,
        "chunk_count": 40,
        "page_count": 12,
        "sha256": "ab" * 32,
        "job_id": "job-1",
        "asked_by": "Zoé Martin",
    }
    return VersionOut.model_validate(values | changes)


def made_dossier(name: str = "reglement.pdf", **changes: object) -> DossierOut:
    shown = document(name)
    values: dict[str, object] = {
        "document": shown,
        "read": ReadLabelsOut(title=shown.title, kind=shown.kind, date=shown.date),
        "correction": None,
        "exclusion": None,
        "versions": [version()],
        "awaits_title": False,
    }
    return DossierOut.model_validate(values | changes)


def seen_chunk(ordinal: int = 0, **changes: object) -> SeenChunkOut:
    words = f"Le taux {ordinal} est de 30 %."
    passage = PassageOut(
        chunk_id=f"chunk-{ordinal}",
        ordinal=ordinal,
        text=words,
        locator=LocatorOut(pages=[3], boxes=[], section=["Titre II"], first_block=0, last_block=0),
        tokens=9,
    )
    values: dict[str, object] = {
        "passage": passage,
        "embedded": f"Règlement des aides > Titre II\n{words}",
        "other_words": "reglement",
        "view_url": f"/api/v1/passages/chunk-{ordinal}/view",
    }
    return SeenChunkOut.model_validate(values | changes)


@dataclass
class CuratingClient(ScriptedClient):
    """With one dossier, whose document can be corrected and excluded."""

    dossier: DossierOut = field(default_factory=made_dossier)
    chunks: int = 40
    asked: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Limit and offset of each page of passages."""
    wanted: dict[str, object] = field(default_factory=dict[str, object])
    """What the list was asked for last."""
    collections: list[str] = field(default_factory=list[str])

    def list_collections(self) -> list[CollectionOut]:
        return [
            CollectionOut(id=name, tenant_id="t", name=name, label="", is_own=True)
            for name in self.collections
        ]

    def list_documents(
        self,
        *,
        state: str | None = None,
        name: str = "",
        limit: int = 50,
        offset: int = 0,
        **wanted: object,
    ) -> DocumentPage:
        if wanted:
            asked = {"state": state, "name": name, "limit": limit, "offset": offset}
            self.wanted = {**asked, **wanted}
        return super().list_documents(state=state, name=name, limit=limit, offset=offset)

    def get_dossier(self, document_id: str) -> DossierOut:
        if document_id != self.dossier.document.id:
            raise ClientError(problem("not_found", status=404))
        return self.dossier

    def list_chunks(
        self, document_id: str, *, limit: int = 50, offset: int = 0
    ) -> list[SeenChunkOut]:
        self.asked.append((limit, offset))
        return [seen_chunk(each) for each in range(offset, min(self.chunks, offset + limit))]

    def list_document_links(self, document_id: str) -> list[LinkOut]:
        return self.links

    def correct_document(self, document_id: str, correction: CorrectionIn) -> CorrectedOut:
        self._check_change()
        self.calls.append(("correct", document_id, correction.model_dump(exclude_defaults=True)))
        revision = correction.revision + 1
        is_empty = correction.model_copy(update={"revision": 0}) == CorrectionIn(revision=0)
        kept = CorrectionOut(
            title=correction.title,
            kind=correction.kind,
            date=correction.date,
            is_undated=correction.is_undated,
            is_empty=is_empty,
            revision=revision,
            by="Zoé Martin",
            at=NOW,
        )
        read = self.dossier.read
        title = correction.title or (read.title if read else "")
        shown = self.dossier.document.model_copy(update={"title": title})
        self.dossier = self.dossier.model_copy(update={"document": shown, "correction": kept})
        job_id = "job-9" if correction.title else None
        return CorrectedOut(document=shown, revision=revision, job_id=job_id)

    def exclude_documents(self, document_ids: Sequence[str]) -> int:
        self._check_change()
        self.calls.append(("exclude", *document_ids))
        shown = self.dossier.document.model_copy(update={"state": "excluded"})
        kept = ExclusionOut(by="Zoé Martin", at=NOW)
        self.dossier = self.dossier.model_copy(update={"document": shown, "exclusion": kept})
        return len(document_ids)

    def include_documents(self, document_ids: Sequence[str]) -> int:
        self.calls.append(("include", *document_ids))
        shown = self.dossier.document.model_copy(update={"state": "live"})
        self.dossier = self.dossier.model_copy(update={"document": shown, "exclusion": None})
        return len(document_ids)
