"""Sign-in by single-use link or invitation, and sign-out."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from assistant.api.auth import Gate
from assistant.api.deps import GateDep, UseCases
from assistant.api.errors import problem_of
from assistant.api.mapping import API_PREFIX
from assistant.api.pages import error_page, page
from assistant.domain.errors import Unauthenticated
from assistant.domain.sessions import Session
from assistant.schemas.service import SignInLinkOut
from assistant.schemas.sessions import SignedOutOut
from assistant.schemas.wire import SESSION_COOKIE
from assistant.services.devices import device_of

router = APIRouter(prefix="/auth", tags=["sign-in"])

_SEE_OTHER = 303


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


@router.post("/link/{code}", response_class=Response, status_code=_SEE_OTHER)
async def redeem_link(code: str, request: Request, gate: GateDep, services: UseCases) -> Response:
    """Spend the link: opens a session and leads to the assistant."""
    return await _opened(services.sign_in.redeem, code, request=request, gate=gate)


@router.get("/invitation/{code}", response_class=Response)
async def show_invitation(code: str) -> Response:
    """A page whose button accepts the invitation: what only reads links does not spend it."""
    return page("invitation.html")


@router.post("/invitation/{code}", response_class=Response, status_code=_SEE_OTHER)
async def accept_invitation(
    code: str, request: Request, gate: GateDep, services: UseCases
) -> Response:
    """Accept the invitation: opens a session and leads to the assistant."""
    return await _opened(services.sign_in.accept_invitation, code, request=request, gate=gate)


async def _opened(
    redeem: Callable[[str, str], tuple[str, Session]], code: str, *, request: Request, gate: Gate
) -> Response:
    gate.check_origin(request)
    try:
        device = device_of(request.headers.get("user-agent", ""))
        secret, _ = await run_in_threadpool(redeem, code, device)
    except Unauthenticated as error:
        problem = problem_of(error.code, params=error.params, request=request, error=error)
        return error_page(problem, headers={})
    response = RedirectResponse("/", status_code=_SEE_OTHER)
    gate.keep_session(response, secret=secret)
    return response


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
