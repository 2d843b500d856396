"""The only place where a `Scope` becomes conditions of a query."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, Table, and_, false, or_

from assistant.domain.tenancy import Scope


def within(scope: Scope, table: FromClause) -> ColumnElement[bool]:
    """Rows whose very pair of tenant and collection was granted. Nothing without grants.

    Args:
        scope: What the reader may read.
        table: A table with `tenant_id` and `collection_id`.
    """
    owned: dict[str, list[str]] = {}
    for grant in sorted(scope.grants, key=lambda grant: (grant.tenant_id, grant.collection_id)):
        owned.setdefault(grant.tenant_id, []).append(grant.collection_id)
    return or_(
        false(),
        *(
            and_(table.c.tenant_id == tenant_id, _is_one_of(table, collection_ids))
            for tenant_id, collection_ids in owned.items()
        ),
    )


def shown(documents: FromClause, managed: Scope | None = None) -> ColumnElement[bool]:
    """Documents that are not deleted, and not excluded by an administrator.

    Args:
        documents: The table, or an alias of it.
        managed: Where excluded ones are seen all the same; None is nowhere, as for every reader.
    """
    is_in_use = documents.c.excluded_at.is_(None)
    if managed is not None:
        is_in_use = or_(is_in_use, within(managed, documents))
    return and_(~documents.c.is_deleted, is_in_use)


def within_own_tenant(scope: Scope, table: Table) -> ColumnElement[bool]:
    """Rows of granted collections that the reader's own tenant owns; jobs are read so."""
    return and_(table.c.tenant_id == scope.tenant_id, within(scope, table))


def of_tenant(scope: Scope, table: Table) -> ColumnElement[bool]:
    """Rows of the reader's own tenant that belong to no collection and to no person.

    Args:
        scope: Who reads.
        table: A table with `tenant_id`.
    """
    return table.c.tenant_id == scope.tenant_id


def of_reader(scope: Scope, table: Table) -> ColumnElement[bool]:
    """Rows of the reader in person, within its own tenant.

    Args:
        scope: Who reads.
        table: A table with `tenant_id` and `person_id`.
    """
    return and_(table.c.tenant_id == scope.tenant_id, table.c.person_id == scope.person_id)


def _is_one_of(table: FromClause, collection_ids: list[str]) -> ColumnElement[bool]:
    if len(collection_ids) == 1:
        return table.c.collection_id == collection_ids[0]
    return table.c.collection_id.in_(collection_ids)
