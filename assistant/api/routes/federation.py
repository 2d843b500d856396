"""Sign-in and sign-out through identity providers. No token of a provider is in an address of ours."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from assistant.api.auth import Gate
from assistant.api.deps import GateDep, UseCases
from assistant.api.mapping import API_PREFIX
from assistant.api.opening import SEE_OTHER, device_in, opened, problem_in
from assistant.api.pages import error_page, page
from assistant.api.sign_in_ways import SIGN_IN_PATH, sign_in_page, ways_of
from assistant.domain.catalogue import sentence
from assistant.domain.errors import AssistantError, Conflict
from assistant.schemas.sessions import SignInWayOut
from assistant.schemas.wire import SESSION_COOKIE
from assistant.services.federated_sign_in import ATTEMPT_LIFE

router = APIRouter(prefix="/auth", tags=["sign-in"])

_ATTEMPT_COOKIE = "assistant_attempt"
_PATH = f"{API_PREFIX}/auth/oidc"
_REASON = re.compile(r"[A-Za-z0-9_]{1,40}")


@router.get("/sign-in", response_class=Response)
async def show_sign_in(services: UseCases, return_to: str = "/") -> Response:
    """The page that offers every way to sign in."""
    return sign_in_page(services, return_to=return_to)


@router.get("/ways")
async def list_ways(services: UseCases) -> list[SignInWayOut]:
    """The ways a person may sign in beside a link: identity providers, and the page for a password."""
    ways = [SignInWayOut(label=way.label, url=way.url) for way in ways_of(services)]
    if services.passwords.is_on:
        ways.append(SignInWayOut(label=sentence("sign_in_local"), url=SIGN_IN_PATH))
    return ways


@router.get("/oidc/{provider}/start", response_class=Response, status_code=SEE_OTHER)
async def start(
    provider: str, request: Request, gate: GateDep, services: UseCases, return_to: str = "/"
) -> Response:
    """Send the browser to an identity provider."""
    try:
        begun = await run_in_threadpool(
            services.federation.begin,
            provider,
            redirect_uri=_callback(gate, provider),
            return_to=return_to,
        )
    except AssistantError as error:
        return _refused(error, request=request)
    response = RedirectResponse(begun.url, status_code=SEE_OTHER)
    response.set_cookie(
        _ATTEMPT_COOKIE,
        begun.browser_secret,
        max_age=round(ATTEMPT_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=gate.is_secure,
        path=_PATH,
    )
    return response


@router.get("/oidc/{provider}/callback", response_class=Response, status_code=SEE_OTHER)
async def callback(
    provider: str,
    request: Request,
    gate: GateDep,
    services: UseCases,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Where the identity provider sends the browser back: opens a session."""
    federation = services.federation
    try:
        if error or not code:
            reason = error if _REASON.fullmatch(error) else "no_code"
            raise await run_in_threadpool(federation.give_up, provider, state=state, reason=reason)
        done = await run_in_threadpool(
            federation.finish,
            provider,
            code=code,
            state=state,
            browser_secret=request.cookies.get(_ATTEMPT_COOKIE, ""),
            redirect_uri=_callback(gate, provider),
            device=device_in(request),
        )
    except AssistantError as refusal:
        return _forget_attempt(_refused(refusal, request=request), gate=gate)
    response = await opened(
        done.secret, request=request, gate=gate, services=services, return_to=done.return_to
    )
    return _forget_attempt(response, gate=gate)


@router.get("/signed-out", response_class=Response)
async def signed_out(
    request: Request,
    gate: GateDep,
    services: UseCases,
    state: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Where the identity provider sends the browser back after a sign-out: ends the session."""
    secret = request.cookies.get(SESSION_COOKIE)
    if secret and not await run_in_threadpool(services.federation.left, secret, state=state):
        return _refused(Conflict("sign_out_unfinished"), request=request, again=None)
    response = page("signed_out.html", headers={"Clear-Site-Data": '"cache"'})
    gate.drop_session(response)
    return response


@router.post("/oidc/{provider}/back-channel-logout", response_class=Response)
def back_channel_logout(
    provider: str,
    services: UseCases,
    logout_token: Annotated[str, Form(max_length=32_000)],
) -> Response:
    """What the identity provider itself calls when a person signed out elsewhere.

    It is known by the signature of its token: no cookie is read, so that no origin has to be checked.
    """
    services.federation.end_from_provider(provider, token=logout_token)
    return Response(headers={"Cache-Control": "no-store"})


def _callback(gate: Gate, provider: str) -> str:
    return f"{gate.base_url}{_PATH}/{provider}/callback"


def _refused(
    error: AssistantError, *, request: Request, again: str | None = SIGN_IN_PATH
) -> Response:
    """A page in any case: it is a browser that comes here."""
    return error_page(problem_in(request, error), headers={}, again=again)


def _forget_attempt(response: Response, *, gate: Gate) -> Response:
    response.delete_cookie(
        _ATTEMPT_COOKIE, httponly=True, samesite="lax", secure=gate.is_secure, path=_PATH
    )
    return response
