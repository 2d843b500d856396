"""What the bounds of a tenant allow, asked and counted within the transaction of what is asked for.

The transaction is the only writer while it counts, so that no number of threads and processes passes
a bound together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from assistant.domain.answers import Answer
from assistant.domain.documents import Document, Reason
from assistant.domain.errors import NotFound, QuotaExceeded
from assistant.domain.french import french_number
from assistant.domain.ids import AnswerId, TenantId
from assistant.domain.jobs import ItemState
from assistant.domain.tenants import Quotas, Tenant
from assistant.domain.usage import MODEL_TOKENS, Held, Month, Unit, begin_of, day_of, reset_words
from assistant.ports.repositories import UnitOfWork
from assistant.services.submission import PlannedFile
from ingest.limits import MEGABYTE

_ANSWER_RETRY_S = 5.0
_JOBS_RETRY_S = 30.0
_KEPT_DAYS = 2
"""Of the questions of each person: a tenant may move to another time zone meanwhile."""
_ADDED = frozenset({ItemState.AWAITING_FILE, ItemState.PENDING})


def take_question(work: UnitOfWork, answer: Answer, *, ended: Collection[AnswerId]) -> None:
    """Count a question, within the transaction that keeps its answer.

    Args:
        work: Becomes the only writer.
        answer: The answer to be, not kept yet.
        ended: Answers that have ended, though that may not be kept yet.

    Raises:
        QuotaExceeded: A bound is reached ("quota_questions_…", "quota_tokens_…", "quota_answers_…").
        NotFound: The tenant is gone.
    """
    work.lock()
    tenant = _tenant(work, answer.tenant_id)
    today = day_of(answer.created_at, time_zone=tenant.time_zone)
    _check_counts(work, answer, tenant=tenant, today=today)
    _check_running(work, answer, quotas=tenant.quotas, ended=ended)
    work.usage.forget_people(tenant.id, before=today - timedelta(days=_KEPT_DAYS))
    _count_question(work, answer, day=today, amount=1)


def give_back_question(work: UnitOfWork, answer: Answer) -> None:
    """Take back what `take_question` counted: the answer failed. Nothing when the tenant is gone."""
    tenant = work.tenancy.find_tenant(answer.tenant_id)
    if tenant is not None:
        day = day_of(answer.created_at, time_zone=tenant.time_zone)
        _count_question(work, answer, day=day, amount=-1)


def check_room(work: UnitOfWork, plan: Iterable[PlannedFile], *, tenant_id: TenantId) -> None:
    """Refuse files that do not fit, within the transaction that would take them.

    What it removes and replaces makes room for what it adds. The unit of work becomes the only writer.

    Raises:
        QuotaExceeded: Too many documents ("quota_documents") or bytes ("quota_storage").
        NotFound: The tenant is gone.
    """
    work.lock()
    quotas = _tenant(work, tenant_id).quotas
    if quotas.documents is None and quotas.storage_mb is None:
        return  # what is held is a sum over all documents of the tenant
    added = [_added(planned) for planned in plan]
    held = work.usage.held(tenant_id)
    documents = sum(each.documents for each in added)
    _check_sum("quota_documents", used=held.documents, added=documents, limit=quotas.documents)
    limit = _bytes(quotas.storage_mb)
    size_bytes = sum(each.size_bytes for each in added)
    _check_sum("quota_storage", used=held.size_bytes, added=size_bytes, limit=limit)


@dataclass(frozen=True, slots=True)
class Room:
    """What one content may take, seen before it is read; `check_room` decides when it is taken."""

    used_bytes: int
    replaced_bytes: int
    """What the content that it replaces takes."""
    limit_bytes: int | None

    @property
    def largest_bytes(self) -> int | None:
        """Size of the largest content that there is room for; None for any."""
        if self.limit_bytes is None:
            return None
        return self.replaced_bytes + max(0, self.limit_bytes - self.used_bytes)

    def check(self, size_bytes: int) -> None:
        """Refuse a content that there is no room for. Raises `QuotaExceeded` ("quota_storage")."""
        added = size_bytes - self.replaced_bytes
        _check_sum("quota_storage", used=self.used_bytes, added=added, limit=self.limit_bytes)


def room_of(work: UnitOfWork, known: Document | None, *, tenant_id: TenantId) -> Room:
    """The room for the content of a document, which may be known already.

    Raises:
        QuotaExceeded: Its tenant may have no further document ("quota_documents").
        NotFound: The tenant is gone.
    """
    quotas = _tenant(work, tenant_id).quotas
    if quotas.documents is None and quotas.storage_mb is None:
        return Room(0, 0, None)
    held, before = work.usage.held(tenant_id), _held_by(known)
    added = 1 - before.documents
    _check_sum("quota_documents", used=held.documents, added=added, limit=quotas.documents)
    return Room(held.size_bytes, before.size_bytes, _bytes(quotas.storage_mb))


def check_open_jobs(
    work: UnitOfWork, plan: Iterable[PlannedFile], *, tenant_id: TenantId, most: int | None
) -> None:
    """Refuse files to read while too many jobs of a tenant are open; looks at sources do not count.

    Raises:
        QuotaExceeded: There are ("quota_open_jobs").
    """
    if most is None or not any(planned.state in _ADDED for planned in plan):
        return
    if work.queue.count_sent(tenant_id, limit=most) >= most:
        raise QuotaExceeded(
            "quota_open_jobs", retry_after_s=_JOBS_RETRY_S, limit=french_number(most)
        )


def check_bytes(
    work: UnitOfWork, planned: PlannedFile, *, tenant_id: TenantId, held_bytes: int, came_bytes: int
) -> None:
    """Refuse the rest of a content that came in part, beside all that documents and other parts hold.

    Args:
        work: The unit of work.
        planned: The file as it will be, with the document whose content it replaces.
        tenant_id: Whose it is.
        held_bytes: What all contents that are not whole take already.
        came_bytes: What of them is of this one.

    Raises:
        QuotaExceeded: Too many bytes ("quota_storage").
        NotFound: The tenant is gone.
    """
    limit = _bytes(_tenant(work, tenant_id).quotas.storage_mb)
    if limit is None:
        return
    used = work.usage.held(tenant_id).size_bytes + held_bytes - came_bytes
    _check_sum("quota_storage", used=used, added=_added(planned).size_bytes, limit=limit)


def _bytes(size_mb: int | None) -> int | None:
    return None if size_mb is None else size_mb * MEGABYTE


def reason_of(error: QuotaExceeded) -> Reason:
    """A refusal as the reason of one file."""
    return Reason(error.code, dict(error.params))


def _added(planned: PlannedFile) -> Held:
    """What a file adds to what is held; negative when it goes."""
    before = _held_by(planned.document)
    if planned.state is ItemState.REMOVED:
        return Held(-before.documents, -before.size_bytes)
    if planned.state not in _ADDED:
        return Held(0, 0)
    return Held(1 - before.documents, planned.size_bytes - before.size_bytes)


def _held_by(document: Document | None) -> Held:
    """What a document holds, nothing while no content of it was taken."""
    return Held(1, document.size_bytes) if document and document.sha256 else Held(0, 0)


def _check_counts(work: UnitOfWork, answer: Answer, *, tenant: Tenant, today: date) -> None:
    quotas, month = tenant.quotas, Month.of(today)
    asked = work.usage.questions_of(answer.person_id, tenant_id=tenant.id, day=today)
    daily = work.usage.totals(tenant.id, first=today, last=today)
    monthly = work.usage.totals(tenant.id, first=month.first, last=month.last)
    tokens, of_month = (
        sum(each.get(unit, 0) for unit in MODEL_TOKENS) for each in (daily, monthly)
    )
    now, tomorrow = answer.created_at, today + timedelta(days=1)
    next_month = month.last + timedelta(days=1)
    for code, used, limit, reset in (
        ("quota_questions_person", asked, quotas.questions_per_person, tomorrow),
        (
            "quota_questions_tenant",
            daily.get(Unit.QUESTIONS, 0),
            quotas.questions_per_day,
            tomorrow,
        ),
        ("quota_tokens_day", tokens, quotas.tokens_per_day, tomorrow),
        ("quota_tokens_month", of_month, quotas.tokens_per_month, next_month),
    ):
        if limit is not None and used >= limit:
            raise _reached(code, used=used, limit=limit, now=now, reset=reset, tenant=tenant)


def _reached(
    code: str, *, used: int, limit: int, now: datetime, reset: date, tenant: Tenant
) -> QuotaExceeded:
    opens = begin_of(reset, time_zone=tenant.time_zone)
    return QuotaExceeded(
        code,
        retry_after_s=max(1.0, (opens - now.astimezone(UTC)).total_seconds()),
        used=french_number(used),
        limit=french_number(limit),
        resets=reset_words(opens, time_zone=tenant.time_zone),
    )


def _check_running(
    work: UnitOfWork, answer: Answer, *, quotas: Quotas, ended: Collection[AnswerId]
) -> None:
    for code, person_id, limit in (
        ("quota_answers_person", answer.person_id, quotas.concurrent_per_person),
        ("quota_answers_tenant", None, quotas.concurrent_answers),
    ):
        if limit is None:
            continue
        used = work.usage.running(answer.tenant_id, person_id=person_id, apart_from=ended)
        if used >= limit:
            raise QuotaExceeded(code, retry_after_s=_ANSWER_RETRY_S, used=used, limit=limit)


def _count_question(work: UnitOfWork, answer: Answer, *, day: date, amount: int) -> None:
    work.usage.add(answer.tenant_id, day=day, amounts={Unit.QUESTIONS: amount})
    work.usage.add_question(answer.person_id, tenant_id=answer.tenant_id, day=day, amount=amount)


def _check_sum(code: str, *, used: int, added: int, limit: int | None) -> None:
    """Refuse an addition beyond a limit; what makes room or adds nothing always passes."""
    if limit is None or added <= 0 or used + added <= limit:
        return
    shown = {"used": used, "limit": limit, "added": added}
    words = {name: _megabytes(value) for name, value in shown.items()}
    if code == "quota_documents":
        words = {name: french_number(value) for name, value in shown.items()}
    raise QuotaExceeded(code, retry_after_s=None, **words)


def _megabytes(size_bytes: int) -> str:
    """Millions of bytes with one decimal, rounded up so that an excess always shows."""
    tenths = -(-size_bytes * 10 // MEGABYTE)
    return f"{french_number(tenths // 10)},{tenths % 10}"


def _tenant(work: UnitOfWork, tenant_id: TenantId) -> Tenant:
    tenant = work.tenancy.find_tenant(tenant_id)
    if tenant is None:
        raise NotFound
    return tenant
