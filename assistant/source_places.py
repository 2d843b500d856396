"""Turns settings into the places that sources may have, what seals their passwords, and their services."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from assistant.adapters.audit.log import LogAuditTrail
from assistant.adapters.sealing.keyfile import KeyFileSealer
from assistant.adapters.sql.database import Database
from assistant.data_folder import DataFolder
from assistant.domain.errors import InvalidInput
from assistant.domain.ids import TenantId
from assistant.domain.sources import Source, SourceKind
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.access import owner_tenant
from assistant.services.audit_trail import ChainAuditTrail
from assistant.services.ingestion import IngestionService
from assistant.services.names import is_printable
from assistant.services.patience import within
from assistant.services.source_runner import SourceRunner
from assistant.services.sources import SourceService
from assistant.settings import Settings, SourcesSettings
from ingest.limits import MEGABYTE
from ingest.sources.dav_connection import WebDavLimits
from ingest.sources.folder import FolderSource
from ingest.sources.listing import FileSource
from ingest.sources.webdav import WebDavSource

_ADDRESS_CHARS = 1000
_PATIENCE_S = 10.0
"""For a disk to say where a folder lies, in seconds."""
_PORTS = {"http": 80, "https": 443}


M = TypeVar("M", bound="Machine")


class SettingsPlaces:
    """Implements `SourcePlaces` over the settings.

    Args:
        settings: What the operator opened.
        open_work: Tells whose machine it is.
    """

    def __init__(self, settings: SourcesSettings, open_work: UnitOfWorkFactory) -> None:
        self._settings = settings
        self._open_work = open_work

    def check(self, source: Source) -> None:
        """Refuse a source whose place is not open to its tenant.

        Raises:
            InvalidInput: It is not.
            UpstreamError: Its folder does not answer ("source_silent"), or too many of the tenant's do
                not ("source_calls_busy").
        """
        if source.kind is SourceKind.FOLDER:
            self._folder(source)
        elif source.kind is SourceKind.WEBDAV:
            self._check_url(source)

    def open(self, source: Source, *, password: str) -> FileSource:
        """The files of a source. Raises `InvalidInput` as `check`, and for one that has none to open."""
        if source.kind is SourceKind.FOLDER:
            return FolderSource(self._folder(source))
        if source.kind is not SourceKind.WEBDAV:
            raise InvalidInput("source_is_push")
        self._check_url(source)
        limits = WebDavLimits(self._settings.connect_s, self._settings.silence_s)
        return WebDavSource(source.address, user=source.user, password=password, limits=limits)

    def folders_of(self, tenant_id: TenantId) -> tuple[str, ...]:
        """Folders whose own folders a tenant may take, sorted."""
        found = [(each.path, each.tenants) for each in self._settings.folders]
        return self._open_to(tenant_id, found)

    def hosts_of(self, tenant_id: TenantId) -> tuple[str, ...]:
        """WebDAV servers that a tenant may speak to, as the settings write them, sorted."""
        found: list[tuple[str, tuple[str, ...]]] = [
            (each, ()) for each in self._settings.webdav_hosts
        ]
        found += [(each.host, each.tenants) for each in self._settings.servers]
        return self._open_to(tenant_id, found)

    def _open_to(
        self, tenant_id: TenantId, places: Sequence[tuple[str, tuple[str, ...]]]
    ) -> tuple[str, ...]:
        """Those that name a tenant, and those that name nobody when it owns the machine."""
        is_owner = any(not tenants for _, tenants in places) and self._is_owner(tenant_id)
        return tuple(
            sorted(
                {
                    place
                    for place, tenants in places
                    if (tenant_id in tenants if tenants else is_owner)
                }
            )
        )

    def _folder(self, source: Source) -> Path:
        address = source.address
        if (
            not address.startswith("/")
            or len(address) > _ADDRESS_CHARS
            or not is_printable(address)
        ):
            raise InvalidInput("source_address_refused", address=address[:100])
        roots = self.folders_of(source.tenant_id)
        return within(
            lambda: _below(roots, address),
            tenant_id=source.tenant_id,
            address=address,
            seconds=_PATIENCE_S,
        )

    def _check_url(self, source: Source) -> None:
        url = source.address
        origin = _origin(url)
        if origin is None or len(url) > _ADDRESS_CHARS or not is_printable(url):
            raise InvalidInput("source_address_refused", address=_without_secrets(url)[:100])
        hosts = self.hosts_of(source.tenant_id)
        allowed = {_origin(each if "://" in each else f"https://{each}") for each in hosts}
        if origin not in allowed:
            raise InvalidInput("source_host_refused", host=origin[1])

    def _is_owner(self, tenant_id: TenantId) -> bool:
        with self._open_work() as work:
            return owner_tenant(work) == tenant_id


def sealer_of(settings: Settings, folder: DataFolder) -> KeyFileSealer:
    """What seals the passwords of sources."""
    named = settings.sources.key_file
    return KeyFileSealer(Path(named).expanduser() if named else folder.sources_key)


class Machine(Protocol):
    """What a process stands on."""

    @property
    def settings(self) -> Settings:
        """What was set."""
        ...

    @property
    def folder(self) -> DataFolder:
        """Where state lies."""
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
    def database(self) -> Database:
        """The store."""
        ...


def build_sources(
    machine: M, audit: AuditTrail, *, ingestion: Callable[[M, AuditTrail], IngestionService]
) -> SourceService:
    """What administrators use of sources; the key of their passwords is made unless it is there.

    Raises:
        ConfigurationError: The key can be neither read nor made ("sealing_key_unusable").
    """
    settings, open_work = machine.settings, machine.database.unit_of_work
    sealer = sealer_of(settings, machine.folder)
    sealer.prepare()
    return SourceService(
        open_work,
        machine.clock,
        places=SettingsPlaces(settings.sources, open_work),
        sealer=sealer,
        ingestion=ingestion(machine, audit),
        audit=audit,
    )


def build_source_runner(
    machine: M, *, ingestion: Callable[[M, AuditTrail], IngestionService]
) -> SourceRunner:
    """What looks at sources, in the worker."""
    settings, open_work = machine.settings, machine.database.unit_of_work
    audit = ChainAuditTrail(open_work, machine.clock, spare=LogAuditTrail())
    return SourceRunner(
        open_work,
        machine.files,
        ingestion(machine, audit),
        SettingsPlaces(settings.sources, open_work),
        sealer_of(settings, machine.folder),
        clock=machine.clock,
        audit=audit,
        scratch=machine.folder.scratch,
        max_file_bytes=settings.ingest.max_file_mb * MEGABYTE,
        owner=f"{socket.gethostname()}-{uuid4()}",
        lease_s=settings.jobs.lease_s,
    )


def _below(roots: Sequence[str], address: str) -> Path:
    """Where an address really lies, if that is below one of the roots. Raises `InvalidInput`."""
    real = os.path.realpath(address)
    # those it names first: the disk of another one may be gone, and not answer
    for root in sorted(roots, key=lambda each: not address.startswith(each)):
        opened = os.path.realpath(root).rstrip("/")
        if real == opened or real.startswith(f"{opened}/"):
            return Path(real)
    raise InvalidInput("source_place_refused", path=address)


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address without credentials, query and fragment; None for others."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in _PORTS or not parts.hostname or not is_plain:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def _without_secrets(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else url
