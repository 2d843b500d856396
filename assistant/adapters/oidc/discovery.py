"""What a provider says of itself, and its keys; both are kept for a while."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, cast

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from assistant.adapters.oidc.web import Web, is_safe, json_object
from assistant.domain.errors import IdentityProviderUnavailable

_PATH = "/.well-known/openid-configuration"
_KEPT_S = 3600.0
_LEAST_BETWEEN_S = 30.0
"""Between two readings for an unknown key: whoever sends such keys must not load the provider."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of a provider, and what it supports."""

    authorization: str
    token: str
    userinfo: str
    keys: str
    end_session: str
    """Empty when it has none."""
    has_pkce: bool
    """True when it takes a code challenge made by SHA-256."""


class Discovery:
    """Reads and keeps a provider's configuration and keys. Safe to call from several threads."""

    def __init__(self, web: Web, *, issuer: str) -> None:
        self._web = web
        self._issuer = issuer
        self._lock = threading.Lock()
        self._endpoints: Endpoints | None = None
        self._endpoints_until = 0.0
        self._keys: KeySet | None = None
        self._keys_until = 0.0
        self._asked_anew = float("-inf")

    def endpoints(self) -> Endpoints:
        """The configuration; an older one while the provider does not answer.

        Raises:
            IdentityProviderUnavailable: It never answered, or not as this issuer.
        """
        with self._lock:
            now = time.monotonic()
            if self._endpoints is None or now >= self._endpoints_until:
                self._endpoints = self._renewed()
                self._endpoints_until = now + _KEPT_S
            return self._endpoints

    def keys(self, *, anew: bool = False) -> KeySet:
        """The provider's keys.

        Args:
            anew: Reads them again unless that was done a moment ago: a key is not among those kept.

        Raises:
            IdentityProviderUnavailable: They cannot be read.
        """
        url = self.endpoints().keys
        with self._lock:
            now = time.monotonic()
            is_wanted = anew and now - self._asked_anew >= _LEAST_BETWEEN_S
            if is_wanted:
                self._asked_anew = now
            if self._keys is None or now >= self._keys_until or is_wanted:
                self._keys = _key_set(json_object(self._web.get(url)))
                self._keys_until = now + _KEPT_S
            return self._keys

    def _renewed(self) -> Endpoints:
        try:
            return self._read()
        except IdentityProviderUnavailable:
            if self._endpoints is None:
                raise
            return self._endpoints

    def _read(self) -> Endpoints:
        found = json_object(self._web.get(self._issuer.rstrip("/") + _PATH))
        if found.get("issuer") != self._issuer:
            raise IdentityProviderUnavailable("provider_other_issuer", transient=False)
        methods = found.get("code_challenge_methods_supported")
        return Endpoints(
            authorization=_address(found, "authorization_endpoint"),
            token=_address(found, "token_endpoint"),
            userinfo=_address(found, "userinfo_endpoint"),
            keys=_address(found, "jwks_uri"),
            end_session=_address(found, "end_session_endpoint", needed=False),
            has_pkce=isinstance(methods, list) and "S256" in methods,
        )


def _address(found: dict[str, Any], name: str, *, needed: bool = True) -> str:
    value = found.get(name)
    if isinstance(value, str) and is_safe(value):
        return value
    if needed or value is not None:
        raise IdentityProviderUnavailable
    return ""


def _key_set(found: dict[str, Any]) -> KeySet:
    """The public keys; a symmetric one among them would let anybody sign."""
    listed = found.get("keys")
    if not isinstance(listed, list):
        raise IdentityProviderUnavailable
    keys = [key for key in cast("list[object]", listed) if _is_public(key)]
    try:
        return KeySet.import_key_set(cast("KeySetSerialization", {"keys": keys}))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise IdentityProviderUnavailable from error


def _is_public(key: object) -> bool:
    return isinstance(key, dict) and cast("dict[str, object]", key).get("kty") in {"RSA", "EC"}
