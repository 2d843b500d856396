"""The one query that tells what a principal may read: the rules of `Audience` as SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, ColumnElement, CompoundSelect, Select, exists, select, union

from assistant.adapters.sql.people_tables import group_members, people
from assistant.adapters.sql.tenant_tables import (
    collection_groups,
    collection_tenants,
    collections,
    tenants,
)
from assistant.domain.ids import TenantId
from assistant.domain.people import PersonState
from assistant.domain.tenancy import Audience, Principal
from assistant.domain.tenants import OPEN_STATES

_OPEN = sorted(OPEN_STATES)
# made once: an alias copies every column of its table, which took most of the time of this query
_owners = tenants.alias("owners")
_own = tenants.alias("own")


def readable(principal: Principal) -> CompoundSelect[Any, Any]:
    """Pairs of `tenant_id` and `id` of the collections that a principal may read now.

    One branch an audience, each reached by an index of its own. A tenant that is not open reads
    nothing, and nobody reads what it owns; tenants between an owner and its descendants need not be
    open.
    """
    own = collections.c.tenant_id == principal.tenant_id
    branches = (
        _collections().where(own, collections.c.audience != Audience.GROUPS),
        _opened_to_groups(principal).where(own),
        _collections().where(collections.c.audience == Audience.EVERYONE),
        _shared_with(principal.tenant_id),
        _shared_from_above(principal.tenant_id),
    )
    is_allowed = _may_read(principal)
    return union(*(branch.where(is_allowed) for branch in branches))


def lineage(tenant_id: TenantId) -> CTE:
    """The tenants above one, at any height, as `id`. Ends even if they went in a circle."""
    parent = tenants.c.parent_id
    above = (
        select(parent.label("id"))
        .where(tenants.c.id == tenant_id, parent.is_not(None))
        .cte("lineage", recursive=True)
    )
    return above.union(
        select(parent)
        .select_from(tenants.join(above, tenants.c.id == above.c.id))
        .where(parent.is_not(None))
    )


def _collections(joined: Any = collections) -> Select[Any, Any]:
    """Collections of open tenants."""
    return (
        select(collections.c.tenant_id, collections.c.id)
        .select_from(joined.join(_owners, _owners.c.id == collections.c.tenant_id))
        .where(_owners.c.state.in_(_OPEN))
    )


def _opened_to_groups(principal: Principal) -> Select[Any, Any]:
    joined = group_members.join(
        collection_groups, collection_groups.c.group_id == group_members.c.group_id
    ).join(collections, collections.c.id == collection_groups.c.collection_id)
    return _collections(joined).where(
        group_members.c.person_id == principal.person_id,
        collections.c.audience == Audience.GROUPS,
    )


def _shared_with(tenant_id: TenantId) -> Select[Any, Any]:
    joined = collection_tenants.join(
        collections, collections.c.id == collection_tenants.c.collection_id
    )
    return _collections(joined).where(
        collection_tenants.c.tenant_id == tenant_id, collections.c.audience == Audience.TENANTS
    )


def _shared_from_above(tenant_id: TenantId) -> Select[Any, Any]:
    above = lineage(tenant_id)
    joined = collections.join(above, above.c.id == collections.c.tenant_id)
    return _collections(joined).where(collections.c.audience == Audience.DESCENDANTS)


def _may_read(principal: Principal) -> ColumnElement[bool]:
    """True when the person is active, and its tenant open."""
    return exists(
        select(people.c.id)
        .select_from(people.join(_own, _own.c.id == people.c.tenant_id))
        .where(
            people.c.id == principal.person_id,
            people.c.tenant_id == principal.tenant_id,
            people.c.state == PersonState.ACTIVE,
            _own.c.state.in_(_OPEN),
        )
    )
