"""Who is signed in, and the charter that it accepts."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.api.deps import Member, Person, UseCases
from assistant.api.organisation_out import me_out
from assistant.domain.tenancy import Principal
from assistant.schemas.people import CharterIn, MeChangeIn
from assistant.schemas.service import MeOut

router = APIRouter(tags=["service"])


@router.get("/me")
def me(principal: Member, services: UseCases) -> MeOut:
    """Who is signed in, its tenant and its charter; answers before the charter is accepted."""
    return _shown(principal, services)


@router.patch("/me")
def change_me(asked: MeChangeIn, principal: Person, services: UseCases) -> MeOut:
    """Say whether one's conversations may leave with the tenant; a key cannot."""
    services.organisation.people.consent(principal, export=asked.export_consent)
    return _shown(principal, services)


@router.post("/me/charter", status_code=204)
def accept_charter(asked: CharterIn, principal: Member, services: UseCases) -> None:
    """Accept the charter of one's tenant as it stands; everything else asks for it first."""
    services.sign_in.accept_charter(principal, version=asked.version)


def _shown(principal: Principal, services: UseCases) -> MeOut:
    profile = services.access.profile(principal)
    limit = services.settings.ingest.max_file_mb
    return me_out(profile, principal=principal, max_file_mb=limit)
