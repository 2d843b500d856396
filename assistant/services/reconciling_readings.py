"""Readings that wait for an index without all of their vectors, found and mended."""

from __future__ import annotations

from assistant.domain.documents import DocumentVersion
from assistant.domain.reconciliation import Defect
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.lacking import reason_of_lacking, refuse_reading
from assistant.services.machinery import request_rereading
from assistant.services.reconciling_tally import Tally
from assistant.services.transactions import retried

_MOST = 10_000


class ReadingComparison:
    """Looks for READY versions that an index cannot be given: they would wait for ever."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        index: ChunkIndex,
        files: FileStore,
        clock: Clock,
        *,
        tally: Tally,
    ) -> None:
        self._open_work = open_work
        self._index = index
        self._files = files
        self._clock = clock
        self._tally = tally

    def look(self, *, mends: bool) -> None:
        """Look at all of them; those whose document waits to be read anyway are no defect.

        Raises:
            StorageError: The database fails.
            Interrupted: Told to stop.
        """
        self._tally.pause()
        found = self._lacking()
        self._tally.note(Defect.READING_INCOMPLETE, [version.id for version in found])
        if mends:
            mended = sum(retried(lambda each=each: self._mend(each)) for each in found)
            self._tally.mend(Defect.READING_INCOMPLETE, mended)

    def _lacking(self) -> list[DocumentVersion]:
        with self._open_work() as work:
            ready = work.ledger.ready_versions(limit=_MOST)
            if not ready:
                return []
            embedder_id, cut = self._index.embedder.id, work.cuts.active()
            missing = frozenset(work.generations.missing(embedder_id, cut).versions)
            lacking = [version for version in ready if version.id in missing]
            awaited = work.queue.documents_to_read([each.document_id for each in lacking])
        return [version for version in lacking if version.document_id not in awaited]

    def _mend(self, version: DocumentVersion) -> bool:
        """Have its document read again; one whose original is lost too ends with that reason."""
        with self._open_work() as work:
            work.lock()
            if self._files.has(version.sha256):
                is_mended = request_rereading(work, version, now=self._clock.now())
            else:
                reason = reason_of_lacking(work, version, files=self._files)
                is_mended = refuse_reading(work, version, reason=reason, clock=self._clock)
            work.commit()
        return is_mended
