"""Who an identity is here, by the settings alone: organisations whose people belong to the default tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from assistant.domain.errors import Forbidden
from assistant.domain.identity import Identity
from assistant.domain.ids import PersonId
from assistant.domain.tenancy import Principal, Role
from assistant.services.access import AccessService


@dataclass(frozen=True, slots=True)
class AttachmentRule:
    """Whom a provider may let in."""

    sirens: frozenset[str]
    """Organisations whose people are let in."""
    needs_siret: bool
    """False lets in everybody whom the provider knows, whatever their organisation."""
    match_email: bool
    """True takes the same address for the same person, whatever the subject."""


class SettingsResolver:
    """Implements `IdentityResolver`."""

    def __init__(self, access: AccessService, *, rules: Mapping[str, AttachmentRule]) -> None:
        """Prepare.

        Args:
            access: Knows the default tenant.
            rules: By id of provider.
        """
        self._access = access
        self._rules = rules

    def resolve(self, identity: Identity, *, provider: str) -> Principal:
        """An agent of the default tenant.

        Raises:
            Forbidden: Its organisation is missing or unknown here ("access_not_attached").
        """
        rule = self._rules[provider]
        if rule.needs_siret and identity.siren not in rule.sirens:
            raise Forbidden("access_not_attached")
        return Principal(
            person_id=_person_id(identity, match_email=rule.match_email),
            tenant_id=self._access.ensure_default().tenant_id,
            roles=frozenset({Role.AGENT}),
        )


def _person_id(identity: Identity, *, match_email: bool) -> PersonId:
    """The same for the same person at each sign-in, and nothing to be read from it."""
    by_email = match_email and identity.email
    named = ("email", identity.email) if by_email else (identity.issuer, identity.subject)
    return PersonId("oidc-" + sha256("\n".join(named).encode()).hexdigest()[:32])
