"""What every way to sign in has of a request, and gives the browser in the end."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated

from fastapi import Form, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from assistant.api.auth import Gate
from assistant.api.errors import problem_of
from assistant.containers import Container
from assistant.domain.errors import AssistantError, InvalidInput
from assistant.domain.identity import START_PATH
from assistant.schemas.wire import SESSION_COOKIE, Problem
from assistant.services.devices import device_of

SEE_OTHER = 303
Typed = Annotated[str, Form(max_length=1000)]
"""What was typed; taken far beyond what a password may have, so that a sentence can say so."""
_PREFIX_BITS = 64
"""What one subscriber has of IPv6, and may take any address of."""


async def opened(
    secret: str, *, request: Request, gate: Gate, services: Container, return_to: str = START_PATH
) -> Response:
    """Lead a browser on with a new session; the one that it had ends."""
    before = request.cookies.get(SESSION_COOKIE)
    if before:
        # This browser gets another session: nothing would end the one it had.
        await run_in_threadpool(services.sign_in.sign_out, before)
    response = RedirectResponse(return_to, status_code=SEE_OTHER)
    gate.keep_session(response, secret=secret)
    return response


def check_same(password: str, again: str) -> None:
    """Refuse a new password that was typed in two ways.

    Raises:
        InvalidInput: They differ ("password_repeat_differs").
    """
    if password != again:
        raise InvalidInput("password_repeat_differs")


def problem_in(request: Request, error: AssistantError) -> Problem:
    """An error as the problem of a request, to be shown on a page."""
    return problem_of(error.code, params=error.params, request=request, error=error)


def device_in(request: Request) -> str:
    """The browser in words."""
    return device_of(request.headers.get("user-agent", ""))


def address_in(request: Request) -> str:
    """Where a request comes from, as far as one subscriber is told from another.

    Behind a proxy of this machine, the server takes it from what the proxy says (`X-Forwarded-For`).
    """
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((int(address), _PREFIX_BITS), strict=False))
