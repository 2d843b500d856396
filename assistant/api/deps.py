"""What routes depend on. Every check is one of these, so that a refusal precedes any stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from assistant.api.auth import Gate
from assistant.api.drawing import Drawing
from assistant.api.readiness import Readiness
from assistant.containers import Container
from assistant.domain.errors import Forbidden
from assistant.domain.tenancy import Principal, Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and what it may read now."""

    principal: Principal
    scope: Scope


@dataclass(frozen=True, slots=True)
class ApiState:
    """What `create_api` hangs on its application."""

    services: Container
    gate: Gate
    readiness: Readiness
    drawing: Drawing


def api_state(request: Request) -> ApiState:
    """The state of the application that a request came to."""
    return cast("ApiState", request.app.state.api)


async def state_of(request: Request) -> ApiState:
    """As `api_state`, as a dependency."""
    return api_state(request)


async def services_of(request: Request) -> Container:
    """The use cases."""
    return api_state(request).services


async def gate_of(request: Request) -> Gate:
    """The gate."""
    return api_state(request).gate


async def drawing_of(request: Request) -> Drawing:
    """What draws pages."""
    return api_state(request).drawing


def caller_of(request: Request) -> Caller:
    """Who calls; refuses who is not signed in."""
    state = api_state(request)
    principal = state.gate.principal_of(request)
    return Caller(principal, state.services.access.scope_of(principal))


def admin_of(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
    """Who calls; refuses who is no administrator."""
    if not caller.principal.is_admin:
        raise Forbidden
    return caller


UseCases = Annotated[Container, Depends(services_of)]
Reader = Annotated[Caller, Depends(caller_of)]
Admin = Annotated[Caller, Depends(admin_of)]
GateDep = Annotated[Gate, Depends(gate_of)]
DrawingDep = Annotated[Drawing, Depends(drawing_of)]
StateDep = Annotated[ApiState, Depends(state_of)]
