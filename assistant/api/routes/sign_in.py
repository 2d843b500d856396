"""Sign-in by single-use link or invitation, and sign-out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from assistant.api.deps import GateDep, StateDep, UseCases
from assistant.api.errors import wait_headers
from assistant.api.mapping import API_PREFIX
from assistant.api.opening import (
    SEE_OTHER,
    Typed,
    check_same,
    device_in,
    opened,
    problem_in,
)
from assistant.api.pages import error_page, page
from assistant.containers import Container
from assistant.domain.errors import InvalidInput, QuotaExceeded, Unauthenticated
from assistant.schemas.service import SignInLinkOut
from assistant.schemas.sessions import SignedOutOut
from assistant.schemas.wire import SESSION_COOKIE, Problem

router = APIRouter(prefix="/auth", tags=["sign-in"])


@router.post("/links", status_code=201)
def issue_link(request: Request, gate: GateDep, services: UseCases) -> SignInLinkOut:
    """A new single-use link for the machine's owner; asks for the local token."""
    gate.check_token(request)
    code = services.sign_in.issue_link(services.access.local_principal())
    return SignInLinkOut(url=f"{gate.base_url}{API_PREFIX}/auth/link/{code}")


@router.get("/link/{code}", response_class=Response)
async def show_link(code: str) -> Response:
    """A page whose button spends the link: what only reads links does not spend it."""
    return page("sign_in.html")


@router.post("/link/{code}", response_class=Response, status_code=SEE_OTHER)
async def redeem_link(code: str, request: Request, gate: GateDep, services: UseCases) -> Response:
    """Spend the link: opens a session and leads to the assistant."""
    gate.check_origin(request)
    try:
        secret, _ = await run_in_threadpool(services.sign_in.redeem, code, device_in(request))
    except Unauthenticated as error:
        return error_page(problem_in(request, error), headers={})
    return await opened(secret, request=request, gate=gate, services=services)


@router.get("/invitation/{code}", response_class=Response)
async def show_invitation(code: str, services: UseCases) -> Response:
    """A page whose button accepts the invitation: what only reads links does not spend it.

    Where there are local accounts, it asks for a password; only if one may also sign in otherwise, it
    can be left out.
    """
    del code
    return _invitation_page(services)


@router.post("/invitation/{code}", response_class=Response, status_code=SEE_OTHER)
async def accept_invitation(
    code: str, request: Request, state: StateDep, password: Typed = "", again: Typed = ""
) -> Response:
    """Accept the invitation: opens a session and leads to the assistant."""
    state.gate.check_origin(request)
    services, device = state.services, device_in(request)
    wants_password = services.passwords.is_on and (password or not services.federation.providers)
    try:
        if wants_password:
            check_same(password, again)
            join = partial(services.passwords.join, code, password=password, device=device)
            secret, _ = await state.password_room.run(join)
        else:
            secret, _ = await run_in_threadpool(services.sign_in.accept_invitation, code, device)
    except (InvalidInput, QuotaExceeded) as error:
        return _invitation_page(services, problem_in(request, error), headers=wait_headers(error))
    except Unauthenticated as error:
        return error_page(problem_in(request, error), headers={})
    return await opened(secret, request=request, gate=state.gate, services=services)


def _invitation_page(
    services: Container, problem: Problem | None = None, *, headers: Mapping[str, str] | None = None
) -> Response:
    return page(
        "invitation.html",
        status=200 if problem is None else problem.status,
        headers=headers,
        has_passwords=services.passwords.is_on,
        has_providers=bool(services.federation.providers),
        least=services.passwords.least_chars,
        problem=problem,
    )


@router.post("/sign-out")
def sign_out(
    request: Request, response: Response, gate: GateDep, services: UseCases
) -> SignedOutOut:
    """End the session of this browser, if it has one.

    One that an identity provider opened ends when the browser comes back from there.
    """
    gate.check_origin(request)
    secret = request.cookies.get(SESSION_COOKIE)
    back = f"{gate.base_url}{API_PREFIX}/auth/signed-out"
    url = services.federation.leave(secret, redirect_uri=back) if secret else None
    # A browser keeps page images, if only to show them once it asked: the next person finds none.
    response.headers["Clear-Site-Data"] = '"cache"'
    if url is None:
        gate.drop_session(response)
    return SignedOutOut(url=url or "/")
