"""Questions that nothing answered, kept for the tenants whose administrators want that, and for a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from assistant.domain.audit import Act
from assistant.domain.corpus_health import QUESTIONS_KEPT_DAYS, Keeping, KeptQuestion
from assistant.domain.errors import AssistantError, Forbidden
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.roles import require_admin, require_writer
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)
_KEPT = timedelta(days=QUESTIONS_KEPT_DAYS)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a tenant keeps."""

    keeping: Keeping | None
    """None when it keeps none."""
    questions: Sequence[KeptQuestion]
    """The newest first."""


class QuestionKeeper:
    """Off unless an administrator of the tenant turns it on. Blocking.

    Only which answers are meant is kept: the words are those of the answers, and go with these, whether
    their person deletes the conversation or its time is over. Who asked is never told.
    """

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit
        self._done_on: date | None = None

    def is_on(self, tenant_id: TenantId) -> bool:
        """True when a tenant keeps its questions without answer: its people are told so."""
        with self._open_work() as work:
            return work.corpus_health.keeping(tenant_id) is not None

    def report(self, *, limit: int, principal: Principal, scope: Scope) -> Kept:
        """What the tenant of an administrator keeps.

        Raises:
            Forbidden: The principal is no administrator.
        """
        require_admin(principal)
        with self._open_work() as work:
            return self._kept(work, limit=limit, scope=scope)

    def decide(self, *, is_kept: bool, principal: Principal, scope: Scope) -> Kept:
        """Keep questions without answer from now on, or forget those that were kept.

        Raises:
            Forbidden: The principal is no administrator in person, or the tenant is read-only.
        """
        require_writer(principal)
        if principal.is_key:
            raise Forbidden("key_forbidden")
        return retried(lambda: self._decide(is_kept, principal=principal, scope=scope))

    def look(self) -> None:
        """Forget what is too old, once a day; a failure is logged, and tried at the next look."""
        today = self._clock.now().date()
        if self._done_on == today:
            return
        try:
            with self._open_work() as work:
                if work.corpus_health.forget_questions(before=today - _KEPT):
                    work.commit()
        except AssistantError as error:
            _log.warning("questions_not_forgotten", code=error.code)
            return
        self._done_on = today

    def _decide(self, is_kept: bool, *, principal: Principal, scope: Scope) -> Kept:
        tenant_id = principal.tenant_id
        with self._open_work() as work:
            work.lock()
            health = work.corpus_health
            if is_kept != (health.keeping(tenant_id) is not None):
                details: dict[str, str | int] = {"days": QUESTIONS_KEPT_DAYS}
                if is_kept:
                    keeping = Keeping(self._clock.now(), principal.person_id)
                    health.keep_questions(tenant_id, keeping)
                else:
                    details = {"questions": health.drop_questions(tenant_id)}
                self._audit.record_in(
                    work,
                    Act.QUESTIONS_KEPT if is_kept else Act.QUESTIONS_DROPPED,
                    by=principal,
                    tenant_id=tenant_id,
                    subject=tenant_id,
                    details=details,
                )
                work.commit()
        with self._open_work() as work:
            return self._kept(work, limit=1, scope=scope)

    def _kept(self, work: UnitOfWork, *, limit: int, scope: Scope) -> Kept:
        health = work.corpus_health
        since = self._clock.now().date() - _KEPT
        return Kept(
            health.keeping(scope.tenant_id),
            health.kept_questions(scope=scope, since=since, limit=limit),
        )
