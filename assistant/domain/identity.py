"""Sign-in through an identity provider: what it says of a person, and what is kept meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.ids import PersonId, SessionId, TenantId

_SIRET = re.compile(r"[0-9]{14}")
_SIREN_DIGITS = 9
_OWN_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9._~/?=&%+-]{0,500}")
START_PATH = "/"
"""Where a sign-in leads that names no other page."""


class ProviderKind(StrEnum):
    """How strictly a provider is spoken to."""

    PROCONNECT = "proconnect"
    """Only the parameters that it knows are sent, and its user information has to be signed."""
    GENERIC = "generic"
    """Any other OpenID provider, such as Keycloak."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in, as its provider says, every signature and bound checked."""

    issuer: str
    subject: str
    """Of this service and, for ProConnect, of the provider behind it; never shown."""
    email: str = ""
    """As `normalised_email` gives it; empty when absent or no address."""
    given_name: str = ""
    usual_name: str = ""
    siret: str = ""
    """Fourteen digits of an establishment; empty when absent or malformed."""
    groups: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset()
    """Methods by which the person proved itself."""
    acr: str = ""
    auth_time: datetime | None = None
    sid: str = ""
    """The provider's own session; empty when it has none."""
    id_token: str = ""
    """To be shown to the provider at sign-out; never to anybody else."""

    @property
    def siren(self) -> str:
        """The organisation of the establishment, nine digits; empty without SIRET."""
        return self.siret[:_SIREN_DIGITS]


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """An identity of a provider that is a person here, at each of its sign-ins."""

    issuer: str
    subject: str
    provider: str
    """Its name in the settings when it was tied."""
    person_id: PersonId
    tenant_id: TenantId
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A sign-in under way. Single use."""

    state_hash: str
    """SHA-256 of what the provider gives back, hexadecimal. So is the next one."""
    browser_hash: str
    """Of a cookie of the browser that began: another one's answer is not taken for its own."""
    provider: str
    nonce: str
    code_verifier: str
    return_to: str
    """A page of this service."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FederatedSession:
    """What ties a session of ours to one of a provider."""

    session_id: SessionId
    provider: str
    issuer: str
    subject: str
    sid: str
    id_token: str
    leaving_hash: str = ""
    """SHA-256 of the state sent with a sign-out under way; empty when there is none."""


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """A provider says that a person signed out elsewhere."""

    issuer: str
    subject: str
    """Empty when only a session is named."""
    sid: str
    """Empty when all sessions of the person are meant."""
    jti: str
    """Of this notice only."""
    good_until: datetime
    """From then on it is refused for its age, and its `jti` need not be remembered."""


def valid_siret(text: str) -> str:
    """A SIRET as fourteen digits, spaces left out; empty when it is none."""
    digits = "".join(text.split())
    return digits if _SIRET.fullmatch(digits) else ""


def own_path(text: str) -> str:
    """A page of this service to return to; the start page for anything that may lead elsewhere."""
    return text if _OWN_PATH.fullmatch(text) else START_PATH
