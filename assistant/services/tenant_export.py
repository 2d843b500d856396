"""A tenant written to a file with all that is its own, so that it can leave."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import TenantId
from assistant.domain.people import Person
from assistant.domain.tenancy import Principal, Scope
from assistant.domain.tenants import Tenant, TenantState
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.moving import EventCodec
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services import archive_lines as lines
from assistant.services.access import LOCAL_PERSON
from assistant.services.archive_conversations import conversation_lines
from assistant.services.archive_documents import DocumentLines
from assistant.services.archive_organisation import (
    collection_line,
    folders_of,
    group_lines,
    person_line,
    question_set_line,
    tenant_line,
)
from assistant.services.archive_questions import csv_of
from assistant.services.archive_writer import ArchiveWriter, new_archive
from assistant.services.machinery import whole_scope
from assistant.services.roles import found_tenant, require_platform_admin
from assistant.services.transactions import retried

_ALL = 1_000_000
_PAGE = 500


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    path: Path
    size_bytes: int
    counts: dict[str, int]
    """Of things by kind."""


class TenantExporter:
    """Writes tenants to archives. Blocking; takes as long as the tenant is large.

    Args:
        open_work: The relational store.
        files: The originals.
        clock: The time.
        codec: Writes the events of answers down.
        audit: Told of what left.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        clock: Clock,
        *,
        codec: EventCodec,
        audit: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._clock = clock
        self._codec = codec
        self._audit = audit

    def export(
        self,
        tenant_id: TenantId,
        target: Path,
        *,
        principal: Principal,
        product_version: str,
        with_conversations: bool = False,
    ) -> ExportReport:
        """Write a tenant to a new file; what is in the database is of one moment.

        Args:
            tenant_id: The tenant.
            target: The file, which does not exist.
            principal: An administrator of the platform.
            product_version: Of the program that writes.
            with_conversations: True adds those of the people who agreed.

        Raises:
            NotFound: There is no such tenant.
            Forbidden: The principal does not administer the platform ("platform_forbidden").
            Conflict: Documents are being read ("tenant_busy"), one was deleted meanwhile
                ("archive_overtaken"), or the file exists ("archive_exists").
            StorageError: The file cannot be written, or its export not be recorded.
        """
        require_platform_admin(principal)
        now = self._clock.now()
        with new_archive(target, at=now) as archive, TemporaryFile(dir=target.parent) as wanted:
            with self._snapshot(tenant_id, principal=principal) as estate:
                counts = self._write_rows(archive, estate, wanted=wanted)
                if with_conversations:
                    told = conversation_lines(estate.work, estate.people(), codec=self._codec)
                    counts["conversations"] = archive.add_lines(lines.CONVERSATIONS, told)
                tenant = estate.tenant
            counts["originals"] = self._write_originals(archive, wanted)
            archive.finish(
                _manifest(tenant, archive.files, counts=counts, at=now, version=product_version)
            )
            retried(lambda: self._tell(tenant_id, counts, by=principal))
        return ExportReport(target, target.stat().st_size, counts)

    def _tell(self, tenant_id: TenantId, counts: dict[str, int], *, by: Principal) -> None:
        """Record what leaves before it has its name: without an entry there is no file."""
        with self._open_work() as work:
            work.lock()
            self._audit.record_in(
                work,
                Act.TENANT_EXPORTED,
                by=by,
                tenant_id=tenant_id,
                subject=tenant_id,
                details=counts,
            )
            work.commit()

    @contextmanager
    def _snapshot(self, tenant_id: TenantId, *, principal: Principal) -> Generator[_Estate]:
        with self._open_work() as work:
            tenant = found_tenant(work, tenant_id, principal=principal)
            if tenant.state is TenantState.DELETED:
                raise NotFound
            if work.estates.open_jobs(tenant_id):
                raise Conflict("tenant_busy")
            yield _Estate(work, tenant)

    def _write_rows(
        self, archive: ArchiveWriter, estate: _Estate, *, wanted: IO[bytes]
    ) -> dict[str, int]:
        work, tenant = estate.work, estate.tenant
        archive.add(lines.TENANT, [tenant_line(tenant).model_dump_json(indent=1).encode()])
        logo = work.tenancy.logo_of(tenant.id)
        if logo is not None:
            archive.add(lines.LOGO, [logo])
        owned = work.tenancy.list_collections(tenant_id=tenant.id)
        folders = folders_of(owned)
        told = DocumentLines(work, self._files, scope=estate.scope, folders=folders, wanted=wanted)
        return {
            "collections": archive.add_lines(
                lines.COLLECTIONS, (collection_line(each, folders[each.id]) for each in owned)
            ),
            "people": archive.add_lines(lines.PEOPLE, map(person_line, estate.people())),
            "groups": archive.add_lines(lines.GROUPS, group_lines(work, tenant.id)),
            "documents": archive.add_lines(lines.DOCUMENTS, told),
            "question_sets": self._write_questions(archive, estate),
        }

    def _write_questions(self, archive: ArchiveWriter, estate: _Estate) -> int:
        work, scope = estate.work, estate.scope
        kept = work.question_sets.list_recent(scope=scope, limit=_ALL)[::-1]
        written: list[lines.QuestionSetLine] = []
        for number, each in enumerate(kept, start=1):
            line = question_set_line(each, number=number)
            questions = work.question_sets.questions(each.id, scope=scope, limit=_ALL, offset=0)
            archive.add(line.file, csv_of(questions))
            written.append(line)
        return archive.add_lines(lines.QUESTION_SETS, written)

    def _write_originals(self, archive: ArchiveWriter, wanted: IO[bytes]) -> int:
        """The contents that the lines of documents name, which are no longer locked meanwhile."""
        count = 0
        wanted.seek(0)
        for row in wanted:
            path, sha256 = json.loads(row)
            try:
                with self._files.path(sha256).open("rb") as stream:
                    written = archive.add_file(path, stream)
            except (NotFound, FileNotFoundError) as error:
                raise Conflict("archive_overtaken") from error
            if written.sha256 != sha256:
                raise Conflict("archive_original_damaged", file=path[:200])
            count += 1
        return count


@dataclass(frozen=True, slots=True)
class _Estate:
    """A tenant within a snapshot."""

    work: UnitOfWork
    tenant: Tenant

    @property
    def scope(self) -> Scope:
        """All of its collections, for the machinery."""
        return whole_scope(self.work, self.tenant.id)

    def people(self) -> Iterator[Person]:
        """Its people but the owner of the machine, who stays with it."""
        offset = 0
        while page := self.work.people.list_page(
            tenant_id=self.tenant.id, limit=_PAGE, offset=offset
        ):
            yield from (each for each in page if each.id != LOCAL_PERSON)
            offset += len(page)


def _manifest(
    tenant: Tenant,
    files: list[lines.FileLine],
    *,
    counts: dict[str, int],
    at: datetime,
    version: str,
) -> lines.Manifest:
    return lines.Manifest(
        format=lines.FORMAT,
        format_version=lines.FORMAT_VERSION,
        product_version=version,
        created_at=at,
        tenant=tenant.name,
        counts=counts,
        files=files,
    )
