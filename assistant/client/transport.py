"""One way to send a request, and to turn whatever comes back into a model or a `ClientError`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from assistant.client.errors import ClientError, client_error
from assistant.schemas.wire import SESSION_COOKIE, Problem

_TIMEOUT = httpx.Timeout(connect=5, read=60, write=60, pool=30)
_ERROR_FROM = 400
_Model = TypeVar("_Model")


class Transport:
    """Sends requests for one caller. Safe to call from several threads; keeps no cookie jar."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None,
        cookie: str | None,
        http: httpx.Client | None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = http or httpx.Client(trust_env=False, timeout=_TIMEOUT, limits=_LIMITS)
        self._http.cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=()))
        self._headers = _credentials(token=token, cookie=cookie)

    def speaking_for(self, *, cookie: str | None) -> Transport:
        """The same connections for another caller."""
        return Transport(self.base_url, token=None, cookie=cookie, http=self._http)

    def close(self) -> None:
        """Close the connections, also of those made by `speaking_for`."""
        self._http.close()

    def call(self, method: str, path: str, *, returns: type[_Model], **options: Any) -> _Model:
        """Send a request and read its JSON answer.

        Raises:
            ClientError: The service refused, failed, cannot be reached, or answers nonsense.
        """
        return self.parse(self.send(method, path, **options), returns=returns)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request and read the whole answer.

        Raises:
            ClientError: As `call`.
        """
        headers = self._merged(options.pop("headers", None))
        with _network_errors(self.base_url, path=path):
            response = self._http.request(method, self.base_url + path, headers=headers, **options)
        raise_for_problem(response, path=path)
        return response

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Generator[httpx.Response]:
        """Send a request and leave the body of its answer to be read.

        Raises:
            ClientError: As `call`, also while the body is read.
        """
        headers = self._merged(options.pop("headers", None))
        with (
            _network_errors(self.base_url, path=path),
            self._http.stream(method, self.base_url + path, headers=headers, **options) as response,
        ):
            if response.status_code >= _ERROR_FROM:
                response.read()
                raise_for_problem(response, path=path)
            yield response

    def parse(self, response: httpx.Response, *, returns: type[_Model]) -> _Model:
        """The body of an answer as a model.

        Raises:
            ClientError: It is something else ("response_invalid").
        """
        try:
            return TypeAdapter(returns).validate_json(response.content)
        except ValidationError:
            path = response.request.url.path
            raise client_error(
                "response_invalid", instance=path, status=response.status_code
            ) from None

    def _merged(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        return {"Accept": "application/json", **self._headers, **(headers or {})}


_LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=20)


def raise_for_problem(response: httpx.Response, *, path: str) -> None:
    """Raise what an answer of status 400 or more says.

    Raises:
        ClientError: With the service's problem, or "response_invalid" when it sends none.
    """
    if response.status_code < _ERROR_FROM:
        return
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        raise client_error("response_invalid", instance=path, status=response.status_code) from None
    raise ClientError(problem)


@contextmanager
def _network_errors(base_url: str, *, path: str) -> Generator[None]:
    try:
        yield
    except (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout):
        raise client_error("server_timeout", instance=path) from None
    except (httpx.TransportError, httpx.InvalidURL):
        raise client_error("server_unreachable", instance=path, url=base_url) from None


def _credentials(*, token: str | None, cookie: str | None) -> dict[str, str]:
    if token is not None:
        return {"Authorization": f"Bearer {token}"}
    return {} if cookie is None else {"Cookie": f"{SESSION_COOKIE}={cookie}"}
