"""Calls of administrators about one document: all about it, corrections, exclusions."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.client.transport import Transport
from assistant.schemas.curation import (
    ChangedOut,
    CorrectedOut,
    CorrectionIn,
    DocumentsIn,
    DossierOut,
    SeenChunkOut,
)
from assistant.schemas.documents import DocumentOut


class CurationCalls:
    """The part of the client that puts documents right."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_dossier(self, document_id: str) -> DossierOut:
        """All that is known of a document."""
        return self._transport.call(
            "GET", f"/api/v1/documents/{document_id}/dossier", returns=DossierOut
        )

    def list_chunks(
        self, document_id: str, *, limit: int = 50, offset: int = 0
    ) -> list[SeenChunkOut]:
        """Passages of a document in order, as the assistant sees them; at most 200 at once."""
        return self._transport.call(
            "GET",
            f"/api/v1/documents/{document_id}/chunks",
            returns=list[SeenChunkOut],
            params={"limit": limit, "offset": offset},
        )

    def correct_document(self, document_id: str, correction: CorrectionIn) -> CorrectedOut:
        """Put title, kind or date right; an empty correction takes all of it back."""
        return self._transport.call(
            "PUT",
            f"/api/v1/documents/{document_id}/correction",
            returns=CorrectedOut,
            json=correction.model_dump(mode="json"),
        )

    def exclude_documents(self, document_ids: Sequence[str]) -> int:
        """Have nobody read documents; how many could be read before."""
        return self._change("exclude", document_ids)

    def list_copies(self, document_id: str) -> list[DocumentOut]:
        """The other documents that serve the very same file, by name."""
        return self._transport.call(
            "GET", f"/api/v1/documents/{document_id}/copies", returns=list[DocumentOut]
        )

    def keep_document(self, document_id: str, copies: Sequence[str]) -> int:
        """Have nobody read copies of a document that stays; how many could be read before."""
        return self._change(f"{document_id}/keep", copies)

    def include_documents(self, document_ids: Sequence[str]) -> int:
        """Bring excluded documents back; how many were excluded."""
        return self._change("include", document_ids)

    def _change(self, act: str, document_ids: Sequence[str]) -> int:
        body = DocumentsIn(document_ids=list(document_ids)).model_dump(mode="json")
        path = f"/api/v1/documents/{act}"
        return self._transport.call("POST", path, returns=ChangedOut, json=body).changed
