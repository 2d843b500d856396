"""READY versions that cannot be shown since some of their vectors are missing: what becomes of them."""

from __future__ import annotations

import time

import structlog

from assistant.domain.documents import DocumentVersion, Reason
from assistant.domain.ids import DocumentId, VersionId
from assistant.domain.jobs import ItemState
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.finishing import JobFinisher
from assistant.services.machinery import request_rereading, scope_of_version
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

INDEX_REFUSED = Reason("index_refused", {})
PATIENCE_S = 600.0
"""How long vectors may lack that no reading will bring: workers compute them anew from what was read."""
_LOST = Reason("original_lost", {})


def refuse_reading(
    work: UnitOfWork, version: DocumentVersion, *, reason: Reason, clock: Clock
) -> bool:
    """Give up a READY version, with the files of jobs that wait for it; nothing is committed.

    Returns:
        False, and nothing changes, when it is no longer READY.
    """
    if not work.ledger.refuse_version(version.id, reason=reason, now=clock.now()):
        return False
    work.queue.settle_indexed(version.id, state=ItemState.FAILED, reason=reason)
    JobFinisher(clock).finish_all_settled(work)
    return True


def reason_of_lacking(work: UnitOfWork, version: DocumentVersion, *, files: FileStore) -> Reason:
    """Why nothing will bring the vectors of a version: its original is lost, or its last reading failed."""
    if not files.has(version.sha256):
        return _LOST
    scope = scope_of_version(version)
    document = work.documents.find(version.document_id, scope=scope, managed=scope)
    return (document and document.reason) or INDEX_REFUSED


class LackingVersions:
    """Those that the applier met. Used by its thread alone.

    Args:
        open_work: The store.
        files: Says which originals are kept.
        clock: The time.
        patience_s: How long one may lack vectors that no reading will bring, in seconds.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        clock: Clock,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._clock = clock
        self._patience_s = patience_s
        self._aside: dict[VersionId, DocumentVersion] = {}
        self._since: dict[VersionId, float] = {}
        """When vectors began to lack that no reading will bring."""
        self._asked: dict[DocumentId, str] = {}
        """The content that was asked for: a second reading that lacks the same brings no third."""

    def __len__(self) -> int:
        """How many are not to be tried now."""
        return len(self._aside)

    def __contains__(self, version_id: VersionId) -> bool:
        """True for one that is not to be tried now."""
        return version_id in self._aside

    def set_aside(self, version: DocumentVersion) -> None:
        """Keep one from being tried until the next look; at first, have its content read again.

        Raises:
            StorageError: The database fails; all of it is done again at the next try.
        """
        if self._asked.get(version.document_id) != version.sha256:
            if self._files.has(version.sha256):
                retried(lambda: self._ask(version))
            self._asked[version.document_id] = version.sha256
        self._since.setdefault(version.id, time.monotonic())
        self._aside[version.id] = version

    def drop(self, version_id: VersionId) -> None:
        """Forget one that is no more; its content was asked for all the same."""
        self._aside.pop(version_id, None)
        self._since.pop(version_id, None)

    def settle(self, version: DocumentVersion) -> None:
        """Forget one that lacks nothing, or was given up, and that its content was asked for."""
        self.drop(version.id)
        self._asked.pop(version.document_id, None)

    def look(self) -> None:
        """Let those be tried again that nothing will read, and give up those that lacked too long.

        Raises:
            StorageError: The database fails; all of it is done again at the next look.
        """
        for version in list(self._aside.values()):
            now = time.monotonic()
            if self._is_awaited(version):
                self._since[version.id] = now
            elif now - self._since[version.id] < self._patience_s:
                del self._aside[version.id]
            elif retried(lambda version=version: self._give_up(version)):
                self.settle(version)
            else:
                self.drop(version.id)

    def _is_awaited(self, version: DocumentVersion) -> bool:
        with self._open_work() as work:
            return bool(work.queue.documents_to_read([version.document_id]))

    def _ask(self, version: DocumentVersion) -> None:
        with self._open_work() as work:
            if request_rereading(work, version, now=self._clock.now()):
                work.commit()

    def _give_up(self, version: DocumentVersion) -> bool:
        """Give a version up; False when it is no longer READY."""
        with self._open_work() as work:
            work.lock()
            reason = reason_of_lacking(work, version, files=self._files)
            if not refuse_reading(work, version, reason=reason, clock=self._clock):
                return False
            work.commit()
        _log.warning("reading_given_up", version_id=version.id, code=reason.code)
        return True
