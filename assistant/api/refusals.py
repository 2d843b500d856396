"""Requests that were refused for who sent them, told to the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from assistant.domain.errors import AssistantError, Forbidden, Unauthenticated
from assistant.domain.tenancy import Principal

if TYPE_CHECKING:
    from assistant.api.deps import ApiState

_STATUSES: dict[type[AssistantError], int] = {Unauthenticated: 401, Forbidden: 403}


def note_caller(request: Request, principal: Principal) -> Principal:
    """Keep with a request who sent it, in case it is refused."""
    request.state.principal = principal
    return principal


async def note_refusal(request: Request, error: AssistantError) -> None:
    """Tell the audit log of an error if it is the refusal of a caller."""
    status = next((each for kind, each in _STATUSES.items() if isinstance(error, kind)), None)
    if status is None:
        return
    state = cast("ApiState", request.app.state.api)
    by = cast("Principal | None", getattr(request.state, "principal", None))
    await run_in_threadpool(state.services.audit.refused, error.code, status=status, by=by)
