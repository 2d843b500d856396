"""An identity provider on this machine, with keys of its own, that answers well or with a planted fault.

It refuses the parameters that ProConnect refuses, and signs in one made-up person without a word.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "assistant", "un-secret-de-client-assez-long-pour-hs256"
PARAMETERS = frozenset(
    {
        "response_type", "client_id", "redirect_uri", "scope", "claims", "state", "nonce", "prompt",
        "idp_hint", "acr_values", "login_hint",
    }
)  # fmt: skip
"""All that ProConnect knows."""
PERSON = {
    "email": "Camille.Durand@Region.example",
    "email_verified": True,
    "given_name": "Camille",
    "usual_name": "Durand",
    "uid": "camille",
    "siret": "12345678900011",
}
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_START_S = 30
Claims = dict[str, Any]


def _same(claims: Claims) -> Claims:
    return claims


@dataclass
class DoubleProvider:
    """What the provider does, to be changed by a test between two sign-ins."""

    issuer: str = ""
    is_strict: bool = True
    """True refuses parameters that ProConnect does not know; else PKCE is asked for."""
    subject: str = "sujet-1"
    person: Claims = field(default_factory=lambda: dict(PERSON))
    algorithm: str = "RS256"
    signs_userinfo: bool = True
    code_life_s: float = 30
    change_id_token: Callable[[Claims], Claims] = _same
    change_userinfo: Callable[[Claims], Claims] = _same
    header: Claims = field(default_factory=dict[str, Any])
    """More of the header of ID tokens."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    signing_key: RSAKey | None = None
    """Signs instead of the published key."""
    forge: Callable[[Claims], str] | None = None
    """Makes the ID token instead of signing it."""
    authorized: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """Parameters of the authorization requests."""
    tokens_asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """Forms of the code exchanges."""
    _codes: dict[str, tuple[dict[str, str], float]] = field(
        default_factory=dict[str, tuple[dict[str, str], float]]
    )
    _access: set[str] = field(default_factory=set[str])

    def app(self) -> Starlette:
        """The provider as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._configuration),
                Route("/jwks", self._jwks),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    def signed(self, claims: Claims, header: Claims | None = None) -> str:
        """A token of this provider."""
        headers = {"alg": self.algorithm, **(header or {})}
        if self.algorithm == "HS256":
            return jwt.encode(headers, claims, OctKey.import_key(CLIENT_SECRET), ["HS256"])
        headers = {"kid": self.key.kid, **headers}
        return jwt.encode(headers, claims, self.signing_key or self.key, [self.algorithm])

    def logout_token(self, *, header: Claims | None = None, **changes: Any) -> str:
        """A back-channel logout token; None as a change leaves a claim out."""
        claims: Claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": int(time.time()),
            "jti": secrets.token_urlsafe(8),
            "sub": self.subject,
            "sid": f"sid-{self.subject}",
            "events": {LOGOUT_EVENT: {}},
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return self.signed(kept, {"typ": "logout+jwt"} if header is None else header)

    async def _configuration(self, request: Request) -> Response:
        del request
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/logout",
            "code_challenge_methods_supported": ["S256"],
        }
        return JSONResponse(found)

    async def _jwks(self, request: Request) -> Response:
        del request
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        self.authorized.append(query)
        back, state = query["redirect_uri"], query["state"]
        if self.is_strict and not PARAMETERS.issuperset(query):
            problem = {"error": "Y000400", "state": state}
            return RedirectResponse(f"{back}?{urlencode(problem)}", 303)
        code = secrets.token_urlsafe(16)
        self._codes[code] = (query, time.monotonic() + self.code_life_s)
        return RedirectResponse(f"{back}?{urlencode({'code': code, 'state': state})}", 303)

    async def _token(self, request: Request) -> Response:
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        self.tokens_asked.append(form)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        query, until = self._codes.pop(form.get("code", ""), ({}, 0.0))
        if time.monotonic() >= until or not _proves(form, query):
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = self.change_id_token(self._id_claims(query))
        token = self.forge(claims) if self.forge else self.signed(claims, self.header)
        access = secrets.token_urlsafe(16)
        self._access.add(access)
        return JSONResponse({"access_token": access, "id_token": token, "token_type": "Bearer"})

    async def _userinfo(self, request: Request) -> Response:
        access = request.headers.get("authorization", "").removeprefix("Bearer ")
        if access not in self._access:
            return JSONResponse({"error": "invalid_token"}, 401)
        self._access.discard(access)
        claims = self.change_userinfo({"sub": self.subject, **self.person})
        if not self.signs_userinfo:
            return JSONResponse(claims)
        signed = self.signed({"iss": self.issuer, "aud": CLIENT_ID, **claims})
        return Response(signed, media_type="application/jwt")

    def _id_claims(self, query: Mapping[str, str]) -> Claims:
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "iat": now,
            "exp": now + 60,
            "auth_time": now,
            "nonce": query["nonce"],
            "amr": ["pwd", "mfa"],
            "acr": "eidas1",
            "sid": f"sid-{self.subject}",
        }


def unsigned(claims: Claims) -> str:
    """A token of algorithm "none"."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join([*(_encoded(json.dumps(part).encode()) for part in parts), ""])


@contextmanager
def running_provider(double: DoubleProvider) -> Generator[DoubleProvider]:
    """Serve a provider on a free port of this machine; its issuer is that address."""
    config = uvicorn.Config(double.app(), port=0, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_S
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)
    double.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield double
    finally:
        server.should_exit = True
        thread.join(_START_S)


def _proves(form: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """True when the exchange names the address of the request, and its PKCE verifier."""
    challenge = query.get("code_challenge", "")
    digest = sha256(form.get("code_verifier", "").encode()).digest()
    return form.get("redirect_uri") == query.get("redirect_uri") and (
        not challenge or challenge == _encoded(digest)
    )


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
