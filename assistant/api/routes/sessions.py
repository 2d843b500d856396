"""The caller's own sessions."""

from __future__ import annotations

from fastapi import APIRouter, Request

from assistant.api.deps import Manager, Reader, UseCases
from assistant.api.organisation_out import session_out
from assistant.domain.ids import SessionId
from assistant.schemas.sessions import EndedSessionsOut, SessionOut
from assistant.schemas.wire import SESSION_COOKIE

router = APIRouter(prefix="/sessions", tags=["sessions"])

_NO_CONTENT = 204


@router.get("")
def list_sessions(request: Request, caller: Reader, services: UseCases) -> list[SessionOut]:
    """The caller's sessions that have not ended, the last used first."""
    current = _current(request, services)
    return [
        session_out(each, is_current=each.id == current)
        for each in services.sessions.list_own(scope=caller.scope)
    ]


@router.delete("")
def end_other_sessions(
    request: Request, principal: Manager, services: UseCases
) -> EndedSessionsOut:
    """End all of the caller's sessions but the one that asks; a key has to be for administration."""
    ended = services.sessions.end_others(by=principal, but=_current(request, services))
    return EndedSessionsOut(ended=ended)


@router.delete("/{session_id}", status_code=_NO_CONTENT)
def end_session(session_id: str, principal: Manager, services: UseCases) -> None:
    """End one of the caller's sessions at once; a key has to be for administration."""
    services.sessions.end_own(SessionId(session_id), by=principal)


def _current(request: Request, services: UseCases) -> SessionId | None:
    found = services.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
    return None if found is None else found.id
