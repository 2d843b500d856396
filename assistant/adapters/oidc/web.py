"""What goes over the wire to a provider: bounded in time and size, never redirected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from assistant.domain.errors import IdentityProviderUnavailable

MAX_BYTES = 500_000
"""Of one response."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Web:
    """HTTP to one provider. A response of any status is returned; only its absence is an error."""

    def __init__(self, *, timeout_s: float) -> None:
        self._http = httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout_s)

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """A response, read whole.

        Raises:
            IdentityProviderUnavailable: None came, it came too late or is too large, or the address
                is not safe.
        """
        return self._send(self._http.build_request("GET", _safe(url), headers=headers))

    def post(
        self, url: str, *, form: Mapping[str, str], basic: tuple[str, str] | None = None
    ) -> httpx.Response:
        """As `get`, for a form.

        Args:
            url: Where to.
            form: Its fields.
            basic: Name and password of HTTP authentication.
        """
        request = self._http.build_request("POST", _safe(url), data=dict(form))
        if basic is not None:
            request = next(httpx.BasicAuth(*basic).auth_flow(request))
        return self._send(request)

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._http.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._http.send(request, stream=True)
            try:
                return _whole(response)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise IdentityProviderUnavailable from error


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The object of a successful response.

    Raises:
        IdentityProviderUnavailable: It is none.
    """
    try:
        body = cast("object", response.json()) if response.is_success else None
    except (ValueError, RecursionError) as error:
        raise IdentityProviderUnavailable from error
    if not isinstance(body, dict):
        raise IdentityProviderUnavailable
    return cast("dict[str, Any]", body)


def is_safe(url: str) -> bool:
    """True for an https address, and for one of this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    )


def _safe(url: str) -> str:
    if not is_safe(url):
        raise IdentityProviderUnavailable
    return url


def _whole(response: httpx.Response) -> httpx.Response:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_BYTES:
            raise IdentityProviderUnavailable
    headers = {"content-type": response.headers.get("content-type", "")}
    return httpx.Response(response.status_code, headers=headers, content=bytes(body))
