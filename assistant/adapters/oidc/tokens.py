"""Signed tokens of a provider: the signature by the one algorithm registered, then every claim."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Literal, cast

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeyBase, OctKey
from joserfc.jws import JWSRegistry

from assistant.adapters.oidc.discovery import Discovery

SigningAlgorithm = Literal["RS256", "PS256", "ES256", "HS256"]
LEEWAY_S = 30
"""How far the provider's clock may be from ours."""
MAX_LOGOUT_AGE_S = 120
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_MAX_TOKEN_CHARS = 32_000


class TokenRefused(Exception):
    """A token is not what it should be; the message says why, without any of its contents."""


class TokenReader:
    """Reads the tokens that one provider signs for one client."""

    def __init__(
        self,
        discovery: Discovery,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        algorithm: SigningAlgorithm,
    ) -> None:
        """Prepare.

        Args:
            discovery: Knows the provider's keys.
            issuer: Of all tokens.
            client_id: Whom they are for.
            client_secret: The key of HS256, and of no other algorithm.
            algorithm: The only one accepted, whatever a token says of itself.
        """
        self._discovery = discovery
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._algorithm: SigningAlgorithm = algorithm
        # Unknown members of a header are allowed, critical ones are not.
        self._registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)

    def read_id_token(self, token: str, *, nonce: str, now_s: float) -> dict[str, Any]:
        """The claims of an ID token.

        Raises:
            TokenRefused: Wrong signature, issuer, audience, time or nonce.
        """
        claims = self._verified(token).claims
        self._check_parties(claims)
        _check_times(claims, now_s=now_s, needs_end=True)
        sent = claims.get("nonce")
        if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), nonce.encode()):
            raise TokenRefused("nonce")
        _subject(claims)
        return claims

    def read_user_info(self, token: str, *, subject: str, now_s: float) -> dict[str, Any]:
        """The claims of signed user information about the subject of an ID token.

        Raises:
            TokenRefused: Wrong signature, issuer, audience, time or subject.
        """
        claims = self._verified(token).claims
        self._check_parties(claims)
        _check_times(claims, now_s=now_s, needs_end=False)
        check_same_subject(claims, subject=subject)
        return claims

    def read_logout(self, token: str, *, now_s: float, needs_type: bool) -> dict[str, Any]:
        """The claims of a back-channel logout token of at most `MAX_LOGOUT_AGE_S`.

        Args:
            token: As it came.
            now_s: The time, in seconds since 1970.
            needs_type: True refuses one that does not call itself a logout token.

        Raises:
            TokenRefused: It is none, is too old, or names neither person nor session.
        """
        verified = self._verified(token)
        claims = verified.claims
        if needs_type and str(verified.header.get("typ", "")).lower() != "logout+jwt":
            raise TokenRefused("typ")
        self._check_parties(claims)
        _check_times(claims, now_s=now_s, needs_end=False)
        issued_s = _number(claims, "iat")
        if issued_s is None or now_s - issued_s > MAX_LOGOUT_AGE_S:
            raise TokenRefused("age")
        if "nonce" in claims or not _is_logout(claims):
            raise TokenRefused("events")
        if not _text(claims, "jti") or not (_text(claims, "sub") or _text(claims, "sid")):
            raise TokenRefused("jti or sub")
        return claims

    def _verified(self, token: str) -> jwt.Token:
        if len(token) > _MAX_TOKEN_CHARS:
            raise TokenRefused("size")
        try:
            return self._decoded(token, self._key())
        except (InvalidKeyIdError, BadSignatureError) as error:
            if self._algorithm == "HS256":
                raise TokenRefused(type(error).__name__) from error
        # Perhaps the provider changed its keys since they were read.
        try:
            return self._decoded(token, self._discovery.keys(anew=True))
        except (InvalidKeyIdError, BadSignatureError) as error:
            raise TokenRefused(type(error).__name__) from error

    def _decoded(self, token: str, key: KeyBase) -> jwt.Token:
        try:
            return jwt.decode(token, key, registry=self._registry)
        except (InvalidKeyIdError, BadSignatureError):
            raise
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise TokenRefused(type(error).__name__) from error

    def _key(self) -> KeyBase:
        if self._algorithm == "HS256":
            return OctKey.import_key(self._client_secret)
        return self._discovery.keys()

    def _check_parties(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self._issuer:
            raise TokenRefused("iss")
        audience = claims.get("aud")
        if isinstance(audience, str):
            audience = [audience]
        if not isinstance(audience, list) or self._client_id not in audience:
            raise TokenRefused("aud")
        party = claims.get("azp")
        if (party is None and len(cast("list[object]", audience)) > 1) or (
            party is not None and party != self._client_id
        ):
            raise TokenRefused("azp")


def check_same_subject(claims: Mapping[str, Any], *, subject: str) -> None:
    """Refuse user information about somebody else.

    Raises:
        TokenRefused: It is.
    """
    if _subject(claims) != subject:
        raise TokenRefused("sub")


def _subject(claims: Mapping[str, Any]) -> str:
    subject = _text(claims, "sub")
    if not subject:
        raise TokenRefused("sub")
    return subject


def _check_times(claims: Mapping[str, Any], *, now_s: float, needs_end: bool) -> None:
    end_s = _number(claims, "exp")
    if end_s is None:
        if needs_end or "exp" in claims:
            raise TokenRefused("exp")
    elif now_s >= end_s + LEEWAY_S:
        raise TokenRefused("exp")
    for name in ("iat", "nbf"):
        begin_s = _number(claims, name)
        if name in claims and (begin_s is None or begin_s > now_s + LEEWAY_S):
            raise TokenRefused(name)
    if needs_end and "iat" not in claims:
        raise TokenRefused("iat")


def _is_logout(claims: Mapping[str, Any]) -> bool:
    events = claims.get("events")
    if not isinstance(events, dict):
        return False
    return isinstance(cast("dict[str, object]", events).get(LOGOUT_EVENT), dict)


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 2**53 else None


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
