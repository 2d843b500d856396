"""Documents that serve the very same content: what was received last may have failed or been given up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from assistant.adapters.sql.scoping import within
from assistant.adapters.sql.tables import documents, versions
from assistant.domain.documents import DocumentState, VersionState
from assistant.domain.ids import DocumentId
from assistant.domain.tenancy import Scope

served_sha256 = versions.c.sha256


def of_shared_contents(*columns: ColumnElement[Any], scope: Scope) -> Select[Any]:
    """Documents of a scope that serve a content which another one of it serves too."""
    shared = _served(served_sha256, scope=scope)
    shared = shared.group_by(served_sha256).having(func.count() > 1).correlate(None)
    return _served(*columns, scope=scope).where(served_sha256.in_(shared))


def served_content(document_id: DocumentId, *, scope: Scope) -> Select[Any]:
    """The content that a document serves now; no row when it serves none."""
    return _served(served_sha256, scope=scope).where(documents.c.id == document_id)


def serving(content: str, *, scope: Scope) -> Select[Any]:
    """Documents of a scope that serve a content now, by name."""
    query = _served(documents.c.id, scope=scope).where(served_sha256 == content)
    return query.order_by(documents.c.name, documents.c.id)


def _served(*columns: ColumnElement[Any], scope: Scope) -> Select[Any]:
    is_live = and_(versions.c.document_id == documents.c.id, versions.c.state == VersionState.LIVE)
    return (
        select(*columns)
        .select_from(documents.join(versions, is_live))
        .where(
            within(scope, documents),
            ~documents.c.is_deleted,
            documents.c.excluded_at.is_(None),
            documents.c.state == DocumentState.LIVE,
        )
    )
