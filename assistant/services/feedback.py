"""What people say of the answers they got; administrators learn how often, and what is passed on to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from assistant.domain.answers import Answer, AnswerStatus
from assistant.domain.errors import Conflict, InvalidInput, NotFound
from assistant.domain.feedback import (
    COMMENT_CHARS,
    OTHER_TENANTS,
    REASONS,
    CountKey,
    Feedback,
    FeedbackReason,
    SharedComment,
    Verdict,
)
from assistant.domain.ids import AnswerId, CollectionId, TenantId
from assistant.domain.tenancy import Principal, Role, Scope
from assistant.domain.usage import Month, day_of
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.answer_record import citations_of
from assistant.services.roles import administered_tenant
from ingest.cleaning import clean_text

_MOST_COMMENTS = 200


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a person says of an answer."""

    verdict: Verdict
    reasons: Collection[FeedbackReason] = ()
    comment: str = ""
    is_shared: bool = False
    """True lets its administrators read the comment."""


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """What administrators learn of a month."""

    month: Month
    counts: Mapping[CountKey, int]
    names: Mapping[CollectionId, str]
    """Of the collections in the counts; absent for one that was deleted."""
    comments: Sequence[SharedComment]
    """The newest first; none for who administers the platform but not the tenant."""


class FeedbackService:
    """Keeps feedback. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    def give(self, answer_id: AnswerId, opinion: Opinion, *, scope: Scope) -> Feedback:
        """Keep what the reader says of one of its answers, in the place of what it said before.

        Raises:
            NotFound: The answer is not the reader's.
            Conflict: It has not ended ("answer_running").
            InvalidInput: A reason does not fit the verdict ("feedback_reason"), or the comment is too
                long ("feedback_comment").
        """
        comment = _checked(opinion)
        with self._open_work() as work:
            work.lock()
            answer = work.answers.find(answer_id, scope=scope)
            if answer is None:
                raise NotFound
            if answer.status is AnswerStatus.RUNNING:
                raise Conflict("answer_running")
            given = self._given(work, answer, opinion, comment=comment, scope=scope)
            _withdraw(work, answer_id, scope=scope)
            keep_feedback(work, given)
            work.commit()
        return given

    def withdraw(self, answer_id: AnswerId, *, scope: Scope) -> None:
        """Forget what the reader said of an answer; no error when it said nothing.

        Raises:
            NotFound: The answer is not the reader's.
        """
        with self._open_work() as work:
            work.lock()
            if work.answers.find(answer_id, scope=scope) is None:
                raise NotFound
            _withdraw(work, answer_id, scope=scope)
            work.commit()

    def of_answers(
        self, answer_ids: Collection[AnswerId], *, scope: Scope
    ) -> dict[AnswerId, Feedback]:
        """What the reader says of some of its answers; absent when nothing."""
        if not answer_ids:
            return {}
        with self._open_work() as work:
            return work.feedback.find(answer_ids, scope=scope)

    def report(
        self, month: str, *, tenant_id: TenantId | None, principal: Principal
    ) -> FeedbackReport:
        """How often the people of a tenant said what of the answers of a month.

        Args:
            month: As "2026-11".
            tenant_id: A tenant; None takes the own one.
            principal: Who asks.

        Raises:
            InvalidInput: No such month ("month_refused").
            NotFound: The tenant is unknown or foreign.
            Forbidden: The principal does not administer it.
        """
        try:
            wanted = Month.parse(month)
        except ValueError:
            raise InvalidInput("month_refused") from None
        with self._open_work() as work:
            tenant = administered_tenant(
                work, tenant_id or principal.tenant_id, principal=principal
            )
            own = work.tenancy.list_collections(tenant_id=tenant.id)
            is_own = tenant.id == principal.tenant_id and Role.TENANT_ADMIN in principal.roles
            shared = (
                work.feedback.shared(tenant.id, month=wanted.first, limit=_MOST_COMMENTS)
                if is_own
                else []
            )
            counts = work.feedback.counts(tenant.id, month=wanted.first)
        names = {each.id: each.name for each in own}
        comments = [_comment_of(each, time_zone=tenant.time_zone) for each in shared]
        return FeedbackReport(wanted, counts, names, comments)

    def _given(
        self, work: UnitOfWork, answer: Answer, opinion: Opinion, *, comment: str, scope: Scope
    ) -> Feedback:
        tenant = work.tenancy.find_tenant(answer.tenant_id)
        if tenant is None:
            raise NotFound
        events = work.answers.events_after(answer.id, number=0, scope=scope)
        cited = {
            each.chunk.collection_id if each.chunk.tenant_id == tenant.id else OTHER_TENANTS
            for each in citations_of(events)
        }
        fitting = REASONS[opinion.verdict]
        return Feedback(
            answer_id=answer.id,
            tenant_id=answer.tenant_id,
            person_id=answer.person_id,
            verdict=opinion.verdict,
            reasons=tuple(each for each in fitting if each in opinion.reasons),
            comment=comment,
            is_shared=opinion.is_shared and bool(comment),
            month=Month.of(day_of(answer.created_at, time_zone=tenant.time_zone)).first,
            collections=tuple(sorted(cited)),
            given_at=self._clock.now(),
        )


def keep_feedback(work: UnitOfWork, feedback: Feedback) -> None:
    """Keep feedback of an answer that has none, and count it."""
    work.feedback.put(feedback)
    work.feedback.add_counts(feedback.tenant_id, dict.fromkeys(feedback.counted(), 1))


def _withdraw(work: UnitOfWork, answer_id: AnswerId, *, scope: Scope) -> None:
    before = work.feedback.find([answer_id], scope=scope).get(answer_id)
    if before is not None:
        work.feedback.delete(answer_id, scope=scope)
        work.feedback.add_counts(before.tenant_id, dict.fromkeys(before.counted(), -1))


def _checked(opinion: Opinion) -> str:
    """The comment as it is kept."""
    if not set(opinion.reasons) <= set(REASONS[opinion.verdict]):
        raise InvalidInput("feedback_reason")
    comment = clean_text(opinion.comment)
    if len(comment) > COMMENT_CHARS:
        raise InvalidInput("feedback_comment", limit=COMMENT_CHARS)
    return comment


def _comment_of(feedback: Feedback, *, time_zone: str) -> SharedComment:
    return SharedComment(
        on=day_of(feedback.given_at, time_zone=time_zone),
        verdict=feedback.verdict,
        reasons=feedback.reasons,
        comment=feedback.comment,
    )
