"""Who is signed in, the charter that it accepts, and its password."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from assistant.api.deps import Member, Person, StateDep, UseCases
from assistant.api.organisation_out import me_out
from assistant.domain.tenancy import Principal
from assistant.schemas.people import CharterIn, MeChangeIn, PasswordChangeIn
from assistant.schemas.service import MeOut
from assistant.schemas.sessions import EndedSessionsOut
from assistant.schemas.wire import SESSION_COOKIE

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


@router.post("/me/password")
async def change_password(
    asked: PasswordChangeIn, request: Request, principal: Person, state: StateDep
) -> EndedSessionsOut:
    """Change one's password by showing the former one; one's other sessions end. A key cannot."""
    services = state.services
    current = await run_in_threadpool(
        services.sessions.find, request.cookies.get(SESSION_COOKIE, "")
    )
    change = partial(
        services.passwords.change,
        principal,
        current=asked.current,
        new=asked.new,
        session_id=None if current is None else current.id,
    )
    return EndedSessionsOut(ended=await state.password_room.run(change))


def _shown(principal: Principal, services: UseCases) -> MeOut:
    profile = services.access.profile(principal)
    limit = services.settings.ingest.max_file_mb
    return me_out(
        profile,
        principal=principal,
        max_file_mb=limit,
        local_accounts=services.passwords.is_on,
    )
