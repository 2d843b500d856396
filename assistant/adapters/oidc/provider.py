"""One OpenID provider, spoken to by the authorization code flow as a confidential client."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, cast
from urllib.parse import quote, urlencode

import httpx
import structlog

from assistant.adapters.oidc.discovery import Discovery
from assistant.adapters.oidc.tokens import (
    MAX_LOGOUT_AGE_S,
    SigningAlgorithm,
    TokenReader,
    TokenRefused,
    check_same_subject,
)
from assistant.adapters.oidc.web import Web, json_object
from assistant.domain.errors import (
    Forbidden,
    IdentityProviderUnavailable,
    InvalidInput,
    Unauthenticated,
)
from assistant.domain.identity import Identity, LogoutNotice, ProviderKind, valid_siret
from assistant.domain.people import normalised_email
from assistant.ports.clock import Clock

_NAME_CHARS = 100
_GROUP_CHARS, _GROUPS = 200, 1000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Registration:
    """How we are known to a provider, and what is asked of it."""

    id: str
    label: str
    kind: ProviderKind
    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    algorithm: SigningAlgorithm = "RS256"
    """By which it signs what it sends."""
    client_auth: Literal["post", "basic"] = "post"
    """How the client shows its secret."""
    siret_claim: str = "siret"
    groups_claim: str = ""
    """Empty when groups are not read."""
    acr_values: tuple[str, ...] = ()
    """Levels asked for, one of which the ID token has to name; empty for any."""
    asks_amr: bool = False
    """True asks for the methods of authentication."""
    amr_values: tuple[str, ...] = ()
    """Methods of which the ID token has to name one; empty for any."""


class OidcProvider:
    """Implements `IdentityProvider`."""

    def __init__(self, registration: Registration, *, clock: Clock, timeout_s: float) -> None:
        """Prepare; nothing is sent before the first sign-in.

        Args:
            registration: How we are known.
            clock: Tells the time.
            timeout_s: Longest wait for one response.
        """
        self._ours = registration
        self._clock = clock
        self._web = Web(timeout_s=timeout_s)
        self._discovery = Discovery(self._web, issuer=registration.issuer)
        self._tokens = TokenReader(
            self._discovery,
            issuer=registration.issuer,
            client_id=registration.client_id,
            client_secret=registration.client_secret,
            algorithm=registration.algorithm,
        )

    @property
    def id(self) -> str:
        """Its name in addresses of ours."""
        return self._ours.id

    @property
    def label(self) -> str:
        """What its button says; empty for ProConnect, which has its own."""
        return self._ours.label

    @property
    def kind(self) -> ProviderKind:
        """How strictly it is spoken to."""
        return self._ours.kind

    def authorization_url(
        self, *, state: str, nonce: str, code_verifier: str, redirect_uri: str
    ) -> str:
        """Where to send a browser that signs in; see the port."""
        endpoints = self._discovery.endpoints()
        query = {
            "response_type": "code",
            "client_id": self._ours.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._ours.scopes),
            "state": state,
            "nonce": nonce,
        }
        if self._ours.acr_values:
            query["acr_values"] = " ".join(self._ours.acr_values)
        if self._ours.asks_amr or self._ours.amr_values:
            query["claims"] = json.dumps({"id_token": {"amr": {"essential": True}}})
        if self._uses_pkce():
            query |= {"code_challenge": _challenge(code_verifier), "code_challenge_method": "S256"}
        return _with_query(endpoints.authorization, query)

    def identify(self, code: str, *, nonce: str, code_verifier: str, redirect_uri: str) -> Identity:
        """Who signed in; see the port."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if self._uses_pkce():
            form["code_verifier"] = code_verifier
        try:
            id_token, access_token = self._exchanged(form)
            now_s = self._now_s()
            claims = self._tokens.read_id_token(id_token, nonce=nonce, now_s=now_s)
            about = self._user_info(access_token, subject=claims["sub"])
        except TokenRefused as error:
            _log.warning("sign_in_failed", provider=self.id, reason=str(error))
            raise Unauthenticated("sign_in_refused") from None
        self._check_strength(claims)
        return self._identity(claims, about=about, id_token=id_token)

    def logout_url(self, *, id_token: str, state: str, redirect_uri: str) -> str | None:
        """Where to send a browser that signs out; see the port."""
        endpoint = self._discovery.endpoints().end_session
        if not endpoint:
            return None
        query = {
            "id_token_hint": id_token,
            "state": state,
            "post_logout_redirect_uri": redirect_uri,
        }
        return _with_query(endpoint, query)

    def read_logout(self, token: str) -> LogoutNotice:
        """What a back-channel logout token says; see the port."""
        is_strict = self.kind is ProviderKind.PROCONNECT
        try:
            claims = self._tokens.read_logout(token, now_s=self._now_s(), needs_type=is_strict)
        except TokenRefused as error:
            _log.warning("logout_refused", provider=self.id, reason=str(error))
            raise InvalidInput("logout_refused") from None
        return LogoutNotice(
            issuer=self._ours.issuer,
            subject=_text(claims, "sub"),
            sid=_text(claims, "sid"),
            jti=_text(claims, "jti"),
            good_until=datetime.fromtimestamp(claims["iat"], UTC)
            + timedelta(seconds=MAX_LOGOUT_AGE_S + 1),
        )

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._web.close()

    def _uses_pkce(self) -> bool:
        # ProConnect refuses every parameter it does not know.
        is_proconnect = self.kind is ProviderKind.PROCONNECT
        return not is_proconnect and self._discovery.endpoints().has_pkce

    def _exchanged(self, form: Mapping[str, str]) -> tuple[str, str]:
        """The ID token and the access token of a code."""
        ours = self._ours
        basic = None
        if ours.client_auth == "basic":
            basic = (quote(ours.client_id, safe=""), quote(ours.client_secret, safe=""))
        else:
            form = {**form, "client_id": ours.client_id, "client_secret": ours.client_secret}
        response = self._web.post(self._discovery.endpoints().token, form=form, basic=basic)
        if response.is_client_error:
            raise _refusal(response)
        body = json_object(response)
        id_token, access_token = _text(body, "id_token"), _text(body, "access_token")
        if not id_token or not access_token:
            raise TokenRefused("no token")
        return id_token, access_token

    def _user_info(self, access_token: str, *, subject: str) -> dict[str, Any]:
        response = self._web.get(
            self._discovery.endpoints().userinfo,
            headers={"Authorization": f"Bearer {access_token}"},
        )
        if response.is_client_error:
            raise TokenRefused("userinfo")
        kind = response.headers["content-type"].partition(";")[0].strip().lower()
        if kind == "application/jwt" and response.is_success:
            return self._tokens.read_user_info(
                response.text.strip(), subject=subject, now_s=self._now_s()
            )
        if self.kind is ProviderKind.PROCONNECT and response.is_success:
            raise TokenRefused("unsigned userinfo")
        claims = json_object(response)
        check_same_subject(claims, subject=subject)
        return claims

    def _check_strength(self, claims: Mapping[str, Any]) -> None:
        wanted = self._ours
        if wanted.acr_values and _text(claims, "acr") not in wanted.acr_values:
            raise Forbidden("sign_in_too_weak")
        if wanted.amr_values and not _words(claims.get("amr")) & set(wanted.amr_values):
            raise Forbidden("sign_in_too_weak")

    def _identity(
        self, claims: Mapping[str, Any], *, about: Mapping[str, Any], id_token: str
    ) -> Identity:
        ours = self._ours
        # Only the user information holds these: an ID token is not asked for them.
        return Identity(
            issuer=ours.issuer,
            subject=claims["sub"],
            email=self._email(about),
            given_name=_text(about, "given_name")[:_NAME_CHARS],
            usual_name=(_text(about, "usual_name") or _text(about, "family_name"))[:_NAME_CHARS],
            siret=valid_siret(_text(about, ours.siret_claim)),
            groups=_words(about.get(ours.groups_claim)) if ours.groups_claim else frozenset(),
            amr=_words(claims.get("amr")),
            acr=_text(claims, "acr"),
            auth_time=_moment(claims.get("auth_time")),
            sid=_text(claims, "sid"),
            id_token=id_token,
        )

    def _email(self, about: Mapping[str, Any]) -> str:
        """The address; only ProConnect's is taken for the person's own without a word on it."""
        is_vouched = self.kind is ProviderKind.PROCONNECT or about.get("email_verified") is True
        return (normalised_email(_text(about, "email")) or "") if is_vouched else ""

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def _refusal(response: httpx.Response) -> Exception:
    """A refused code, or a refused client."""
    try:
        said = cast("object", response.json())
    except ValueError:
        said = None
    if isinstance(said, dict) and cast("dict[str, object]", said).get("error") == "invalid_grant":
        return TokenRefused("invalid_grant")
    return IdentityProviderUnavailable("provider_refuses_us", transient=False)


def _challenge(code_verifier: str) -> str:
    return urlsafe_b64encode(sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query, quote_via=quote)}"


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _words(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        return frozenset()
    listed = cast("list[object]", value)[:_GROUPS]
    return frozenset(each for each in listed if isinstance(each, str) and len(each) <= _GROUP_CHARS)


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
