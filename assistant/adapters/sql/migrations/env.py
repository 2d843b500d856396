"""Alembic's entry: runs migrations on the connection it is given, and nothing else."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, types

from assistant.adapters.sql import (
    audit_tables,
    conversation_tables,
    corpus_health_tables,
    document_tables,
    evaluation_tables,
    generation_tables,
    password_tables,
    people_tables,
    reconciliation_tables,
    sign_in_tables,
    source_tables,
    tenant_tables,
    usage_tables,
)


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    # A migration must not change when the program's own column types do.
    del autogen
    if kind == "type" and isinstance(item, types.TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def _is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Tables of procrastinate follow its own scripts, and no models."""
    del parents
    return kind != "table" or not (name or "").startswith("procrastinate_")


metadata = evaluation_tables.metadata
_NAMED = {
    audit_tables.audit_entries,
    conversation_tables.inspections,
    generation_tables.generations,
    document_tables.document_corrections,
    corpus_health_tables.gap_days,
    password_tables.passwords,
    people_tables.people,
    reconciliation_tables.reconciliations,
    tenant_tables.tenants,
    sign_in_tables.sign_in_attempts,
    source_tables.sources,
    usage_tables.usage_days,
}
if not {*metadata.sorted_tables} >= _NAMED:
    raise RuntimeError("some tables are missing")

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    compare_type=True,
    render_item=_render,
    include_name=_is_ours,
    render_as_batch=True,
)
context.run_migrations()
