"""Documents and files of jobs that nothing will ever end, found and mended."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain.reconciliation import Defect, KnownDocument
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.finishing import JobFinisher
from assistant.services.machinery import request_documents
from assistant.services.reconciling_tally import Tally
from assistant.services.transactions import retried

_PAGE = 200
_MOST_ITEMS = 10_000


class JobComparison:
    """Looks for stuck items, then for stuck documents: what ended may leave one."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        clock: Clock,
        *,
        tally: Tally,
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._clock = clock
        self._tally = tally
        self._finisher = JobFinisher(clock)

    def look(self, *, mends: bool) -> None:
        """Look at all of them.

        Raises:
            StorageError: The database fails.
            Interrupted: Told to stop.
        """
        with self._open_work() as work:
            items = work.reconciliation.stuck_items(limit=_MOST_ITEMS)
        self._tally.note(Defect.ITEM_STUCK, [item.id for item in items])
        if items and mends:
            self._tally.mend(Defect.ITEM_STUCK, retried(self._end_items))
        self._documents(mends=mends)

    def _end_items(self) -> int:
        with self._open_work() as work:
            work.lock()
            items = work.reconciliation.stuck_items(limit=_MOST_ITEMS)
            for item in items:
                work.reconciliation.end_item(item)
            self._finisher.finish_all_settled(work)
            work.commit()
        return len(items)

    def _documents(self, *, mends: bool) -> None:
        after = ""
        while True:
            self._tally.pause()
            with self._open_work() as work:
                page = work.reconciliation.stuck_documents(after=after, limit=_PAGE)
            self._tally.note(Defect.DOCUMENT_STUCK, [each.id for each in page])
            if page and mends:
                retried(lambda page=page: self._mend(page))
                self._tally.mend(Defect.DOCUMENT_STUCK, len(page))
            if len(page) < _PAGE:
                return
            after = page[-1].id

    def _mend(self, page: Sequence[KnownDocument]) -> None:
        """Have them read; one whose original is lost is told as such."""
        now = self._clock.now()
        with self._open_work() as work:
            kept = [each for each in page if self._files.has(each.sha256)]
            request_documents(work, kept, now=now)
            lost = [each.id for each in page if each not in kept]
            work.reconciliation.tell_lost(lost, now=now)
            work.commit()
