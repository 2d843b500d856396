"""The identity providers that a person may sign in through, as buttons."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from assistant.api.mapping import API_PREFIX
from assistant.domain.catalogue import sentence
from assistant.domain.identity import START_PATH, ProviderKind, own_path
from assistant.ports.identity import IdentityProvider

SIGN_IN_PATH = f"{API_PREFIX}/auth/sign-in"
"""The page that offers them."""


@dataclass(frozen=True, slots=True)
class SignInWay:
    """One button."""

    label: str
    url: str
    is_proconnect: bool
    """True asks for the words and the link that ProConnect prescribes."""


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
