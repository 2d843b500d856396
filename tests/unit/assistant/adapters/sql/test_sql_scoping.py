from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, Text, create_engine, select

from assistant.adapters.sql.scoping import within, within_own_tenant
from assistant.domain.ids import CollectionId, PersonId, TenantId
from assistant.domain.tenancy import Grant, Scope

TENANTS = ["a", "b", "c"]
PAIRS = [(tenant, collection) for tenant in TENANTS for collection in ("x", "y", "z")]
ROWS = Table("rows", MetaData(), Column("tenant_id", Text), Column("collection_id", Text))
ENGINE = create_engine("sqlite://")
CONNECTION = ENGINE.connect()
ROWS.metadata.create_all(CONNECTION)
CONNECTION.execute(
    ROWS.insert(), [{"tenant_id": pair[0], "collection_id": pair[1]} for pair in PAIRS]
)


def scope_of(pairs: set[tuple[str, str]]) -> Scope:
    grants = frozenset(Grant(TenantId(tenant), CollectionId(name)) for tenant, name in pairs)
    return Scope(tenant_id=TenantId("a"), person_id=PersonId("p"), grants=grants)


@given(st.sets(st.sampled_from(PAIRS)))
def test_exactly_the_granted_pairs_are_read(pairs: set[tuple[str, str]]) -> None:
    rows = CONNECTION.execute(select(ROWS).where(within(scope_of(pairs), ROWS))).all()
    assert {(row.tenant_id, row.collection_id) for row in rows} == pairs


@given(st.sets(st.sampled_from(PAIRS)))
def test_the_own_tenant_narrows_further(pairs: set[tuple[str, str]]) -> None:
    rows = CONNECTION.execute(select(ROWS).where(within_own_tenant(scope_of(pairs), ROWS))).all()
    found = {(row.tenant_id, row.collection_id) for row in rows}
    assert found == {pair for pair in pairs if pair[0] == "a"}


def test_hundreds_of_tenants_fit_in_one_query() -> None:
    pairs = {(f"t{number}", f"c{number}") for number in range(900)} | {("a", "x")}
    rows = CONNECTION.execute(select(ROWS).where(within(scope_of(pairs), ROWS))).all()
    assert [tuple(row) for row in rows] == [("a", "x")]
