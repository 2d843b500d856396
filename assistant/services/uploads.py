"""Announced contents that come in parts: each part counts, and the last one makes the file whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

import structlog

from assistant.domain.errors import (
    AssistantError,
    Conflict,
    InvalidInput,
    NotFound,
    QuotaExceeded,
    StorageError,
)
from assistant.domain.ids import JobId, JobItemId
from assistant.domain.jobs import ItemState, Job, JobItem
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.parts import PartStore
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.ingestion import IngestionService
from assistant.services.quotas import check_bytes, reason_of
from assistant.services.roles import require_writer
from assistant.services.submission import PlannedFile

_log = structlog.get_logger(__name__)

KEPT = timedelta(hours=24)
"""How long a begun content waits for its next part."""
_BLOCK_BYTES = 1 << 20
_ENDED = frozenset({ItemState.FAILED, ItemState.CANCELLED, ItemState.REMOVED})
_CLEANING = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Upload:
    """How far a content has come."""

    offset: int
    """In bytes, from the beginning."""
    length: int
    """What was announced."""
    expires_at: datetime
    """When it is forgotten, unless another part comes."""


class UploadService:
    """Takes contents in parts, for the person that announced them alone. Blocking.

    A begun content belongs to a person and is known by its SHA-256, so that the same person goes on
    with it whatever job announces it: after a cut connection, a reload, or the end of the first job.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        parts: PartStore,
        files: FileStore,
        clock: Clock,
        *,
        ingestion: IngestionService,
    ) -> None:
        self._open_work = open_work
        self._parts = parts
        self._files = files
        self._clock = clock
        self._ingestion = ingestion
        self._clean_at: datetime | None = None

    def state(
        self, item_id: JobItemId, *, job_id: JobId, principal: Principal, scope: Scope
    ) -> Upload:
        """How far the content of an item has come.

        One that came whole, to a process that was killed before it said so, is taken here: whoever
        sends in parts takes a full offset for the end and would send nothing more.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such item within the scope, or another person announced it.
            Conflict: The item has ended ("item_ended").
            StorageError: The file store is full or unreadable.
        """
        require_writer(principal)
        job, item = self._found(item_id, job_id=job_id, principal=principal, scope=scope)
        if item.state is not ItemState.AWAITING_FILE:
            return self._upload(item.size_bytes, item)
        size = self._parts.size(job.tenant_id, part_name(job, item))
        if size and size == item.size_bytes:
            self._finish(job, item, principal=principal, scope=scope)
        return self._upload(size, item)

    def take(
        self,
        item_id: JobItemId,
        stream: BinaryIO,
        *,
        offset: int,
        job_id: JobId,
        principal: Principal,
        scope: Scope,
    ) -> Upload:
        """Add a part; each megabyte of it counts at once, also when the sender leaves in the middle.

        The last part is checked with all others against the announced content, as a content that
        comes in one: what does not fit fails the item, and is forgotten.

        Args:
            item_id: The announced file.
            stream: The part, read to its end.
            offset: Where it begins.
            job_id: Of the item.
            principal: An administrator: the one that announced it.
            scope: What it administers.

        Raises:
            Forbidden, NotFound, Conflict: As `state`; and it begins elsewhere ("upload_offset").
            InvalidInput: It goes beyond the announced size ("upload_too_long").
            QuotaExceeded: The tenant has no room for it: the item fails, what came is kept for its next
                announcement.
            StorageError: The disk is full ("disk_full") or fails; what came before stays.
        """
        require_writer(principal)
        job, item = self._found(item_id, job_id=job_id, principal=principal, scope=scope)
        if item.state is not ItemState.AWAITING_FILE:
            return self._upload(item.size_bytes, item)
        size = self._parts.size(job.tenant_id, part_name(job, item))
        if size != offset:
            raise Conflict("upload_offset", offset=size)
        self._check_room(job, item, size=size, scope=scope)
        size = self._append(job, item, stream, offset=offset)
        if size == item.size_bytes:
            self._finish(job, item, principal=principal, scope=scope)
        return self._upload(size, item)

    def forget_expired(self) -> None:
        """Once an hour, forget contents whose next part never came; a failure is logged."""
        now = self._clock.now()
        if self._clean_at is not None and now < self._clean_at:
            return
        self._clean_at = now + _CLEANING
        try:
            dropped = self._parts.drop_older(than_s=KEPT.total_seconds())
        except AssistantError as error:
            _log.warning("parts_not_forgotten", code=error.code)
            return
        if dropped:
            _log.info("parts_forgotten", count=dropped)

    def _append(self, job: Job, item: JobItem, stream: BinaryIO, *, offset: int) -> int:
        blocks = _Blocks()
        size = offset
        try:
            while data := stream.read(_BLOCK_BYTES):
                if size + blocks.size + len(data) > item.size_bytes:
                    raise InvalidInput("upload_too_long", size=item.size_bytes)
                blocks.add(data)
                if blocks.size >= _BLOCK_BYTES:
                    size = self._keep(job, item, blocks, offset=size)
        finally:
            size = self._keep(job, item, blocks, offset=size)
        return size

    def _keep(self, job: Job, item: JobItem, blocks: _Blocks, *, offset: int) -> int:
        block = blocks.taken()
        if not block and offset:
            return offset
        return self._parts.append(job.tenant_id, part_name(job, item), offset=offset, block=block)

    def _finish(self, job: Job, item: JobItem, *, principal: Principal, scope: Scope) -> None:
        """Hand a whole content over as if it came in one, then forget the parts."""
        name = part_name(job, item)
        try:
            with self._parts.opened(job.tenant_id, name) as stream:
                self._ingestion.receive(item.id, stream, principal=principal, scope=scope)
        except NotFound:
            return  # another request was faster
        self._parts.drop(job.tenant_id, name)

    def _check_room(self, job: Job, item: JobItem, *, size: int, scope: Scope) -> None:
        held = self._parts.held_bytes(job.tenant_id)
        try:
            with self._open_work() as work:
                known = work.documents.find_named(
                    item.name, source=job.source, collection_id=job.collection_id, scope=scope
                )
                planned = PlannedFile(
                    item.name, item.state, item.sha256, item.size_bytes, document=known
                )
                check_bytes(
                    work, planned, tenant_id=job.tenant_id, held_bytes=held, came_bytes=size
                )
        except QuotaExceeded as full:
            self._ingestion.refuse(item, reason=reason_of(full), scope=scope)
            raise
        # once in parts and, for a moment, once whole
        if item.size_bytes - size + item.size_bytes > self._files.room_bytes():
            raise StorageError("disk_full")

    def _found(
        self, item_id: JobItemId, *, job_id: JobId, principal: Principal, scope: Scope
    ) -> tuple[Job, JobItem]:
        with self._open_work() as work:
            item = work.jobs.find_item(item_id, scope=scope)
            job = work.jobs.find(job_id, scope=scope)
        is_own = job is not None and job.created_by == principal.person_id
        if item is None or job is None or item.job_id != job.id or not is_own:
            raise NotFound
        if item.state in _ENDED:
            raise Conflict("item_ended")
        return job, item

    def _upload(self, offset: int, item: JobItem) -> Upload:
        return Upload(offset, item.size_bytes, self._clock.now() + KEPT)


class _Blocks:
    """What was read and is not on the disk yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self.size += len(piece)

    def taken(self) -> bytes:
        """All of it; nothing is left."""
        block = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return block


def part_name(job: Job, item: JobItem) -> str:
    """Under which the begun content of an announced file is kept."""
    return f"{job.created_by}/{item.sha256}"
