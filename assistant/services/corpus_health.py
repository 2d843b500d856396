"""The health of a tenant's documents for its administrators, and what it is counted from."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import structlog

from assistant.domain.answers import AnswerCompleted, AnswerStatus, RetrievalCompleted
from assistant.domain.corpus_health import OLD_YEARS, CorpusHealth, HealthCode, HealthFinding
from assistant.domain.documents import SourceChunk
from assistant.domain.errors import AssistantError
from assistant.domain.ids import DocumentId
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.answer_record import AnswerRecord
from assistant.services.question_keeping import QuestionKeeper
from assistant.services.roles import require_admin
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

COUNTS_KEPT_DAYS = 400
_MOST_PENDING = 10_000
_YEAR = timedelta(days=365)


class CorpusHealthService:
    """Tells administrators of a tenant what to look after. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self.questions = QuestionKeeper(open_work, clock, audit=audit)
        """Those that nothing answered, where they are kept."""
        self.found = FoundCounter(open_work, clock)

    def report(self, *, days: int, limit: int, principal: Principal, scope: Scope) -> CorpusHealth:
        """The state of the documents that a principal administers.

        Args:
            days: How long a document may go without being found, and how far back gaps are told.
            limit: Greatest number of documents named for each finding.
            principal: An administrator.
            scope: What it administers.

        Raises:
            Forbidden: The principal is no administrator.
        """
        require_admin(principal)
        today = self._clock.now().date()
        since = today - timedelta(days=days)
        with self._open_work() as work:
            counted_since = work.corpus_health.counted_since(scope=scope)
            is_long = counted_since is not None and counted_since <= since
            findings = tuple(
                work.corpus_health.finding(
                    code, scope=scope, since=since, before=today - OLD_YEARS * _YEAR, limit=limit
                )
                if is_long or code is not HealthCode.NEVER_FOUND
                else HealthFinding(code, 0, ())
                for code in HealthCode
            )
            return CorpusHealth(
                documents=work.documents.counts(scope=scope).live,
                findings=findings,
                gaps=tuple(work.corpus_health.gaps(scope=scope, since=since)),
                counted_since=counted_since,
            )


class FoundCounter:
    """Counts in memory which documents searches find, and writes that from time to time.

    Lost with its process are the last seconds of counts, which nothing rests on.
    """

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock
        self._pending: Counter[DocumentId] = Counter()
        self._lock = threading.Lock()

    def note(self, chunks: Iterable[SourceChunk]) -> None:
        """Count each document of some passages once."""
        found = {chunk.document_id for chunk in chunks}
        with self._lock:
            if len(self._pending) < _MOST_PENDING:
                self._pending.update(found)

    def flush(self) -> None:
        """Write what was counted, and drop what is too old; a failure is logged, and tried again."""
        with self._lock:
            pending, self._pending = self._pending, Counter()
        if not pending:
            return
        try:
            retried(lambda: self._write(pending))
        except AssistantError as error:
            _log.warning("found_not_counted", code=error.code)
            with self._lock:
                self._pending.update(pending)

    def _write(self, pending: Counter[DocumentId]) -> None:
        day = self._clock.now().date()
        by_amount: dict[int, list[DocumentId]] = {}
        for document_id, amount in pending.items():
            by_amount.setdefault(amount, []).append(document_id)
        with self._open_work() as work:
            for amount, ids in by_amount.items():
                work.corpus_health.add_found(ids, day=day, amount=amount)
            work.corpus_health.forget_counts(before=day - timedelta(days=COUNTS_KEPT_DAYS))
            work.commit()


def count_result(work: UnitOfWork, record: AnswerRecord) -> None:
    """Count what an ended answer found, or where it came nearest without an answer.

    Of the question nothing is kept but the collection and the kind of the nearest document, and those
    only when the collection is one of the asker's own tenant; unless this tenant keeps the question.
    """
    end, answer = record.end, record.answer
    if not isinstance(end, AnswerCompleted):
        return
    day = answer.created_at.date()
    passages = [
        passage
        for each in record.events
        if isinstance(each.event, RetrievalCompleted)
        for passage in each.event.passages
    ]
    if passages:
        found = {passage.chunk.document_id for passage in passages}
        work.corpus_health.add_found(found, day=day, amount=1)
    if end.status is AnswerStatus.REFUSED:
        nearest = passages[0].chunk if passages else None
        is_own = nearest is not None and nearest.tenant_id == answer.tenant_id
        collection_id = nearest.collection_id if nearest and is_own else ""
        kind = nearest.kind if nearest and is_own else None
        health = work.corpus_health
        health.add_gap(answer.tenant_id, day=day, collection_id=collection_id, kind=kind)
        if health.keeping(answer.tenant_id) is not None:
            health.add_question(answer, day=day, collection_id=collection_id, kind=kind)
