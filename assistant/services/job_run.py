"""One job under one lease: every change of an item is made while the lease is proven to be held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from assistant.domain.cuts import Cut
from assistant.domain.documents import (
    Document,
    DocumentState,
    DocumentVersion,
    Reason,
    VersionState,
)
from assistant.domain.ids import TenantId, VersionId, new_id
from assistant.domain.jobs import FINAL_ITEM_STATES, ItemState, Job, JobItem, JobKind
from assistant.domain.retrieval import EmbedderIdentity, Vector
from assistant.domain.tenancy import Grant, Scope
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.fingerprints import Fingerprints, Standing
from assistant.services.finishing import JobFinisher
from assistant.services.links import keep_reading
from assistant.services.metering import count_use, reading_use
from assistant.services.new_chunks import new_chunks, texts_by_hash
from assistant.services.transactions import retried
from ingest.model import IngestedFile

_OPEN_PAGE = 500


class Stopped(Exception):
    """The work on a job must stop: cancelled, lease lost, or the process ends."""


class _Reading(NamedTuple):
    ingested: IngestedFile
    title: str
    """Which its texts were embedded with."""


class JobRun:
    """The writes of a worker on the job it holds."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        job: Job,
        owner: str,
        lease_s: float,
        fingerprints: Fingerprints,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._job = job
        self._owner = owner
        self._lease = timedelta(seconds=lease_s)
        self._fingerprints = fingerprints
        self._finisher = JobFinisher(clock)
        grant = Grant(job.tenant_id, job.collection_id)
        self._scope = Scope(job.tenant_id, job.created_by, frozenset({grant}))

    @cached_property
    def _standing(self) -> Standing:
        return self._fingerprints.standing()

    @property
    def tenant_id(self) -> TenantId:
        """Whose job it is."""
        return self._job.tenant_id

    def renew(self) -> bool:
        """Extend the lease; False when it was lost."""
        with self._open_work() as work:
            is_ours = self._renewed(work)
            work.commit()
        return is_ours

    def texts_of(self, ingested: IngestedFile, *, title: str) -> dict[str, str]:
        """Embedded texts of a file under a title, by the keys of their vectors."""
        return texts_by_hash(ingested, title=title, tenant_id=self._job.tenant_id)

    def is_cancelled(self) -> bool:
        """True when somebody asked to stop the job."""
        with self._open_work() as work:
            return work.queue.is_cancel_requested(self._job.id)

    def has_others(self) -> bool:
        """True when some other job waits for a worker."""
        with self._open_work() as work:
            return work.queue.has_others(self._job.id, now=self._clock.now())

    def due_items(self, *, limit: int) -> list[JobItem]:
        """Items to read now, in order, those begun included."""
        with self._open_work() as work:
            return work.queue.open_items(self._job.id, limit=limit, due=self._clock.now())

    def begin(self, item: JobItem) -> JobItem | None:
        """Mark an item as being read; None when it was settled instead: nothing to read.

        Raises:
            Stopped: The job is no longer ours or was cancelled.
        """
        standing = self._standing(item.sha256)
        return retried(lambda: self._begin(item, standing=standing))

    def give_back(self, item: JobItem) -> None:
        """Put a begun item back in the queue: the process ends, the file is not to blame."""
        self._settle(replace(_unblamed(item), state=ItemState.PENDING))

    def set_back(self, item: JobItem, *, reason: Reason, wait: timedelta) -> datetime:
        """Have a begun item tried again later: what it needs failed in passing.

        Returns:
            When.

        Raises:
            Stopped: The job is no longer ours or was cancelled.
        """
        later = self._clock.now() + wait
        waiting = replace(_unblamed(item), state=ItemState.RETRYING, reason=reason)
        self._settle(replace(waiting, setbacks=item.setbacks + 1, not_before=later))
        return later

    def mark_embedding(self, item: JobItem) -> JobItem | None:
        """Mark an item as read, its vectors under way; None when it was ended meanwhile.

        Raises:
            Stopped: The job is no longer ours or was cancelled.
        """
        marked = replace(item, state=ItemState.EMBEDDING)
        return marked if self._settle(marked) else None

    def fail(self, item: JobItem, *, reason: Reason) -> None:
        """End an item with its reason; a live version of its document stays served.

        Raises:
            Stopped: The job is no longer ours or was cancelled.
        """
        retried(lambda: self._fail([item], reason=reason))

    def fail_open(self, *, reason: Reason) -> None:
        """End every item that is still open with one reason.

        Raises:
            Stopped: The job is no longer ours or was cancelled.
        """
        while items := self._open_items():
            retried(lambda: self._fail(items, reason=reason))

    def keep(
        self,
        item: JobItem,
        *,
        ingested: IngestedFile,
        title: str,
        vectors: Mapping[EmbedderIdentity, Mapping[str, Vector]],
    ) -> None:
        """Keep a complete reading and its vectors in one commit; the index takes it from there.

        A file whose title was corrected while it was read, or after which another cut is searched, is
        read again.

        Args:
            item: The file.
            ingested: What was read.
            title: As `title_of` gave it, which its texts were embedded with.
            vectors: Of these texts, by embedder and hash of the text.

        Raises:
            Stopped: The job is no longer ours or was cancelled.
        """
        reading = _Reading(ingested, title)
        retried(lambda: self._keep(item, reading=reading, vectors=vectors))

    def title_of(self, item: JobItem, *, ingested: IngestedFile) -> str:
        """The title that the texts of a file are embedded and searched with: what people said of it first."""
        with self._open_work() as work:
            return _searched_title(self._document(work, item), ingested=ingested)

    def _open_items(self) -> list[JobItem]:
        with self._open_work() as work:
            return work.queue.open_items(self._job.id, limit=_OPEN_PAGE)

    def _begin(self, seen: JobItem, *, standing: frozenset[str]) -> JobItem | None:
        with self._open_work() as work:
            self._guard(work)
            item = work.jobs.find_item(seen.id, scope=self._scope)
            if item is None or item.state in FINAL_ITEM_STATES:
                return None  # it gave way to a newer job since it was seen
            item = replace(item, reason=None, not_before=None)
            settled = self._nothing_to_do(work, item, standing=standing)
            if settled is not None:
                work.queue.update_item(replace(item, state=settled))
                work.commit()
                return None
            begun = replace(item, state=ItemState.PARSING, attempt=item.attempt + 1)
            work.queue.update_item(begun)
            work.commit()
        return begun

    def _nothing_to_do(
        self, work: UnitOfWork, item: JobItem, *, standing: frozenset[str]
    ) -> ItemState | None:
        document = self._document(work, item)
        if document is None:
            return ItemState.REMOVED
        if document.sha256 != item.sha256:
            return ItemState.UNCHANGED
        if self._job.kind is JobKind.REINDEX:
            return None
        served = work.documents.live_versions([document.id], scope=self._scope, managed=self._scope)
        live = served.get(document.id)
        if live is not None and live.fingerprint in standing:
            return ItemState.UNCHANGED
        return None

    def _settle(self, item: JobItem) -> bool:
        def act() -> bool:
            with self._open_work() as work:
                self._guard(work)
                is_open = self._update(work, item)
                work.commit()
            return is_open

        return retried(act)

    def _update(self, work: UnitOfWork, item: JobItem) -> bool:
        """Write an item; False when it was ended meanwhile: its document was erased."""
        kept = work.jobs.find_item(item.id, scope=self._scope)
        if kept is None or kept.state in FINAL_ITEM_STATES:
            return False
        work.queue.update_item(item)
        return True

    def _fail(self, items: list[JobItem], *, reason: Reason) -> None:
        with self._open_work() as work:
            self._guard(work)
            for item in items:
                failed = replace(item, state=ItemState.FAILED, reason=reason, not_before=None)
                if self._update(work, failed):
                    self._blame(work, item, reason=reason)
            self._finisher.finish_if_settled(work, job_id=self._job.id)
            work.commit()

    def _blame(self, work: UnitOfWork, item: JobItem, *, reason: Reason) -> None:
        document = self._document(work, item)
        if document is None or document.sha256 != item.sha256:
            return
        has_live = document.live_version_id is not None
        state = DocumentState.LIVE if has_live else DocumentState.FAILED
        now = self._clock.now()
        work.documents.update(replace(document, state=state, reason=reason, updated_at=now))

    def _keep(
        self,
        item: JobItem,
        *,
        reading: _Reading,
        vectors: Mapping[EmbedderIdentity, Mapping[str, Vector]],
    ) -> None:
        with self._open_work() as work:
            self._guard(work)
            document = self._document(work, item)
            if document is None or document.sha256 != item.sha256:
                gone = ItemState.REMOVED if document is None else ItemState.UNCHANGED
                self._update(work, replace(item, state=gone))
                if document is None:  # what was computed of it leaves with it
                    work.vectors.forget_unused([each for own in vectors.values() for each in own])
            elif self._is_outdated(work, document, reading=reading):
                self._update(work, replace(_unblamed(item), state=ItemState.PENDING))
            else:
                for embedder, own in vectors.items():
                    work.vectors.add(own, embedder=embedder)
                version = self._add_version(work, document, reading=reading)
                work.queue.update_item(_indexing(item, version=version, ingested=reading.ingested))
            work.commit()

    def _is_outdated(self, work: UnitOfWork, document: Document, *, reading: _Reading) -> bool:
        title = _searched_title(document, ingested=reading.ingested)
        is_other_cut = Cut(reading.ingested.chunk_tokens) != work.cuts.active()
        return title != reading.title or is_other_cut

    def _add_version(
        self, work: UnitOfWork, document: Document, *, reading: _Reading
    ) -> DocumentVersion:
        version, now = self._version(document, reading=reading), self._clock.now()
        # a reading that never went live leaves its files to the one that takes its place
        work.queue.hand_over(document.id, to=version.id)
        chunks = new_chunks(reading.ingested, title=reading.title, tenant_id=document.tenant_id)
        work.ledger.add_version(version, chunks, cut=Cut(reading.ingested.chunk_tokens))
        keep_reading(
            work,
            version,
            parsed=reading.ingested.document,
            corrected=document.corrected,
            scope=self._scope,
            now=now,
        )
        use = reading_use(reading.ingested)
        count_use(work, use, tenant_id=document.tenant_id, at=now)
        return version

    def _version(self, document: Document, *, reading: _Reading) -> DocumentVersion:
        parsed = reading.ingested.document
        return DocumentVersion(
            id=VersionId(new_id()),
            document_id=document.id,
            tenant_id=document.tenant_id,
            collection_id=document.collection_id,
            state=VersionState.READY,
            sha256=document.sha256,
            fingerprint=self._fingerprints.of(document.sha256, missing=parsed.missing_tools),
            title=parsed.title,
            format=parsed.format,
            kind=parsed.kind,
            date=parsed.date,
            page_count=parsed.page_count,
            notices=parsed.notices,
            created_at=self._clock.now(),
            searched_title="" if reading.title == parsed.title else reading.title,
        )

    def _document(self, work: UnitOfWork, item: JobItem) -> Document | None:
        if item.document_id is None:
            return None
        return work.documents.find(item.document_id, scope=self._scope, managed=self._scope)

    def _guard(self, work: UnitOfWork) -> None:
        """Prove the lease within this transaction, as its first write."""
        if not self._renewed(work) or work.queue.is_cancel_requested(self._job.id):
            raise Stopped

    def _renewed(self, work: UnitOfWork) -> bool:
        until = self._clock.now() + self._lease
        return work.queue.renew(self._job.id, owner=self._owner, until=until)


def _unblamed(item: JobItem) -> JobItem:
    """The item without the attempt under way, which was not its fault."""
    return replace(item, attempt=max(0, item.attempt - 1))


def _searched_title(document: Document | None, *, ingested: IngestedFile) -> str:
    corrected = None if document is None else document.corrected.title
    return corrected or ingested.document.title


def _indexing(item: JobItem, *, version: DocumentVersion, ingested: IngestedFile) -> JobItem:
    return replace(
        item,
        state=ItemState.INDEXING,
        version_id=version.id,
        chunks=len(ingested.chunks),
        pages=ingested.document.page_count,
    )
