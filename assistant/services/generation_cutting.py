"""The worker's part of a generation of another cut: documents cut anew from their kept originals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from assistant.domain.cuts import Cut
from assistant.domain.errors import NotFound, StorageError
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
        done = kept = 0
        standing: Standing | None = None
        while not is_over():
            with self._open_work() as work:
                some = work.cuts.uncut(cut, limit=_AT_ONCE)
            if not some:
                return CutSome(done, kept, is_whole=True)
            standing = standing or self._fingerprints.standing()
            for uncut in some:
                check()
                try:
                    kept += not self._cut(uncut, cut, standing=standing, check=check)
                except ReaderBusy:
                    return CutSome(done, kept, is_whole=False)
                done += 1
                if is_over():
                    break
        return CutSome(done, kept, is_whole=False)

    def _cut(
        self, uncut: Uncut, cut: Cut, *, standing: Standing, check: Callable[[], None]
    ) -> bool:
        """Cut one document; False when its passages are taken over as they are."""
        try:
            ingested = self._read(uncut, cut, standing=standing)
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

    def _read(self, uncut: Uncut, cut: Cut, *, standing: Standing) -> IngestedFile:
        path = self._files.path(uncut.version.sha256)
        ingested = self._reader.read(path, name=uncut.name, chunk_tokens=cut.tokens)
        is_poorer = uncut.version.fingerprint not in standing(uncut.version.sha256)
        if ingested.document.missing_tools and is_poorer:
            raise IngestError("tools_missing")
        return ingested

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
