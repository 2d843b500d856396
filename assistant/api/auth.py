"""Who calls: the machine's owner by its local token, a program by its key, a browser by its cookie."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response

from assistant.containers import Container
from assistant.domain.errors import Forbidden, Unauthenticated
from assistant.domain.people import KEY_PREFIX
from assistant.domain.tenancy import Principal
from assistant.schemas.wire import SESSION_COOKIE

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SCHEMES = frozenset({"http", "https"})


class Gate:
    """Turns credentials into a principal."""

    def __init__(self, services: Container, *, local_token: str, base_url: str) -> None:
        self._services = services
        self._token = local_token.encode()
        self.is_secure = urlsplit(base_url).scheme == "https"
        """True when browsers come by https only."""
        self._netloc = urlsplit(base_url).netloc.lower()
        self.base_url = base_url.rstrip("/")
        """Where browsers reach the service, without `/api`."""

    def principal_of(self, request: Request, *, checks_charter: bool = True) -> Principal:
        """Who sent a request. Blocking.

        Args:
            request: With the local token or an API key as bearer, or a session cookie.
            checks_charter: False for what must work before the charter is accepted.

        Raises:
            Unauthenticated: No valid credential.
            Forbidden: Another site's page made the browser send it ("origin_refused"), or the tenant
                is closed ("tenant_closed").
            CharterRequired: The person has to accept the charter first.
        """
        if request.headers.get("authorization") is not None:
            return self._bearer(request)
        secret = request.cookies.get(SESSION_COOKIE)
        if not secret:
            raise Unauthenticated
        self.check_origin(request)
        return self._services.sign_in.principal_of(secret, checks_charter=checks_charter)

    def _bearer(self, request: Request) -> Principal:
        sent = _bearer_of(request)
        if sent.startswith(KEY_PREFIX) and not self._is_local(sent):
            return self._services.sign_in.principal_of_key(sent)
        self.check_token(request)
        return self._services.access.local_principal()

    def check_token(self, request: Request) -> None:
        """Let the machine's owner through.

        Raises:
            Unauthenticated: The request does not carry the local token.
        """
        if not self._is_local(_bearer_of(request)):
            raise Unauthenticated

    def _is_local(self, sent: str) -> bool:
        return bool(self._token) and hmac.compare_digest(sent.encode(), self._token)

    def check_origin(self, request: Request) -> None:
        """Refuse what another site's page makes a browser send.

        Reading methods pass. A program that is no browser sends neither header and passes.

        Raises:
            Forbidden: The request comes from another origin ("origin_refused").
        """
        if request.method in _SAFE_METHODS:
            return
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            if site != "same-origin":
                raise Forbidden("origin_refused")
            return
        origin = request.headers.get("origin")
        if origin is not None and not self._is_own(origin, request):
            raise Forbidden("origin_refused")

    def keep_session(self, response: Response, *, secret: str) -> None:
        """Give a browser its session; it ends with the browser or on the server, whichever is first."""
        response.set_cookie(
            SESSION_COOKIE,
            secret,
            httponly=True,
            # Not "strict": a link to a source in a mail opens with the reader's session.
            samesite="lax",
            secure=self.is_secure,
            path="/",
        )

    def drop_session(self, response: Response) -> None:
        """Make a browser forget its session."""
        response.delete_cookie(
            SESSION_COOKIE, httponly=True, samesite="lax", secure=self.is_secure, path="/"
        )

    def _is_own(self, origin: str, request: Request) -> bool:
        parts = urlsplit(origin)
        own = {self._netloc, request.headers.get("host", "").lower()}
        return parts.scheme in _SCHEMES and parts.netloc.lower() in own


def _bearer_of(request: Request) -> str:
    """What is sent as a bearer; empty for other schemes."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else ""
