"""The file store compared with the database, every content read to its end, and mended."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from assistant.domain.reconciliation import Defect
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.reconciling_tally import Tally
from assistant.services.transactions import retried

_PAGE = 200
_ORPHAN_AFTER_S = 3600
"""A content is written before the database has a record of it; no upload takes that long between the two."""
_ASIDE_S = 30 * 24 * 3600
"""How long what nobody knew can be put back: the database may have been the wrong one."""
_MOST_PAUSE_S = 0.5


class FileComparison:
    """Looks for contents that are lost, damaged or unknown."""

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

    def look(self, *, mends: bool) -> None:
        """Compare all of it.

        Raises:
            StorageError: Files cannot be read, or the database fails.
            Interrupted: Told to stop.
        """
        self._files.drop_aside(older_than_s=_ASIDE_S)
        for page in self._needed():
            self._check_needed(page, mends=mends)
        for page in self._files.iter_kept(page=_PAGE, older_than_s=_ORPHAN_AFTER_S):
            self._tally.pause()
            self._check_kept(page, mends=mends)
        if mends and (kept := self._found_again()):
            retried(lambda: self._tell_found(kept))

    def _needed(self) -> Iterator[Sequence[str]]:
        after = ""
        while True:
            with self._open_work() as work:
                page = work.reconciliation.needed_contents(after=after, limit=_PAGE)
            if page:
                yield page
                after = page[-1]
            if len(page) < _PAGE:
                return

    def _check_needed(self, page: Sequence[str], *, mends: bool) -> None:
        self._tally.compared["files"] += len(page)
        faulty = [sha256 for sha256 in page if not self._is_whole(sha256)]
        if not faulty:
            return
        with self._open_work() as work:
            still = work.reconciliation.needed_among(faulty)
        damaged = [each for each in faulty if each in still and self._files.has(each)]
        lost = [each for each in faulty if each in still and each not in damaged]
        self._tally.note(Defect.FILE_DAMAGED, damaged)
        self._tally.note(Defect.FILE_LOST, lost)
        if mends:
            back = {sha256 for sha256 in lost if self._files.put_back(sha256)}
            self._tally.mend(Defect.FILE_LOST, len(back))
            lost = [sha256 for sha256 in lost if sha256 not in back]
            for sha256 in damaged:
                self._files.set_aside(sha256)
            retried(lambda: self._tell_lost([*damaged, *lost]))

    def _is_whole(self, sha256: str) -> bool:
        """Read a content, then rest as long: others want the disk too."""
        begun = time.monotonic()
        is_whole = self._files.is_whole(sha256)
        self._tally.pause(min(_MOST_PAUSE_S, time.monotonic() - begun))
        return is_whole

    def _tell_lost(self, hashes: Sequence[str]) -> None:
        with self._open_work() as work:
            told = {each.id for each in work.reconciliation.told_lost()}
            served = work.reconciliation.documents_served_from(hashes)
            untold = [each.id for each in served if each.id not in told]
            if untold:
                work.reconciliation.tell_lost(untold, now=self._clock.now())
                work.commit()

    def _found_again(self) -> list[str]:
        """Contents told to be lost that are there; read while no transaction is open."""
        with self._open_work() as work:
            told = {each.sha256 for each in work.reconciliation.told_lost()}
        return [sha256 for sha256 in sorted(told) if self._is_whole(sha256)]

    def _tell_found(self, kept: Sequence[str]) -> None:
        with self._open_work() as work:
            work.reconciliation.tell_found(kept=kept, now=self._clock.now())
            work.commit()

    def _check_kept(self, page: Sequence[str], *, mends: bool) -> None:
        with self._open_work() as work:
            unknown = set(page) - work.reconciliation.known_contents(page)
        unknown -= self._files.claimed()
        self._tally.note(Defect.FILE_ORPHAN, sorted(unknown))
        if unknown and mends:
            mended = retried(lambda: self._set_aside(sorted(unknown)))
            self._tally.mend(Defect.FILE_ORPHAN, mended)

    def _set_aside(self, hashes: Sequence[str]) -> int:
        """Under the write lock nobody begins to refer to them meanwhile."""
        with self._open_work() as work:
            work.lock()
            unknown = set(hashes) - work.reconciliation.known_contents(hashes)
            unknown -= self._files.claimed()
            for sha256 in unknown:
                self._files.set_aside(sha256)
        return len(unknown)
