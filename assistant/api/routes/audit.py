"""The audit log; for administrators and auditors, each within its reach."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, AwareDatetime

from assistant.api.audit_out import MEDIA_TYPES, chain_out, entry_out, export_lines
from assistant.api.deps import Person, UseCases
from assistant.domain.ids import TenantId
from assistant.ports.audit import AuditFilter
from assistant.schemas.audit import (
    AuditChainOut,
    AuditFormat,
    AuditOutcome,
    AuditPageOut,
    ResolvedPersonOut,
)

router = APIRouter(prefix="/audit", tags=["audit"])


def _in_universal_time(moment: datetime) -> datetime:
    """The same moment in universal time, which the first and the last day of the calendar may not have."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_universal_time)]
Since = Annotated[Moment | None, Query(description="From this time on.")]
Until = Annotated[Moment | None, Query(description="Before this time.")]
Acts = Annotated[list[str] | None, Query(description="Which acts; all without.", max_length=50)]
Outcome = Annotated[
    AuditOutcome | None, Query(description="Refusals of access, or what was done; both without.")
]
OfPerson = Annotated[
    str, Query(description="Pseudonym of who did it or whom it was done to.", max_length=100)
]
OfTenant = Annotated[str | None, Query(description="One tenant, for the platform.")]


def _wanted(
    since: Since = None,
    until: Until = None,
    act: Acts = None,
    outcome: Outcome = None,
    person: OfPerson = "",
) -> AuditFilter:
    return AuditFilter(
        since=since,
        until=until,
        acts=frozenset(act or ()),
        is_refused=None if outcome is None else outcome == "refused",
        person=person,
    )


Wanted = Annotated[AuditFilter, Depends(_wanted)]


@router.get("")
def list_entries(
    principal: Person,
    services: UseCases,
    wanted: Wanted,
    tenant_id: OfTenant = None,
    before: Annotated[str, Query(description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> AuditPageOut:
    """Entries, newest first: of the own tenant, or of all for the platform's administrators."""
    found = services.audit.reader.page(
        wanted,
        tenant_id=_named(tenant_id),
        principal=principal,
        before=before,
        limit=limit,
    )
    return AuditPageOut(
        entries=[entry_out(each, with_chain=principal.is_platform_admin) for each in found],
        next=found[-1].id if len(found) == limit else None,
    )


@router.get("/export", response_class=StreamingResponse)
def export_entries(
    principal: Person,
    services: UseCases,
    wanted: Wanted,
    tenant_id: OfTenant = None,
    form: Annotated[AuditFormat, Query(alias="format")] = "csv",
) -> StreamingResponse:
    """Entries up to now, oldest first, as CSV or as OCSF events on lines of JSON."""
    entries = services.audit.reader.export(wanted, tenant_id=_named(tenant_id), principal=principal)
    return StreamingResponse(
        export_lines(entries, form=form, with_chain=principal.is_platform_admin),
        media_type=MEDIA_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="audit.{form}"'},
    )


@router.get("/chain")
def get_chain(principal: Person, services: UseCases) -> AuditChainOut:
    """What is known of the chain: when it was verified last, and when its head was noted apart."""
    return chain_out(services.audit.checker.state(principal=principal), principal=principal)


@router.post("/chain/verify")
def verify_chain(principal: Person, services: UseCases) -> AuditChainOut:
    """Walk along the whole chain, some seconds for 100,000 entries; only for the platform's administrators."""
    return chain_out(services.audit.checker.check(principal=principal), principal=principal)


@router.get("/people/{pseudonym}")
def resolve_pseudonym(pseudonym: str, principal: Person, services: UseCases) -> ResolvedPersonOut:
    """The person that a pseudonym stands for; that somebody asked is recorded."""
    person = services.audit.reader.resolve(pseudonym, principal=principal)
    return ResolvedPersonOut(
        person_id=person.id, tenant_id=person.tenant_id, name=person.name, email=person.email
    )


def _named(tenant_id: str | None) -> TenantId | None:
    return None if tenant_id is None else TenantId(tenant_id)
