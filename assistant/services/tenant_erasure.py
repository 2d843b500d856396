"""The erasure of a tenant, with everything of it, counted before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict
from assistant.domain.ids import AnswerId, TenantId, VersionId
from assistant.domain.tenancy import Principal, Scope
from assistant.domain.tenants import Remains, TenantState
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.parts import PartStore
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.access import owner_tenant
from assistant.services.machinery import whole_scope
from assistant.services.roles import found_tenant, require_platform_admin
from assistant.services.transactions import retried
from assistant.services.unused_files import forget_unused_files

_ANSWERS_AT_ONCE = 20
"""Their events are rewritten one by one, under the write lock."""
_ERASED_FROM = frozenset({TenantState.ARCHIVED, TenantState.DELETED})


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What was found of a tenant before its erasure, and what is left of it."""

    found: Remains
    left: Remains

    @property
    def is_complete(self) -> bool:
        """True when nothing is left; the tenant itself is gone then."""
        return self.left.total == 0


@dataclass(frozen=True, slots=True)
class _Holdings:
    """What names the parts of a tenant that outlive its rows."""

    scope: Scope
    """All of its collections."""
    versions: Sequence[VersionId]
    texts: Sequence[str]
    contents: Sequence[str]


class TenantEraser:
    """Erases archived tenants. Blocking; takes as long as the tenant is large.

    Interrupted at any point, the tenant stays in state DELETED, and erasing it again goes on.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        index: ChunkIndex,
        clock: Clock,
        *,
        parts: PartStore,
        audit: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._parts = parts
        self._index = index
        self._clock = clock
        self._audit = audit

    def erase(self, tenant_id: TenantId, *, principal: Principal) -> ErasureReport:
        """Remove all of a tenant from database, file store and index, then count what is left.

        Answers that other tenants were given from its documents lose these, and their text.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: The principal does not administer the platform.
            Conflict: Not archived ("tenant_move_illegal"), of the machine's owner ("tenant_of_owner"),
                above other tenants ("tenant_has_children") or still at work ("tenant_busy").
            IndexUnavailable: The index fails; erasing again goes on.
        """
        holdings, rows = retried(lambda: self._begin(tenant_id, principal=principal))
        quoting = self._quoting(tenant_id)
        found = self._remains(tenant_id, holdings, rows=rows, quoting=quoting)
        self._erase_quotes(tenant_id, quoting)
        for version_id in holdings.versions:
            self._forget_version(version_id)
        retried(lambda: self._clear(tenant_id))
        self._parts.drop_all(tenant_id)
        while retried(lambda: forget_unused_files(self._open_work, self._files)):
            continue
        with self._open_work() as work:
            rows = _rows(work, tenant_id, holdings)
        quoting = self._quoting(tenant_id)
        left = self._remains(tenant_id, holdings, rows=rows, quoting=quoting)
        report = ErasureReport(found, left)
        retried(lambda: self._end(tenant_id, report, principal=principal))
        return report

    def _begin(
        self, tenant_id: TenantId, *, principal: Principal
    ) -> tuple[_Holdings, dict[str, int]]:
        """Put the tenant out of everybody's reach for good; what it holds, and its rows by table."""
        now = self._clock.now()
        with self._open_work() as work:
            work.lock()
            tenant = found_tenant(work, tenant_id, principal=principal)
            require_platform_admin(principal)
            _check_erasable(work, tenant_id, state=tenant.state, now=now)
            texts, contents = work.estates.texts_of(tenant_id), work.estates.contents_of(tenant_id)
            unseen = _Holdings(whole_scope(work, tenant_id), (), texts, contents)
            rows = _rows(work, tenant_id, unseen)
            versions = work.estates.retire(tenant_id, now=now)
            work.tenancy.update_tenant(
                replace(tenant, state=TenantState.DELETED, state_since=now, sirets=frozenset())
            )
            work.tenancy.set_logo(tenant_id, image=None)
            if tenant.state is not TenantState.DELETED:
                self._audit.record_in(
                    work,
                    Act.TENANT_MOVED,
                    by=principal,
                    tenant_id=tenant_id,
                    subject=tenant_id,
                    details={"state": "deleted", "before": tenant.state.value},
                )
            work.commit()
        return replace(unseen, versions=versions), rows

    def _quoting(self, tenant_id: TenantId) -> Sequence[AnswerId]:
        with self._open_work() as work:
            return work.estates.quoting_answers(tenant_id)

    def _erase_quotes(self, tenant_id: TenantId, found: Sequence[AnswerId]) -> None:
        def erase(batch: Sequence[AnswerId]) -> None:
            with self._open_work() as work:
                work.estates.erase_quotes(batch, tenant_id=tenant_id)
                work.commit()

        for start in range(0, len(found), _ANSWERS_AT_ONCE):
            retried(partial(erase, found[start : start + _ANSWERS_AT_ONCE]))

    def _forget_version(self, version_id: VersionId) -> None:
        self._index.remove_version(version_id)

        def forget() -> None:
            with self._open_work() as work:
                work.ledger.forget_version(version_id)
                work.commit()

        retried(forget)

    def _clear(self, tenant_id: TenantId) -> None:
        with self._open_work() as work:
            work.estates.clear(tenant_id)
            work.commit()

    def _end(self, tenant_id: TenantId, report: ErasureReport, *, principal: Principal) -> None:
        """Forget the tenant if nothing of it is left, and tell what was."""
        with self._open_work() as work:
            if report.is_complete:
                work.estates.forget_tenant(tenant_id)
            self._audit.record_in(
                work,
                Act.TENANT_ERASED,
                by=principal,
                tenant_id=tenant_id,
                subject=tenant_id,
                details={"found": report.found.total, "left": report.left.total},
            )
            work.commit()

    def _remains(
        self,
        tenant_id: TenantId,
        holdings: _Holdings,
        *,
        rows: dict[str, int],
        quoting: Sequence[AnswerId],
    ) -> Remains:
        with self._open_work() as work:
            used = work.estates.contents_of_others(holdings.contents, tenant_id=tenant_id)
        kept = [each for each in holdings.contents if each not in used and self._files.has(each)]
        held = self._index.held_versions()
        named = sum(held.get(version_id, 0) for version_id in holdings.versions)
        # also those of versions that no row tells any more
        points = max(named, self._index.count(scope=holdings.scope))
        return Remains(
            rows=rows,
            files=len(kept),
            points=points,
            quotes=len(quoting),
            parts=self._parts.count(tenant_id),
        )


def _check_erasable(
    work: UnitOfWork, tenant_id: TenantId, *, state: TenantState, now: datetime
) -> None:
    if state not in _ERASED_FROM:
        raise Conflict("tenant_move_illegal")
    if tenant_id == owner_tenant(work):
        raise Conflict("tenant_of_owner")
    if work.tenancy.children_of(tenant_id):
        raise Conflict("tenant_has_children")
    if work.estates.open_jobs(tenant_id) or work.source_queue.is_at_work(tenant_id, now=now):
        raise Conflict("tenant_busy")


def _rows(work: UnitOfWork, tenant_id: TenantId, holdings: _Holdings) -> dict[str, int]:
    return work.estates.remains(tenant_id, texts=holdings.texts, contents=holdings.contents)
