"""Pages of local accounts: sign-in by address and password, and the link that lets set a new one."""

from __future__ import annotations

import time
from functools import partial

import anyio
from fastapi import APIRouter, Request
from starlette.responses import Response

from assistant.api.deps import StateDep, UseCases
from assistant.api.errors import is_for_reading, response_of_error, wait_headers
from assistant.api.opening import (
    SEE_OTHER,
    Typed,
    address_in,
    check_same,
    device_in,
    opened,
    problem_in,
)
from assistant.api.pages import error_page, page
from assistant.api.sign_in_ways import SIGN_IN_PATH, sign_in_page
from assistant.domain.errors import (
    Forbidden,
    InvalidInput,
    QuotaExceeded,
    Unauthenticated,
)
from assistant.domain.identity import START_PATH, own_path
from assistant.services.password_sign_in import Credentials

router = APIRouter(prefix="/auth", tags=["sign-in"])

REFUSED_AFTER_S = 0.3
"""No refusal comes earlier, whatever it took: its time tells nothing of who has an account."""


@router.post("/password", response_class=Response, status_code=SEE_OTHER)
async def sign_in(
    request: Request,
    state: StateDep,
    email: Typed = "",
    password: Typed = "",
    return_to: Typed = START_PATH,
) -> Response:
    """Sign in by address and password: opens a session and leads to the assistant."""
    state.gate.check_origin(request)
    services, begun = state.services, time.monotonic()
    given = Credentials(email, password, address_in(request), device_in(request))
    try:
        secret, _ = await state.password_room.run(partial(services.by_password.sign_in, given))
    except (Unauthenticated, Forbidden, QuotaExceeded) as error:
        await anyio.sleep(max(0.0, begun + REFUSED_AFTER_S - time.monotonic()))
        if not is_for_reading(request):
            return response_of_error(error, request=request)
        return sign_in_page(
            services,
            problem_in(request, error),
            return_to=return_to,
            email=email,
            headers=wait_headers(error),
        )
    return await opened(
        secret, request=request, gate=state.gate, services=services, return_to=own_path(return_to)
    )


@router.get("/password/{code}", response_class=Response)
async def show_password_link(code: str, services: UseCases) -> Response:
    """A page on which a new password is typed: what only reads links does not spend them."""
    del code
    return page("password.html", least=services.passwords.least_chars, problem=None)


@router.post("/password/{code}", response_class=Response, status_code=SEE_OTHER)
async def set_password(
    code: str, request: Request, state: StateDep, password: Typed = "", again: Typed = ""
) -> Response:
    """Spend the link: sets the password, ends other sessions, opens one and leads to the assistant."""
    state.gate.check_origin(request)
    services = state.services
    act = partial(
        services.passwords.set_by_link, code, password=password, device=device_in(request)
    )
    try:
        check_same(password, again)
        secret, _ = await state.password_room.run(act)
    except (InvalidInput, QuotaExceeded) as error:
        problem = problem_in(request, error)
        return page(
            "password.html",
            status=problem.status,
            headers=wait_headers(error),
            least=services.passwords.least_chars,
            problem=problem,
        )
    except (Unauthenticated, Forbidden) as error:
        return error_page(problem_in(request, error), headers={}, again=SIGN_IN_PATH)
    return await opened(secret, request=request, gate=state.gate, services=services)
