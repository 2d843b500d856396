"""A tenant taken in from a file that another instance wrote.

Its contents come first, which nobody sees; its rows follow in one transaction that also asks the worker
to read them. Interrupted before, the tenant is not there, and importing again takes up the contents
that are; interrupted after, the worker goes on by itself.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from assistant.domain.audit import Act
from assistant.domain.errors import AssistantError, Conflict, InvalidInput
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Principal
from assistant.domain.tenants import Tenant
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.moving import EventCodec
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.archive_intake import Intake
from assistant.services.archive_lines import DOCUMENTS, DocumentLine, FileLine
from assistant.services.archive_reader import ArchiveReader, opened_archive
from assistant.services.archive_sizes import check_sizes
from assistant.services.roles import require_platform_admin

_TRIES = 3
_OVERTAKEN = "archive_overtaken"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was taken in; its documents wait to be read."""

    tenant: Tenant
    counts: dict[str, int]
    """Of things by kind; `unshared_collections` are now read by the tenant alone."""


class TenantImporter:
    """Takes tenants in from archives. Blocking; takes as long as the archive is large.

    Args:
        open_work: The relational store.
        files: The originals.
        clock: The time.
        codec: Reads the events of answers.
        audit: Told of what came.
        max_file_bytes: Of an original, as of one that is sent.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        clock: Clock,
        *,
        codec: EventCodec,
        audit: AuditTrail,
        max_file_bytes: int,
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._clock = clock
        self._codec = codec
        self._audit = audit
        self._max_file_bytes = max_file_bytes

    def load(self, path: Path, *, principal: Principal) -> ImportReport:
        """Take in a tenant that is not here.

        Args:
            path: The archive.
            principal: An administrator of the platform.

        Raises:
            Forbidden: The principal does not administer the platform ("platform_forbidden").
            InvalidInput: The archive is refused, as `opened_archive`, `check_sizes`,
                `ArchiveReader.verify` and `Intake.write`; nothing of it is kept.
            Conflict: The tenant is here ("tenant_exists", "tenant_number_taken"), or something of it is
                ("archive_ids_taken").
            StorageError: The disk is full or the database cannot be used.
        """
        require_platform_admin(principal)
        with opened_archive(path) as archive:
            self._check_sizes(archive)
            archive.verify()
            intake = Intake(archive, self._codec, self._clock.now())
            tenant = intake.tenant()
            with self._open_work() as work:
                _check_new(work, tenant)
            self._load(archive, intake, tenant, principal=principal)
        return ImportReport(tenant, intake.counts)

    def _check_sizes(self, archive: ArchiveReader) -> None:
        check_sizes(
            archive.files,
            max_original_bytes=self._max_file_bytes,
            room_bytes=self._files.room_bytes(),
            is_kept=self._files.has,
        )

    def _load(
        self, archive: ArchiveReader, intake: Intake, tenant: Tenant, *, principal: Principal
    ) -> None:
        kept: list[str] = []
        try:
            for attempt in range(_TRIES):
                self._keep_contents(archive, kept)
                try:
                    self._write(archive, intake, tenant, principal=principal)
                except Conflict as error:
                    if error.code != _OVERTAKEN or attempt == _TRIES - 1:
                        raise
                else:
                    return
        except AssistantError:
            self._forget(kept, tenant_id=tenant.id)
            raise

    def _keep_contents(self, archive: ArchiveReader, kept: list[str]) -> None:
        """Put the originals into the file store, but for those that are there."""
        for line in archive.lines(DOCUMENTS, DocumentLine):
            original = line.original
            if original is None:
                continue
            if archive.files.get(original.path) != original:
                raise InvalidInput("archive_incomplete", file=original.path[:200])
            if not self._files.has(original.sha256):
                self._keep(archive, original)
                kept.append(original.sha256)

    def _keep(self, archive: ArchiveReader, original: FileLine) -> None:
        with archive.open(original.path) as stream:
            self._files.put(stream, max_bytes=original.size_bytes)

    def _write(
        self, archive: ArchiveReader, intake: Intake, tenant: Tenant, *, principal: Principal
    ) -> None:
        with self._open_work() as work:
            work.lock()  # a content found in the file store must not be forgotten meanwhile
            _check_new(work, tenant)
            for line in archive.lines(DOCUMENTS, DocumentLine):
                if line.original is not None and not self._files.has(line.original.sha256):
                    raise Conflict(_OVERTAKEN)
            try:
                intake.write(work, tenant)
            except Conflict as error:
                raise Conflict("archive_ids_taken") from error
            self._audit.record_in(
                work,
                Act.TENANT_IMPORTED,
                by=principal,
                tenant_id=tenant.id,
                subject=tenant.id,
                details=intake.counts,
            )
            work.commit()

    def _forget(self, kept: list[str], *, tenant_id: TenantId) -> None:
        """Remove the contents of an import that failed, unless somebody else came to use them."""
        with self._open_work() as work:
            work.lock()
            used = work.estates.contents_of_others(kept, tenant_id=tenant_id)
            used |= self._files.claimed()
            for sha256 in kept:
                if sha256 not in used:
                    self._files.remove(sha256)


def _check_new(work: UnitOfWork, tenant: Tenant) -> None:
    """Refuse a tenant that is here by its id, its numbers or its name."""
    if work.tenancy.find_tenant(tenant.id) is not None:
        raise Conflict("tenant_exists", name=tenant.name)
    others = work.tenancy.list_tenants()
    if _folded(tenant.name) in {_folded(each.name) for each in others}:
        raise Conflict("tenant_exists", name=tenant.name)
    numbers = {each.siren for each in others} - {""}
    establishments = {siret for each in others for siret in each.sirets}
    if tenant.siren in numbers or tenant.sirets & establishments:
        raise Conflict("tenant_number_taken")


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
