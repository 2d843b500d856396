"""Sources of documents: made, looked at, decided on and removed; for administrators of their tenant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from assistant.api.deps import Admin, Caller, UseCases
from assistant.api.sources_out import draft_of, run_out, source_out, tried_draft
from assistant.containers import Container
from assistant.domain.ids import CollectionId, SourceId, SourceRunId
from assistant.domain.sources import RunKind, SourceKind
from assistant.schemas.sources import (
    SourceChangeIn,
    SourceIn,
    SourceOut,
    SourcePlaces,
    SourceRunOut,
    SourceTested,
    SourceTestIn,
)

router = APIRouter(prefix="/sources", tags=["sources"])

Recent = Annotated[int, Query(ge=1, le=50)]


@router.get("")
def list_sources(caller: Admin, services: UseCases) -> list[SourceOut]:
    """The sources of the tenant, by name."""
    found = services.sources.list_all(principal=caller.principal, scope=caller.owned)
    return [source_out(each) for each in found]


@router.get("/places")
def list_source_places(caller: Admin, services: UseCases) -> SourcePlaces:
    """The folders and servers that the operator opened to the tenant."""
    return SourcePlaces(
        folders=list(services.sources.folders(principal=caller.principal)),
        webdav_hosts=list(services.sources.hosts(principal=caller.principal)),
    )


@router.post("", status_code=201)
def add_source(asked: SourceIn, caller: Admin, services: UseCases) -> SourceOut:
    """Make a source; nothing is looked at before a plan or a run is asked for."""
    wanted = None if asked.collection_id is None else CollectionId(asked.collection_id)
    made = services.sources.add(
        draft_of(asked),
        kind=SourceKind(asked.kind),
        collection_id=wanted,
        principal=caller.principal,
        scope=caller.owned,
    )
    return source_out(made)


@router.post("/test")
def test_source(asked: SourceTestIn, caller: Admin, services: UseCases) -> SourceTested:
    """Try the way to a place; nothing is kept."""
    names = services.sources.test(
        tried_draft(asked),
        kind=SourceKind(asked.kind),
        source_id=None if asked.source_id is None else SourceId(asked.source_id),
        principal=caller.principal,
        scope=caller.owned,
    )
    return SourceTested(names=list(names))


@router.get("/{source_id}")
def get_source(source_id: str, caller: Admin, services: UseCases) -> SourceOut:
    """A source and how it stands."""
    return source_out(
        services.sources.get(SourceId(source_id), principal=caller.principal, scope=caller.owned)
    )


@router.put("/{source_id}")
def change_source(
    source_id: str, asked: SourceChangeIn, caller: Admin, services: UseCases
) -> SourceOut:
    """Write a source anew; its kind, its collection and, when none is given, its password stay."""
    changed = services.sources.change(
        SourceId(source_id), draft_of(asked), principal=caller.principal, scope=caller.owned
    )
    return source_out(changed)


@router.delete("/{source_id}", status_code=204)
def remove_source(
    source_id: str, caller: Admin, services: UseCases, keeps_documents: bool = True
) -> None:
    """Remove a source; its documents stay, unless they are to go with it."""
    services.sources.remove(
        SourceId(source_id),
        keeps_documents=keeps_documents,
        principal=caller.principal,
        scope=caller.owned,
    )


@router.get("/{source_id}/runs")
def list_source_runs(
    source_id: str, caller: Admin, services: UseCases, limit: Recent = 10
) -> list[SourceRunOut]:
    """Looks at a source, newest first."""
    found = services.sources.requests.runs(
        SourceId(source_id), principal=caller.principal, scope=caller.owned, limit=limit
    )
    return [run_out(each) for each in found]


@router.post("/{source_id}/plan", status_code=202)
def plan_source(source_id: str, caller: Admin, services: UseCases) -> SourceRunOut:
    """Ask what a run would change; nothing changes."""
    return _asked(source_id, RunKind.PLAN, caller=caller, services=services)


@router.post("/{source_id}/sync", status_code=202)
def sync_source(source_id: str, caller: Admin, services: UseCases) -> SourceRunOut:
    """Ask for the documents of a source to be brought in line."""
    return _asked(source_id, RunKind.SYNC, caller=caller, services=services)


@router.post("/{source_id}/runs/{run_id}/approve")
def approve_source_run(source_id: str, run_id: str, caller: Admin, services: UseCases) -> SourceOut:
    """Approve the removals of a plan that waits; another run carries them out."""
    return _decided(source_id, run_id, is_approved=True, caller=caller, services=services)


@router.post("/{source_id}/runs/{run_id}/refuse")
def refuse_source_run(source_id: str, run_id: str, caller: Admin, services: UseCases) -> SourceOut:
    """Refuse the removals of a plan that waits; nothing changes."""
    return _decided(source_id, run_id, is_approved=False, caller=caller, services=services)


@router.post("/{source_id}/runs/{run_id}/cancel")
def cancel_source_run(source_id: str, run_id: str, caller: Admin, services: UseCases) -> SourceOut:
    """Stop a look that is queued or under way; what it submitted stays."""
    status = services.sources.requests.cancel(
        SourceId(source_id),
        SourceRunId(run_id),
        principal=caller.principal,
        scope=caller.owned,
    )
    return source_out(status)


@router.delete("/{source_id}/erased/{erased_id}")
def let_erased_file_in(
    source_id: str, erased_id: str, caller: Admin, services: UseCases
) -> SourceOut:
    """Have looks take a file again whose document was erased."""
    status = services.sources.requests.let_in(
        SourceId(source_id), erased_id, principal=caller.principal, scope=caller.owned
    )
    return source_out(status)


def _asked(source_id: str, kind: RunKind, *, caller: Caller, services: Container) -> SourceRunOut:
    run = services.sources.requests.ask(
        SourceId(source_id), kind, principal=caller.principal, scope=caller.owned
    )
    return run_out(run)


def _decided(
    source_id: str, run_id: str, *, is_approved: bool, caller: Caller, services: Container
) -> SourceOut:
    status = services.sources.requests.decide(
        SourceId(source_id),
        SourceRunId(run_id),
        is_approved=is_approved,
        principal=caller.principal,
        scope=caller.owned,
    )
    return source_out(status)
