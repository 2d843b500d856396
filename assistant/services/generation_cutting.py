"""The worker's part of a generation of another cut: documents cut anew from their kept originals."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import structlog

from assistant.domain.cuts import Cut
from assistant.domain.errors import NotFound, StorageError
from assistant.domain.ids import VersionId
from assistant.ports.cuts import Uncut
from assistant.ports.files import FileStore
from assistant.ports.parsing import FileReader
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.fingerprints import Fingerprints, Standing
from assistant.services.new_chunks import new_chunks
from assistant.services.setbacks import failure_of
from assistant.services.transactions import retried
from ingest.errors import IngestError, ReaderBusy
from ingest.model import IngestedFile

_log = structlog.get_logger(__name__)

_AT_ONCE = 20
_TICK_S = 0.1
_CALLER = "generations"


@dataclass(frozen=True, slots=True)
class CutSome:
    """What was done of a cut in one go."""

    done: int
    """Documents that have it now."""
    kept: int
    """Those of them whose passages were taken over as they are: they cannot be read anew."""
    is_whole: bool
    """Nothing is left to cut."""


class GenerationCutter:
    """Cuts documents as a generation has them. Killed at any point, it goes on from the database.

    A document whose original is lost, damaged or can no longer be read as well as it was keeps the
    passages that people see: it stays found, and the generation tells of how many it is so.
    A long document is read on beside the work of others, and taken at a later call.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        reader: FileReader,
        *,
        fingerprints: Fingerprints,
    ) -> None:
        self._open_work, self._files, self._reader = open_work, files, reader
        self._fingerprints = fingerprints
        self._begun: tuple[VersionId, Cut, Future[IngestedFile]] | None = None

    def cut_some(
        self, cut: Cut, *, check: Callable[[], None], is_over: Callable[[], bool]
    ) -> CutSome:
        """Cut documents until none is left or the time is over.

        Args:
            cut: How.
            check: Called around each document; raises to give up.
            is_over: True when another look at the rest is due.

        Raises:
            StorageError: The database or the file store fails; all of it is tried again later.
        """
        try:
            return self._cut_some(cut, check=check, is_over=is_over)
        except BaseException:
            self._forget_begun()
            raise

    def _cut_some(
        self, cut: Cut, *, check: Callable[[], None], is_over: Callable[[], bool]
    ) -> CutSome:
        done = kept = 0
        standing: Standing | None = None
        while not is_over():
            with self._open_work() as work:
                some = work.cuts.uncut(cut, limit=_AT_ONCE)
            if not some:
                return CutSome(done, kept, is_whole=True)
            standing = standing or self._fingerprints.standing()
            for uncut in sorted(some, key=lambda each: not self._is_begun(each, cut)):
                reading = self._reading_of(uncut, cut)
                while not reading.done():
                    check()
                    if is_over():
                        return CutSome(done, kept, is_whole=False)
                    concurrent.futures.wait([reading], timeout=_TICK_S)
                check()
                self._begun = None
                try:
                    kept += not self._cut(uncut, cut, reading, standing=standing, check=check)
                except ReaderBusy:
                    return CutSome(done, kept, is_whole=False)
                done += 1
                if is_over():
                    break
        return CutSome(done, kept, is_whole=False)

    def _is_begun(self, uncut: Uncut, cut: Cut) -> bool:
        return self._begun is not None and self._begun[:2] == (uncut.version.id, cut)

    def _reading_of(self, uncut: Uncut, cut: Cut) -> Future[IngestedFile]:
        """The reading of a document, begun before or now; one of another document is given up."""
        if self._begun is not None and self._is_begun(uncut, cut):
            return self._begun[2]
        self._forget_begun()
        reading: Future[IngestedFile] = Future()
        self._begun = uncut.version.id, cut, reading
        threading.Thread(
            target=self._read_into, args=(reading, uncut, cut), name="cut", daemon=True
        ).start()
        return reading

    def _read_into(self, reading: Future[IngestedFile], uncut: Uncut, cut: Cut) -> None:
        try:
            path = self._files.path(uncut.version.sha256)
            ingested = self._reader.read(
                path, name=uncut.name, chunk_tokens=cut.tokens, caller=_CALLER
            )
        except BaseException as error:  # noqa: BLE001 - whoever takes the reading is told
            reading.set_exception(error)
        else:
            reading.set_result(ingested)

    def _forget_begun(self) -> None:
        if self._begun is not None and not self._begun[2].done():
            self._reader.interrupt(_CALLER)
        self._begun = None

    def _cut(
        self,
        uncut: Uncut,
        cut: Cut,
        reading: Future[IngestedFile],
        *,
        standing: Standing,
        check: Callable[[], None],
    ) -> bool:
        """Cut one document; False when its passages are taken over as they are."""
        try:
            ingested = _checked(reading.result(), uncut, standing=standing)
            code = ""
        except ReaderBusy:
            raise
        except (IngestError, NotFound) as error:
            check()  # a reader that is ended with its process has said nothing of the file
            ingested, code = None, error.code
        except StorageError as error:
            if failure_of(error).is_passing:
                raise
            ingested, code = None, error.code
        if ingested is None:
            _log.warning("version_kept_as_cut", version_id=uncut.version.id, code=code)
        retried(lambda: self._keep(uncut, cut, ingested=ingested))
        return ingested is not None

    def _keep(self, uncut: Uncut, cut: Cut, *, ingested: IngestedFile | None) -> None:
        version = uncut.version
        title = version.searched_title or version.title
        with self._open_work() as work:
            if ingested is not None and ingested.chunks:
                made = new_chunks(ingested, title=title, tenant_id=version.tenant_id)
                work.cuts.add(version.id, made, cut=cut)
            else:
                work.cuts.copy(version.id, cut=cut)
            work.commit()


def _checked(ingested: IngestedFile, uncut: Uncut, *, standing: Standing) -> IngestedFile:
    """Raises `IngestError` ("tools_missing") for a reading that programs which are away made poorer."""
    is_poorer = uncut.version.fingerprint not in standing(uncut.version.sha256)
    if ingested.document.missing_tools and is_poorer:
        raise IngestError("tools_missing")
    return ingested
