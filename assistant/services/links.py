"""Links between documents: proposed when a version is kept, decided by administrators."""

from __future__ import annotations

from datetime import datetime

from assistant.domain.audit import Act
from assistant.domain.corrections import CorrectedFields, Labels
from assistant.domain.documents import DocumentVersion, Reading
from assistant.domain.errors import NotFound
from assistant.domain.ids import DocumentId, LinkId
from assistant.domain.links import DocumentLink, LinkState, marks_to_find, propose_links
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.roles import require_writer
from ingest.model import ParsedDocument

_CANDIDATES = 20
"""Readings compared with a new one: a bound on the time its commit holds the writer's turn."""


class LinkService:
    """What people see of links and make of them. Blocking: call it in a thread."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit

    def list_page(
        self, *, scope: Scope, state: LinkState, limit: int, offset: int = 0
    ) -> list[DocumentLink]:
        """Links in a state, oldest first."""
        with self._open_work() as work:
            return work.links.list_page(scope=scope, state=state, limit=limit, offset=offset)

    def of_document(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> list[DocumentLink]:
        """All links of a document, oldest first.

        Args:
            document_id: The document.
            scope: What the reader may read.
            managed: The part where it sees excluded documents too.

        Raises:
            NotFound: No such document within the scope.
        """
        with self._open_work() as work:
            if work.documents.find(document_id, scope=scope, managed=managed) is None:
                raise NotFound
            return work.links.list_of_document(document_id, scope=scope, managed=managed)

    def decide(
        self,
        link_id: LinkId,
        *,
        document_id: DocumentId,
        state: LinkState,
        principal: Principal,
        scope: Scope,
    ) -> DocumentLink:
        """Confirm or reject a link of a document; from then on answers that cite it say so, or not.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such link of this document within the scope.
        """
        require_writer(principal)
        with self._open_work() as work:
            work.lock()
            link = work.links.find(link_id, scope=scope, managed=scope)
            if link is None or document_id not in {link.source.id, link.target.id}:
                raise NotFound
            now = self._clock.now()
            work.links.decide(link_id, state=state, by=principal.person_id, now=now, scope=scope)
            decided = work.links.find(link_id, scope=scope, managed=scope)
            self._audit.record_in(
                work,
                Act.LINK_DECIDED,
                by=principal,
                tenant_id=scope.tenant_id,
                subject=link_id,
                details={"document": document_id, "state": state.value, "before": link.state.value},
            )
            work.commit()
        if decided is None:
            raise NotFound
        return decided


def keep_reading(
    work: UnitOfWork,
    version: DocumentVersion,
    *,
    parsed: ParsedDocument,
    corrected: CorrectedFields,
    scope: Scope,
    now: datetime,
) -> None:
    """Keep what a new version's text tells, and propose the links it suggests.

    Args:
        work: The unit of work that keeps the version itself.
        version: Already added to the ledger.
        parsed: What was read.
        corrected: What people put right of it.
        scope: Its collection alone: documents of others are never linked.
        now: When a proposal is made.
    """
    labels = corrected.over(Labels(version.title, version.kind, version.date))
    reading = Reading(
        version_id=version.id,
        document_id=version.document_id,
        title=labels.title,
        date=labels.date,
        created_at=version.created_at,
        act=parsed.act,
        quality=parsed.quality,
        sketch=parsed.sketch,
    )
    marks = marks_to_find(reading)
    others = work.links.find_readings(marks, scope=scope, limit=_CANDIDATES) if marks else []
    work.links.add_reading(reading, scope=scope)
    proposals = propose_links(reading, others=others)
    work.links.propose(proposals, document_id=version.document_id, scope=scope, now=now)
