"""Reading a whole list of the database page by page."""

from __future__ import annotations

from assistant.domain.documents import Document
from assistant.domain.tenancy import Scope
from assistant.ports.repositories import UnitOfWork

_PAGE = 500


def every_document(work: UnitOfWork, *, scope: Scope) -> list[Document]:
    """All documents of a scope, excluded ones included, by name."""
    documents: list[Document] = []
    while True:
        page = work.documents.list_page(
            scope=scope, limit=_PAGE, offset=len(documents), managed=scope
        )
        documents.extend(page)
        if len(page) < _PAGE:
            return documents
