"""The ways a person may sign in, as buttons and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from assistant.api.mapping import API_PREFIX
from assistant.api.pages import page
from assistant.containers import Container
from assistant.domain.catalogue import sentence
from assistant.domain.identity import START_PATH, ProviderKind, own_path
from assistant.ports.identity import IdentityProvider
from assistant.schemas.wire import Problem

SIGN_IN_PATH = f"{API_PREFIX}/auth/sign-in"
"""The page that offers them."""


@dataclass(frozen=True, slots=True)
class SignInWay:
    """One button."""

    label: str
    url: str
    is_proconnect: bool
    """True asks for the words and the link that ProConnect prescribes."""


def ways_of(services: Container, *, return_to: str = START_PATH) -> list[SignInWay]:
    """The buttons of all providers, in the order of the settings."""
    return [sign_in_way(each, return_to=return_to) for each in services.federation.providers]


def sign_in_page(
    services: Container,
    problem: Problem | None = None,
    *,
    return_to: str = START_PATH,
    email: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page that offers every way to sign in.

    Args:
        services: What there is.
        problem: Why the password did not; None before the first attempt.
        return_to: Page of this service to show afterwards.
        email: As typed before.
        headers: More of them.
    """
    return page(
        "sign_in_ways.html",
        status=200 if problem is None else problem.status,
        headers=headers,
        ways=ways_of(services, return_to=return_to),
        has_passwords=services.passwords.is_on,
        problem=problem,
        return_to=own_path(return_to),
        email=email,
    )


def sign_in_way(provider: IdentityProvider, *, return_to: str = START_PATH) -> SignInWay:
    """The button of a provider.

    Args:
        provider: Where it leads.
        return_to: Page of this service to show after it.
    """
    is_proconnect = provider.kind is ProviderKind.PROCONNECT
    words = "sign_in_proconnect" if is_proconnect else "sign_in_with"
    query = f"?return_to={quote(own_path(return_to), safe='')}" if return_to != START_PATH else ""
    return SignInWay(
        label=sentence(words, name=provider.label),
        url=f"{API_PREFIX}/auth/oidc/{provider.id}/start{query}",
        is_proconnect=is_proconnect,
    )
