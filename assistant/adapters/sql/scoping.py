"""The only place where a `Scope` becomes conditions of a query."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, false, tuple_

from assistant.domain.tenancy import Scope


def within(scope: Scope, table: Table) -> ColumnElement[bool]:
    """Rows whose very pair of tenant and collection was granted. Nothing without grants.

    Args:
        scope: What the reader may read.
        table: A table with `tenant_id` and `collection_id`.
    """
    pairs = sorted((grant.tenant_id, grant.collection_id) for grant in scope.grants)
    if not pairs:
        return false()
    if len(pairs) == 1:
        tenant_id, collection_id = pairs[0]
        return and_(table.c.tenant_id == tenant_id, table.c.collection_id == collection_id)
    return tuple_(table.c.tenant_id, table.c.collection_id).in_(pairs)


def within_own_tenant(scope: Scope, table: Table) -> ColumnElement[bool]:
    """Rows of granted collections that the reader's own tenant owns; jobs are read so."""
    return and_(table.c.tenant_id == scope.tenant_id, within(scope, table))


def of_reader(scope: Scope, table: Table) -> ColumnElement[bool]:
    """Rows of the reader in person, within its own tenant.

    Args:
        scope: Who reads.
        table: A table with `tenant_id` and `person_id`.
    """
    return and_(table.c.tenant_id == scope.tenant_id, table.c.person_id == scope.person_id)
