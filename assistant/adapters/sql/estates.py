"""All that a tenant holds, in every table: told, closed, cleared, and counted afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, exists, false, func, not_, or_, select, update

from assistant.adapters.sql.contents import is_used
from assistant.adapters.sql.documents import DOCUMENT_KEYS
from assistant.adapters.sql.password_tables import password_links
from assistant.adapters.sql.people_tables import group_members
from assistant.adapters.sql.rows import job_of, version_of
from assistant.adapters.sql.tables import (
    answers,
    chunks,
    contents,
    documents,
    job_items,
    jobs,
    metadata,
    sessions,
    sign_in_links,
    vectors,
    versions,
)
from assistant.adapters.sql.tenant_tables import tenants
from assistant.adapters.sql.traces import erase_quotes, quoting_answers
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.answers import AnswerStatus
from assistant.domain.documents import DocumentVersion, VersionState
from assistant.domain.ids import AnswerId, DocumentId, TenantId, VersionId
from assistant.domain.jobs import FINAL_JOB_STATES, Job, JobState
from assistant.domain.people import Membership
from assistant.domain.tenants import TenantState

_OPEN_JOBS = [state for state in JobState if state not in FINAL_JOB_STATES]
OF_NO_TENANT = frozenset(
    {
        "index_state",
        "generations",
        "sign_in_attempts",
        "logout_notices",
        "audit_entries",
        "sign_in_failures",
        "reconciliations",
    }
)
"""Tables whose rows belong to the instance."""
_SHARED = frozenset({"vectors", "contents"})
"""Tables whose rows belong to whoever refers to them."""


class SqlEstateRepository:
    """Implements `EstateRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def open_jobs(self, tenant_id: TenantId) -> list[Job]:
        """Jobs that have not ended, oldest first."""
        query = (
            select(jobs)
            .where(jobs.c.tenant_id == tenant_id, jobs.c.state.in_(_OPEN_JOBS))
            .order_by(jobs.c.number)
        )
        return [job_of(row) for row in self._transaction.read(query)]

    def shut(self, tenant_id: TenantId) -> None:
        """End the sessions and links of all its people, and ask its running answers to stop."""
        for table in (sessions, sign_in_links, password_links):
            self._transaction.write(table.delete().where(table.c.tenant_id == tenant_id))
        self._transaction.write(
            update(answers)
            .where(answers.c.status == AnswerStatus.RUNNING, answers.c.tenant_id == tenant_id)
            .values(cancel_requested=True)
        )

    def versions_of(
        self, document_ids: Sequence[DocumentId], *, tenant_id: TenantId
    ) -> dict[DocumentId, list[DocumentVersion]]:
        """The versions of some of its documents, oldest first; absent when there are none."""
        found: dict[DocumentId, list[DocumentVersion]] = {}
        for batch in batches(document_ids):
            query = (
                select(versions)
                .where(versions.c.document_id.in_(batch), versions.c.tenant_id == tenant_id)
                .order_by(versions.c.number)
            )
            for row in self._transaction.read(query):
                found.setdefault(row.document_id, []).append(version_of(row))
        return found

    def memberships_of(self, tenant_id: TenantId) -> list[Membership]:
        """Which of its people are in which of its groups, by group, then person."""
        query = (
            select(group_members)
            .where(group_members.c.tenant_id == tenant_id)
            .order_by(group_members.c.group_id, group_members.c.person_id)
        )
        rows = self._transaction.read(query)
        return [Membership(row.group_id, row.person_id, row.provider) for row in rows]

    def contents_of(self, tenant_id: TenantId) -> list[str]:
        """SHA-256 of the file contents that its documents, versions and jobs name, sorted."""
        of_items = (
            select(job_items.c.sha256)
            .select_from(job_items.join(jobs, jobs.c.id == job_items.c.job_id))
            .where(jobs.c.tenant_id == tenant_id)
        )
        found: set[str] = set()
        for query in (
            select(documents.c.sha256).where(documents.c.tenant_id == tenant_id),
            select(versions.c.sha256).where(versions.c.tenant_id == tenant_id),
            of_items,
        ):
            found |= {row.sha256 for row in self._transaction.read(query)}
        return sorted(found - {""})

    def texts_of(self, tenant_id: TenantId) -> list[str]:
        """Hashes of the embedded texts of its versions, sorted."""
        query = (
            select(chunks.c.embedded_hash)
            .select_from(chunks.join(versions, versions.c.id == chunks.c.version_id))
            .where(versions.c.tenant_id == tenant_id)
            .distinct()
        )
        return sorted(row.embedded_hash for row in self._transaction.read(query))

    def retire(self, tenant_id: TenantId, *, now: datetime) -> list[VersionId]:
        """Delete all its documents for readers, and retire every version; the versions it has."""
        self._transaction.write(
            update(documents)
            .where(documents.c.tenant_id == tenant_id)
            .values(is_deleted=True, updated_at=now)
        )
        self._transaction.write(
            update(versions)
            .where(versions.c.tenant_id == tenant_id)
            .values(state=VersionState.RETIRED)
        )
        self._transaction.forget(DOCUMENT_KEYS)
        query = select(versions.c.id).where(versions.c.tenant_id == tenant_id)
        return [row.id for row in self._transaction.read(query)]

    def quoting_answers(self, tenant_id: TenantId) -> list[AnswerId]:
        """Answers of other tenants that were given passages of its documents, oldest first."""
        return quoting_answers(self._transaction, tenant_id)

    def erase_quotes(self, answer_ids: Sequence[AnswerId], *, tenant_id: TenantId) -> None:
        """Take its passages, and all their text, out of some answers of other tenants."""
        erase_quotes(self._transaction, answer_ids, tenant_id=tenant_id)

    def clear(self, tenant_id: TenantId) -> None:
        """Delete every row of it but the tenant's own; what belongs to a row goes with it.

        Those that refer to others go first.
        """
        for table in reversed(metadata.sorted_tables):
            if "tenant_id" in table.c:
                self._transaction.write(table.delete().where(table.c.tenant_id == tenant_id))

    def remains(
        self, tenant_id: TenantId, *, texts: Sequence[str], contents: Sequence[str]
    ) -> dict[str, int]:
        """Number of rows of a tenant by table, for every table of the schema but its own row."""
        found: dict[str, int] = {}
        for table in metadata.sorted_tables:
            if table is not tenants and table.name not in OF_NO_TENANT | _SHARED:
                is_left = or_(_belongs(table, tenant_id), _is_orphan(table))
                found[table.name] = self._count(table, is_left)
        found["vectors"] = sum(
            self._count(vectors, vectors.c.hash.in_(batch), not_(_embeds_other(tenant_id)))
            for batch in batches(texts)
        )
        found["contents"] = sum(
            self._count(_CONTENTS, _CONTENTS.c.sha256.in_(batch), not_(_is_of_others(tenant_id)))
            for batch in batches(contents)
        )
        return found

    def contents_of_others(self, hashes: Sequence[str], *, tenant_id: TenantId) -> frozenset[str]:
        """Those of the contents that documents, versions or open jobs of other tenants name."""
        found: set[str] = set()
        for batch in batches(hashes):
            query = select(_CONTENTS.c.sha256).where(
                _CONTENTS.c.sha256.in_(batch), _is_of_others(tenant_id)
            )
            found |= {row.sha256 for row in self._transaction.read(query)}
        return frozenset(found)

    def forget_tenant(self, tenant_id: TenantId) -> None:
        """Delete the row of a tenant in state DELETED of which nothing else is left."""
        self._transaction.write(
            tenants.delete().where(
                tenants.c.id == tenant_id, tenants.c.state == TenantState.DELETED
            )
        )

    def _count(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        row = self._transaction.first(query)
        return 0 if row is None else row[0]


_CONTENTS = contents


def _belongs(table: Table, tenant_id: TenantId) -> ColumnElement[bool]:
    """True for rows that name the tenant, or a row that does."""
    if "tenant_id" in table.c:
        return table.c.tenant_id == tenant_id
    of_parents: list[ColumnElement[bool]] = []
    for parent, pairs in _parents(table):
        of_parents.append(exists().where(*pairs, _belongs(parent, tenant_id)))
    return or_(*of_parents)


def _is_orphan(table: Table) -> ColumnElement[bool]:
    """True for rows that name another row which is gone."""
    lost: list[ColumnElement[bool]] = []
    for constraint in table.foreign_key_constraints:
        parent = constraint.referred_table.alias()
        pairs = [(key.parent, parent.c[key.column.name]) for key in constraint.elements]
        named = and_(*(own.is_not(None) for own, _ in pairs))
        lost.append(and_(named, not_(exists().where(*(own == other for own, other in pairs)))))
    return or_(false(), *lost)


def _parents(table: Table) -> Iterator[tuple[Table, list[ColumnElement[bool]]]]:
    for constraint in table.foreign_key_constraints:
        yield (
            constraint.referred_table,
            [key.parent == key.column for key in constraint.elements],
        )


def _embeds_other(tenant_id: TenantId) -> ColumnElement[bool]:
    """True for vectors of texts that other tenants hold too."""
    return exists().where(
        chunks.c.embedded_hash == vectors.c.hash,
        versions.c.id == chunks.c.version_id,
        versions.c.tenant_id != tenant_id,
    )


def _is_of_others(tenant_id: TenantId) -> ColumnElement[bool]:
    return is_used(apart_from=tenant_id)
