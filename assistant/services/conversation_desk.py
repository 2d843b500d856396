"""The services about what was said in conversations, wired together."""

from __future__ import annotations

from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.feedback import FeedbackService
from assistant.services.inspections import InspectionService
from assistant.services.retention import RetentionKeeper
from assistant.services.whereabouts import WhereaboutsService


class ConversationDesk:
    """Feedback on answers, what became of their sources, what auditors read, and how long all is kept."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self.feedback = FeedbackService(open_work, clock)
        self.whereabouts = WhereaboutsService(open_work)
        self.inspections = InspectionService(open_work, clock, audit=audit)
        self.retention = RetentionKeeper(open_work, clock, audit=audit)
