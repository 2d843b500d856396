"""Turns settings into what takes contents in: whole ones, and those that come in parts."""

from __future__ import annotations

from typing import Protocol

from assistant.adapters.files.parts import FolderPartStore
from assistant.adapters.sql.database import Database
from assistant.containers import Intake
from assistant.data_folder import DataFolder
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.parsing import FileReader
from assistant.services.documents import DocumentService
from assistant.services.fingerprints import Fingerprints
from assistant.services.ingestion import IngestionService
from assistant.services.pushed_documents import PushedDocuments
from assistant.services.uploads import UploadService
from assistant.settings import Settings
from ingest.limits import MEGABYTE


class Stand(Protocol):
    """What a process stands on."""

    @property
    def settings(self) -> Settings:
        """They are effective."""
        ...

    @property
    def folder(self) -> DataFolder:
        """The data folder."""
        ...

    @property
    def database(self) -> Database:
        """The store."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def files(self) -> FileStore:
        """The contents."""
        ...

    @property
    def reader(self) -> FileReader:
        """The pool of parsing children."""
        ...

    @property
    def fingerprints(self) -> Fingerprints:
        """Names readings."""
        ...


def part_store(folder: DataFolder) -> FolderPartStore:
    """Where contents wait that came in part.

    Raises:
        StorageError: The folder cannot be made.
    """
    return FolderPartStore(folder.parts)


def build_ingestion(common: Stand, audit: AuditTrail) -> IngestionService:
    """What turns announced files into jobs."""
    return IngestionService(
        common.database.unit_of_work,
        common.files,
        common.clock,
        audit=audit,
        fingerprints=common.fingerprints,
        max_file_bytes=common.settings.ingest.max_file_mb * MEGABYTE,
        max_files=common.settings.jobs.announced_files,
        max_open_jobs=common.settings.jobs.open_jobs,
    )


def build_intake(common: Stand, audit: AuditTrail) -> Intake:
    """All that takes contents in."""
    open_work, files, clock = common.database.unit_of_work, common.files, common.clock
    ingestion = build_ingestion(common, audit)
    documents = DocumentService(open_work, files, common.reader, clock, audit=audit)
    return Intake(
        ingestion=ingestion,
        uploads=UploadService(
            open_work, part_store(common.folder), files, clock, ingestion=ingestion
        ),
        pushed=PushedDocuments(
            open_work,
            files,
            ingestion=ingestion,
            documents=documents,
            max_file_bytes=common.settings.ingest.max_file_mb * MEGABYTE,
        ),
        documents=documents,
    )
