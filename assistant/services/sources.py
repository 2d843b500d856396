"""Sources as their administrators make, change, look at and remove them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime

from assistant.domain.audit import Act
from assistant.domain.errors import InvalidInput, NotFound, UpstreamError
from assistant.domain.ids import CollectionId, SourceId, new_id
from assistant.domain.sources import Source, SourceKind
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.ports.sealing import Sealer
from assistant.ports.source_queue import SourcePlaces
from assistant.services.access import default_collection
from assistant.services.ingestion import IngestionService
from assistant.services.patience import PLACE_PATIENCE_S, within
from assistant.services.places_at_once import FewAtOnce
from assistant.services.roles import require_admin, require_writer
from assistant.services.source_drafts import (
    SourceDraft,
    SourceStatus,
    found_source,
    goes_elsewhere,
    require_free_name,
    status_of,
    written,
)
from assistant.services.source_requests import SourceRequests
from assistant.services.transactions import retried
from ingest.sources.listing import FileSource, SourceFault

_TESTED_NAMES = 5
_TESTS_OF_TENANT, _TESTS = 2, 4
"""Tests of connections at once."""


class SourceService:
    """Makes, changes and removes sources; `requests` asks for looks at them. Blocking: call it in a thread.

    Args:
        open_work: The store.
        clock: The time.
        places: Says which places are open.
        sealer: Seals passwords.
        ingestion: Removes the documents of a source that goes with them.
        audit: Told of every change.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        places: SourcePlaces,
        sealer: Sealer,
        ingestion: IngestionService,
        audit: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._places = places
        self._sealer = sealer
        self._ingestion = ingestion
        self._audit = audit
        self._tests = FewAtOnce(per_tenant=_TESTS_OF_TENANT, in_all=_TESTS)
        self.requests = SourceRequests(open_work, clock, places=places, audit=audit)

    def list_all(self, *, principal: Principal, scope: Scope) -> list[SourceStatus]:
        """The sources of the tenant, by name. Raises `Forbidden`."""
        require_admin(principal)
        with self._open_work() as work:
            found = work.sources.list_all(scope=scope)
            return [status_of(work, each, scope=scope) for each in found]

    def get(self, source_id: SourceId, *, principal: Principal, scope: Scope) -> SourceStatus:
        """A source and how it stands. Raises `Forbidden` and `NotFound`."""
        require_admin(principal)
        with self._open_work() as work:
            return status_of(work, found_source(work, source_id, scope=scope), scope=scope)

    def folders(self, *, principal: Principal) -> tuple[str, ...]:
        """Folders below which the principal's tenant may have sources. Raises `Forbidden`."""
        require_admin(principal)
        return self._places.folders_of(principal.tenant_id)

    def hosts(self, *, principal: Principal) -> tuple[str, ...]:
        """WebDAV servers that the principal's tenant may speak to. Raises `Forbidden`."""
        require_admin(principal)
        return self._places.hosts_of(principal.tenant_id)

    def add(
        self,
        draft: SourceDraft,
        *,
        kind: SourceKind,
        collection_id: CollectionId | None,
        principal: Principal,
        scope: Scope,
    ) -> SourceStatus:
        """Make a source. It is looked at when somebody asks; its schedule begins after its first run.

        Args:
            draft: What is written of it.
            kind: Its kind, for good.
            collection_id: Where its documents go, for good; None takes the oldest collection.
            principal: Who makes it.
            scope: The collections that its tenant owns.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: The collection is unknown.
            InvalidInput: A field is refused, or the place is not open to the tenant.
            Conflict: The name is taken ("source_name_taken").
            ConfigurationError: Passwords cannot be sealed ("sealing_key_unusable").
        """
        require_writer(principal)
        source_id = SourceId(new_id())
        sealed = self._sealed(draft.password or "", source_id)
        if kind is SourceKind.WEBDAV and not (draft.user and draft.password):
            raise InvalidInput("source_password_needed")
        return retried(
            lambda: self._add(
                draft, source_id, kind, collection_id, sealed, principal=principal, scope=scope
            )
        )

    def _add(
        self,
        draft: SourceDraft,
        source_id: SourceId,
        kind: SourceKind,
        collection_id: CollectionId | None,
        sealed: str,
        *,
        principal: Principal,
        scope: Scope,
    ) -> SourceStatus:
        blank = Source(
            id=source_id,
            tenant_id=principal.tenant_id,
            collection_id=CollectionId(""),
            kind=kind,
            name="",
            address="",
            created_by=principal.person_id,
            created_at=self._clock.now(),
            has_password=bool(sealed),
        )
        source = written(blank, draft)
        self._places.check(source)  # may wait for a disk, and so within no transaction
        with self._open_work() as work:
            work.lock()
            where = _collection(work, collection_id, scope=scope)
            source = replace(source, collection_id=where)
            require_free_name(work, source, scope=scope)
            work.sources.add(source, sealed=sealed)
            self._tell(work, Act.SOURCE_ADDED, source, principal, kind=kind.value)
            work.commit()
        return SourceStatus(source, None, None)

    def change(
        self, source_id: SourceId, draft: SourceDraft, *, principal: Principal, scope: Scope
    ) -> SourceStatus:
        """Write a source anew. Its kind and collection stay.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such source in the scope.
            InvalidInput: As `add`; also the password has to be written again, since it would go
                elsewhere than before ("source_password_elsewhere").
            Conflict: The name is taken ("source_name_taken").
        """
        require_writer(principal)
        sealed = None if draft.password is None else self._sealed(draft.password, source_id)

        with self._open_work() as work:
            seen = found_source(work, source_id, scope=scope)
        self._places.check(written(seen, draft))  # of the draft alone, and within no transaction

        def act() -> SourceStatus:
            with self._open_work() as work:
                work.lock()
                before = found_source(work, source_id, scope=scope)
                source = written(before, draft)
                require_free_name(work, source, scope=scope)
                if sealed is None and before.has_password and goes_elsewhere(before, source):
                    raise InvalidInput("source_password_elsewhere")
                source = replace(source, next_run_at=self._next(work, source))
                work.sources.update(source)
                if sealed is not None:
                    work.sources.set_sealed(source_id, sealed=sealed)
                self._tell(work, Act.SOURCE_CHANGED, source, principal)
                work.commit()
                return status_of(work, found_source(work, source_id, scope=scope), scope=scope)

        return retried(act)

    def remove(
        self,
        source_id: SourceId,
        *,
        keeps_documents: bool,
        principal: Principal,
        scope: Scope,
    ) -> None:
        """Remove a source, at once, with its documents or without; a look under way adds none any more.

        Args:
            source_id: The source.
            keeps_documents: False deletes all its documents too.
            principal: Who does.
            scope: The collections that its tenant owns.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such source in the scope.
        """
        require_writer(principal)

        def act() -> None:
            with self._open_work() as work:
                work.lock()
                source = found_source(work, source_id, scope=scope)
                work.sources.delete(source_id, scope=scope)
                self._tell(work, Act.SOURCE_REMOVED, source, principal, keeps=int(keeps_documents))
                if not keeps_documents:
                    self._ingestion.empty_in(
                        work,
                        source.label,
                        collection_id=source.collection_id,
                        principal=principal,
                        scope=scope,
                    )
                work.commit()

        retried(act)

    def test(
        self,
        draft: SourceDraft,
        *,
        kind: SourceKind,
        principal: Principal,
        scope: Scope,
        source_id: SourceId | None = None,
    ) -> tuple[str, ...]:
        """Try the way to a place, and tell some names right in it; nothing is kept.

        Args:
            draft: What is written of the source.
            kind: Its kind.
            principal: Who tries.
            scope: The collections that its tenant owns.
            source_id: A source whose password is used when none is written and it goes nowhere else.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such source in the scope.
            InvalidInput: The place is not open to the tenant, or has nothing to look at.
            UpstreamError: It cannot be reached; the code says why.
            QuotaExceeded: Others are being tried ("source_tests_busy").
        """
        require_writer(principal)
        tried = Source(
            id=source_id or SourceId(""),
            tenant_id=principal.tenant_id,
            collection_id=CollectionId(""),
            kind=kind,
            name=draft.name,
            address=draft.address.strip(),
            created_by=principal.person_id,
            created_at=self._clock.now(),
            user=draft.user.strip(),
        )
        password = draft.password
        if password is None and source_id is not None:
            password = self._kept_password(source_id, tried, scope=scope)
        try:
            with (
                self._tests.one_of(principal.tenant_id),
                closing(self._places.open(tried, password=password or "")) as place,
            ):
                return _first_names(place, of=tried)
        except SourceFault as fault:
            raise unreachable(fault) from fault

    def _kept_password(self, source_id: SourceId, tried: Source, *, scope: Scope) -> str:
        with self._open_work() as work:
            kept = found_source(work, source_id, scope=scope)
            if kept.has_password and goes_elsewhere(kept, tried):
                raise InvalidInput("source_password_elsewhere")
            sealed = work.source_queue.sealed(source_id)
        return self._sealer.open(sealed, owner=source_id) if sealed else ""

    def _sealed(self, password: str, source_id: SourceId) -> str:
        return self._sealer.seal(password, owner=source_id) if password else ""

    def _next(self, work: UnitOfWork, source: Source) -> datetime | None:
        """When its schedule starts the next run; None before a first run was made."""
        if source.first_synced_at is None:
            return None
        tenant = work.tenancy.find_tenant(source.tenant_id)
        if tenant is None:
            raise NotFound
        return source.schedule.next_after(self._clock.now(), time_zone=tenant.time_zone)

    def _tell(
        self, work: UnitOfWork, act: Act, source: Source, by: Principal, **details: str | int
    ) -> None:
        self._audit.record_in(
            work,
            act,
            by=by,
            tenant_id=source.tenant_id,
            subject=source.id,
            details={"collection": source.collection_id, **details},
        )


def _first_names(place: FileSource, *, of: Source) -> tuple[str, ...]:
    return within(
        lambda: place.first_names(limit=_TESTED_NAMES),
        tenant_id=of.tenant_id,
        address=of.address,
        seconds=PLACE_PATIENCE_S,
    )


def _collection(
    work: UnitOfWork, collection_id: CollectionId | None, *, scope: Scope
) -> CollectionId:
    if collection_id is None:
        return default_collection(work, scope=scope).id
    if not scope.allows(tenant_id=scope.tenant_id, collection_id=collection_id):
        raise NotFound
    return collection_id


def unreachable(fault: SourceFault) -> UpstreamError:
    """The same reason in the tree of the assistant's errors."""
    error = UpstreamError(fault.code, transient=fault.is_transient)
    error.params = dict(fault.params)
    return error
