"""What the machinery needs of sources, whatever their tenant: places, looks, and what is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.ids import SourceId, SourceRunId, TenantId
from assistant.domain.sources import KnownFile, Source, SourceFile, SourceRun
from ingest.sources.listing import FileSource


class SourcePlaces(Protocol):
    """The places that the operator opened, and nothing else."""

    def check(self, source: Source) -> None:
        """Refuse a source whose place is not open to its tenant; nothing is looked at.

        Raises:
            UpstreamError: Its folder does not answer ("source_silent"), or too many of the tenant's do
                not ("source_calls_busy").
            InvalidInput: It is not ("source_place_refused", "source_host_refused"), or its address
                cannot be one ("source_address_refused").
        """
        ...

    def open(self, source: Source, *, password: str) -> FileSource:
        """The files of a source. Raises `InvalidInput` as `check`."""
        ...

    def folders_of(self, tenant_id: TenantId) -> tuple[str, ...]:
        """Folders whose own folders a tenant may take, sorted."""
        ...

    def hosts_of(self, tenant_id: TenantId) -> tuple[str, ...]:
        """WebDAV servers that a tenant may speak to, as the settings write them, sorted."""
        ...


class SourceQueue(Protocol):
    """The machinery's side of sources: sees every tenant."""

    def due(self, *, now: datetime, limit: int) -> list[Source]:
        """Sources of active tenants whose time has come and that have no open run, the first due first.

        A time further ahead than the rhythm puts it is of a clock put back since, and has come.
        """
        ...

    def lease(self, *, owner: str, now: datetime, until: datetime) -> SourceRun | None:
        """Take a queued run, or one under way whose lease has passed; None when there is none.

        The tenant served least recently comes first, and its oldest run. One owner at a time, and one
        run of a tenant, also across processes. Those of tenants that are not active wait.
        """
        ...

    def renew(self, run_id: SourceRunId, *, owner: str, until: datetime) -> bool:
        """Extend a lease; False when it was lost, the run ended, or its tenant is not active."""
        ...

    def holds(self, run_id: SourceRunId, *, owner: str) -> bool:
        """True while `renew` would extend the lease; nothing is written."""
        ...

    def release(self, run_id: SourceRunId, *, owner: str) -> None:
        """Give a run back, to be begun again; the attempt that was stopped is not counted."""
        ...

    def is_at_work(self, tenant_id: TenantId, *, now: datetime) -> bool:
        """True while somebody looks at a source of a tenant, whether or not it is active."""
        ...

    def source(self, source_id: SourceId) -> Source | None:
        """A source, whatever its tenant."""
        ...

    def sealed(self, source_id: SourceId) -> str:
        """Its sealed password; "" for none."""
        ...

    def all_sealed(self) -> dict[SourceId, str]:
        """Every sealed password, for a change of key."""
        ...

    def known(self, source: Source, *, after: str, limit: int) -> list[KnownFile]:
        """Documents of a source by name, those whose name follows `after` in the order of the store."""
        ...

    def remember(self, source_id: SourceId, files: Sequence[SourceFile]) -> None:
        """Keep what is known of some files, in place of what was."""
        ...

    def forget(self, source_id: SourceId, names: Sequence[str]) -> None:
        """Forget some files (any number)."""
        ...

    def kept_out(self, source_id: SourceId) -> frozenset[str]:
        """Ids of the files that a look passes over, as `erased_digest` makes them of names."""
        ...

    def forget_old_runs(self, source_id: SourceId, *, keep: int) -> None:
        """Delete the oldest ended runs of a source beyond a number."""
        ...

    def forget_names(self, *, before: datetime, limit: int) -> int:
        """Forget the names that ended runs asked for before a time tell, of so many at most; of how many.

        Their counts stay.
        """
        ...

    def reading_rate(self, tenant_id: TenantId, *, jobs: int) -> float | None:
        """Seconds a byte that the last jobs of a tenant took; None when none ended with a file read."""
        ...
