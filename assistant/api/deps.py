"""What routes depend on. Every check is one of these, so that a refusal precedes any stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from assistant.api.auth import Gate
from assistant.api.drawing import Drawing
from assistant.api.password_room import PasswordRoom
from assistant.api.readiness import Readiness
from assistant.api.refusals import note_caller
from assistant.containers import Container
from assistant.domain.errors import Forbidden
from assistant.domain.tenancy import Permission, Principal, Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, what it may read now, and what it administers."""

    principal: Principal
    scope: Scope
    """What it may read."""
    owned: Scope
    """For administrators: all collections of their tenant, whoever reads them. Nothing for others."""

    @property
    def jobs(self) -> Scope:
        """The collections whose jobs it may see."""
        return self.owned if self.principal.is_admin else self.scope


@dataclass(frozen=True, slots=True)
class ApiState:
    """What `create_api` hangs on its application."""

    services: Container
    gate: Gate
    readiness: Readiness
    drawing: Drawing
    password_room: PasswordRoom


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


def member_of(request: Request) -> Principal:
    """Who calls, also before it accepted the charter."""
    principal = api_state(request).gate.principal_of(request, checks_charter=False)
    return note_caller(request, principal)


def principal_of(request: Request) -> Principal:
    """Who calls; refuses who is not signed in."""
    return note_caller(request, api_state(request).gate.principal_of(request))


def caller_of(request: Request, principal: Annotated[Principal, Depends(principal_of)]) -> Caller:
    """Who calls, whatever its key is for."""
    access = api_state(request).services.access
    return Caller(principal, access.scope_of(principal), access.owned_scope(principal))


def reader_of(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
    """Who calls; refuses keys that are not for reading."""
    _require(caller.principal, Permission.READ)
    return caller


def asker_of(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
    """Who calls; refuses keys that are not for asking."""
    _require(caller.principal, Permission.ASK)
    return caller


def admin_of(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
    """Who calls; refuses who is no administrator, and keys that are not for documents."""
    _require(caller.principal, Permission.INGEST)
    if not caller.principal.is_admin:
        raise Forbidden
    return caller


def manager_of(principal: Annotated[Principal, Depends(principal_of)]) -> Principal:
    """Who calls; refuses keys that are not for administration. Services check the roles."""
    _require(principal, Permission.ADMIN)
    return principal


def _require(principal: Principal, permission: Permission) -> None:
    if permission not in principal.permissions:
        raise Forbidden("key_forbidden")


UseCases = Annotated[Container, Depends(services_of)]
Member = Annotated[Principal, Depends(member_of)]
Reader = Annotated[Caller, Depends(reader_of)]
Asker = Annotated[Caller, Depends(asker_of)]
Admin = Annotated[Caller, Depends(admin_of)]
Manager = Annotated[Principal, Depends(manager_of)]
Person = Annotated[Principal, Depends(principal_of)]
GateDep = Annotated[Gate, Depends(gate_of)]
DrawingDep = Annotated[Drawing, Depends(drawing_of)]
StateDep = Annotated[ApiState, Depends(state_of)]
