"""Conversations read by an auditor: one at a time, for a reason that its person sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from assistant.domain.audit import Act
from assistant.domain.conversations import Conversation, Message
from assistant.domain.errors import InvalidInput, NotFound
from assistant.domain.ids import ConversationId, InspectionId, PersonId, TenantId, new_id
from assistant.domain.inspections import (
    REASON_LEAST,
    REASON_MOST,
    ConversationFacts,
    Inspection,
    OwnInspection,
    is_reason,
)
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditScope, AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.access import owner_tenant
from assistant.services.roles import require_auditor
from ingest.cleaning import one_line


@dataclass(frozen=True, slots=True)
class Overview:
    """Some conversations of a tenant, without a word of them."""

    facts: Sequence[ConversationFacts]
    """The last used first."""
    pseudonyms: Mapping[PersonId, str]
    """What stands for each person, as in the audit log."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation that an auditor was let read."""

    inspection: Inspection
    pseudonym: str
    conversation: Conversation
    messages: Sequence[Message]
    scope: Scope
    """The person's conversations, with what the auditor itself may read of documents."""


class InspectionService:
    """Lets auditors read, and people know of it. Blocking.

    An auditor reads within its own tenant; one of the tenant of the machine's owner is an auditor of
    the platform, and reads within all.
    """

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit

    def overview(
        self,
        *,
        tenant_id: TenantId | None,
        pseudonym: str,
        principal: Principal,
        limit: int,
        offset: int,
    ) -> Overview:
        """Conversations of a tenant by pseudonym, dates and counts; that somebody looked is recorded.

        Args:
            tenant_id: A tenant; None takes the auditor's own.
            pseudonym: Of one person; empty for all.
            principal: Who asks.
            limit: How many at most.
            offset: How many to pass over.

        Raises:
            Forbidden: No auditor ("auditor_only").
            NotFound: The tenant is unknown or foreign, or the pseudonym stands for nobody there.
        """
        require_auditor(principal)
        wanted = tenant_id or principal.tenant_id
        with self._open_work() as work:
            _check_reach(work, wanted, principal=principal)
            person_id = _person_of(work, pseudonym, tenant_id=wanted)
            facts = work.inspections.overview(
                wanted, person_id=person_id, limit=limit, offset=offset
            )
            people = dict.fromkeys(each.person_id for each in facts)
            pseudonyms = {each: work.audit.pseudonym_of(each) or "" for each in people}
            work.commit()
        self._audit.record(
            Act.CONVERSATIONS_LISTED,
            by=principal,
            tenant_id=wanted,
            details={"conversations": len(facts)},
        )
        return Overview(facts, pseudonyms)

    def inspect(
        self,
        conversation_id: ConversationId,
        *,
        reason: str,
        principal: Principal,
        scope: Scope,
    ) -> Opened:
        """Open a conversation once it is kept for its person, and recorded, that it was read and why.

        Args:
            conversation_id: The conversation.
            reason: Why, in the auditor's words, for the person to read.
            principal: The auditor.
            scope: What the auditor may read of documents.

        Raises:
            Forbidden: No auditor ("auditor_only").
            InvalidInput: The reason is blank, too short or too long ("inspection_reason").
            NotFound: The conversation is unknown or foreign.
        """
        require_auditor(principal)
        written = _checked_reason(reason)
        with self._open_work() as work:
            work.lock()
            facts = work.inspections.facts(conversation_id)
            if facts is None:
                raise NotFound
            _check_reach(work, facts.tenant_id, principal=principal)
            made = self._made(facts, reason=written, principal=principal)
            work.inspections.add(made)
            opened = _opened(work, made, scope=scope)
            self._tell(work, made, by=principal)
            work.commit()
        return opened

    def list_own(self, *, scope: Scope) -> list[OwnInspection]:
        """The inspections of the reader's own conversations, the newest first."""
        with self._open_work() as work:
            return work.inspections.list_own(scope=scope)

    def unseen(self, *, scope: Scope) -> int:
        """How many of them the reader has not said to know."""
        with self._open_work() as work:
            return work.inspections.unseen(scope=scope)

    def note_seen(self, *, scope: Scope) -> None:
        """Note that the reader knows of all of them; they stay."""
        with self._open_work() as work:
            work.inspections.note_seen(scope=scope, now=self._clock.now())
            work.commit()

    def _made(self, facts: ConversationFacts, *, reason: str, principal: Principal) -> Inspection:
        return Inspection(
            id=InspectionId(new_id()),
            tenant_id=facts.tenant_id,
            person_id=facts.person_id,
            conversation_id=facts.id,
            reason=reason,
            is_of_platform=facts.tenant_id != principal.tenant_id,
            made_at=self._clock.now(),
        )

    def _tell(self, work: UnitOfWork, made: Inspection, *, by: Principal) -> None:
        """The entry binds the reason by its hash: the words themselves go with their person."""
        self._audit.record_in(
            work,
            Act.CONVERSATION_READ,
            by=by,
            tenant_id=made.tenant_id,
            subject=made.conversation_id or "",
            details={
                "person_id": made.person_id,
                "inspection": made.id,
                "reason_sha256": sha256(made.reason.encode()).hexdigest(),
            },
        )


def _opened(work: UnitOfWork, made: Inspection, *, scope: Scope) -> Opened:
    theirs = replace(scope, tenant_id=made.tenant_id, person_id=made.person_id)
    conversation_id = made.conversation_id
    found = work.conversations.find(conversation_id, scope=theirs) if conversation_id else None
    if found is None:
        raise NotFound
    return Opened(
        inspection=made,
        pseudonym=work.audit.pseudonym_of(made.person_id) or "",
        conversation=found,
        messages=work.conversations.messages(found.id, scope=theirs),
        scope=theirs,
    )


def _check_reach(work: UnitOfWork, tenant_id: TenantId, *, principal: Principal) -> None:
    is_of_platform = principal.tenant_id == owner_tenant(work)
    if tenant_id != principal.tenant_id and not is_of_platform:
        raise NotFound
    if work.tenancy.find_tenant(tenant_id) is None:
        raise NotFound


def _person_of(work: UnitOfWork, pseudonym: str, *, tenant_id: TenantId) -> PersonId | None:
    if not pseudonym:
        return None
    found = work.audit.person_of(pseudonym, scope=AuditScope(tenant_id))
    if found is None:
        raise NotFound
    return found


def _checked_reason(reason: str) -> str:
    written = one_line(reason)
    if not is_reason(written):
        raise InvalidInput("inspection_reason", least=REASON_LEAST, limit=REASON_MOST)
    return written
