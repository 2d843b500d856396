"""What writes tenants to archives and takes them in, over the database and the files of the settings."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from assistant.adapters.audit.log import LogAuditTrail
from assistant.adapters.files.folder import FolderFileStore
from assistant.adapters.sql.events import dump_event, load_event
from assistant.bootstrap import SystemClock
from assistant.data_folder import DataFolder, check_instance
from assistant.databases import open_store
from assistant.domain.answers import AnswerEvent
from assistant.domain.tenancy import Principal
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.access import AccessService
from assistant.services.audit_trail import ChainAuditTrail
from assistant.services.jobs import JobService
from assistant.services.tenant_export import TenantExporter
from assistant.services.tenant_import import TenantImporter
from assistant.settings import Settings

_MEGABYTE = 1_000_000


class JsonEvents:
    """Implements `EventCodec` as the database keeps events."""

    def dump(self, event: AnswerEvent) -> str:
        """An event as a JSON object."""
        return dump_event(event)

    def load(self, text: str) -> AnswerEvent:
        """The event of a text made by `dump`. Raises `ValueError` for another text."""
        return load_event(text)


@dataclass(frozen=True, slots=True)
class Moving:
    """Both ways, and in whose name: the owner of the machine."""

    exporter: TenantExporter
    importer: TenantImporter
    principal: Principal
    open_work: UnitOfWorkFactory
    jobs: JobService


@contextmanager
def moving(settings: Settings) -> Generator[Moving]:
    """What moves tenants, beside a server that runs or without one.

    Raises:
        ConfigurationError: There is no instance ("data_dir_without_instance"), or its schema is not
            this program's.
        StorageError: The database cannot be used.
    """
    check_instance(settings.data_dir)
    folder = DataFolder(settings.data_dir.expanduser().absolute())
    with closing(open_store(settings, may_migrate=False)) as database:
        clock = SystemClock()
        open_work, files = database.unit_of_work, FolderFileStore(folder.files)
        trail = ChainAuditTrail(open_work, clock, spare=LogAuditTrail())
        yield Moving(
            TenantExporter(open_work, files, clock, codec=JsonEvents(), audit=trail),
            TenantImporter(
                open_work,
                files,
                clock,
                codec=JsonEvents(),
                audit=trail,
                max_file_bytes=settings.ingest.max_file_mb * _MEGABYTE,
            ),
            AccessService(open_work, clock).local_principal(),
            open_work,
            JobService(open_work, clock, files=files, audit=trail),
        )
