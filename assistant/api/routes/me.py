"""Who is signed in, the charter that it accepts, and its password."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from assistant.api.conversations_out import own_inspection_out, quota_out
from assistant.api.deps import Asker, Member, Person, StateDep, UseCases
from assistant.api.organisation_out import me_out
from assistant.domain.errors import Forbidden
from assistant.domain.tenancy import Principal, Scope
from assistant.schemas.inspections import OwnInspectionOut
from assistant.schemas.people import CharterIn, MeChangeIn, PasswordChangeIn
from assistant.schemas.service import MeOut
from assistant.schemas.sessions import EndedSessionsOut
from assistant.schemas.usage import QuotaUseOut
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


@router.get("/me/usage")
def own_usage(principal: Person, services: UseCases) -> list[QuotaUseOut]:
    """What one used of one's own bounds, and when they begin anew."""
    return [quota_out(each) for each in services.usage.quotas.of_person(principal)]


@router.get("/me/inspections")
def own_inspections(caller: Asker, services: UseCases) -> list[OwnInspectionOut]:
    """The conversations of one's own that an auditor read, and why; the newest first."""
    found = services.desk.inspections.list_own(scope=caller.scope)
    return [own_inspection_out(each) for each in found]


@router.post("/me/inspections/seen", status_code=204)
def note_inspections_seen(caller: Asker, services: UseCases) -> None:
    """Say that one knows of them; they stay in the list. A key cannot say so for its person."""
    if caller.principal.is_key:
        raise Forbidden
    services.desk.inspections.note_seen(scope=caller.scope)


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
    own = Scope(principal.tenant_id, principal.person_id, frozenset())
    return me_out(
        profile,
        principal=principal,
        max_file_mb=services.settings.ingest.max_file_mb,
        unseen_inspections=services.desk.inspections.unseen(scope=own),
        local_accounts=services.passwords.is_on,
        keeps_questions=services.corpus_health.questions.is_on(principal.tenant_id),
    )
