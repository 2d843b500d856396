"""Settings of sign-in and sessions turned into services."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.domain.identity import ProviderKind
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.identity import IdentityProvider
from assistant.ports.passwords import PasswordHasher
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.attachment import AttachmentRule, PeopleResolver
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.federated_sign_in import FederatedSignIn
from assistant.services.password_sign_in import PasswordSignIn
from assistant.services.passwords import PasswordService
from assistant.services.sign_in import SignInService
from assistant.settings import Settings
from assistant.settings_access import OidcProvider

_SCOPES = {
    ProviderKind.PROCONNECT: ("openid", "given_name", "usual_name", "email", "siret", "uid"),
    ProviderKind.GENERIC: ("openid", "profile", "email"),
}


@dataclass(frozen=True, slots=True)
class SignIns:
    """The sessions of browsers, and the ways to open one."""

    sessions: BrowserSessions
    links: SignInService
    federation: FederatedSignIn
    passwords: PasswordService
    by_password: PasswordSignIn


def build_sign_ins(
    settings: Settings, *, open_work: UnitOfWorkFactory, clock: Clock, audit: AuditTrail
) -> SignIns:
    """The services about sign-in."""
    auth, oidc = settings.auth, settings.oidc
    sessions = BrowserSessions(
        open_work,
        clock,
        audit=audit,
        session_hours=auth.session_hours,
        idle_minutes=auth.idle_minutes,
    )
    links = SignInService(
        open_work, clock, sessions=sessions, audit=audit, link_minutes=auth.link_minutes
    )
    rules = {each.id: _rule(each) for each in oidc.providers}
    federation = FederatedSignIn(
        open_work,
        clock,
        providers=[_provider(each, clock=clock, settings=settings) for each in oidc.providers],
        resolver=PeopleResolver(open_work, clock, audit=audit, rules=rules),
        sessions=sessions,
        audit=audit,
    )
    hasher = _hasher(settings)
    passwords = PasswordService(
        open_work,
        clock,
        hasher=hasher,
        sign_in=links,
        sessions=sessions,
        audit=audit,
        least_chars=auth.password_chars,
    )
    by_password = PasswordSignIn(open_work, clock, hasher=hasher, sessions=sessions, audit=audit)
    return SignIns(sessions, links, federation, passwords, by_password)


def _hasher(settings: Settings) -> PasswordHasher | None:
    if not settings.auth.local_accounts:
        return None
    from assistant.adapters.argon2.hasher import Argon2PasswordHasher

    return Argon2PasswordHasher(at_once=settings.auth.password_hashes)


def _rule(chosen: OidcProvider) -> AttachmentRule:
    return AttachmentRule(
        sirens=frozenset(chosen.sirens),
        needs_siret=chosen.needs_siret,
        match_email=chosen.match_email,
        tells_groups=bool(chosen.groups_claim),
    )


def _provider(chosen: OidcProvider, *, clock: Clock, settings: Settings) -> IdentityProvider:
    from assistant.adapters.oidc.provider import OidcProvider as Provider
    from assistant.adapters.oidc.provider import Registration

    kind = ProviderKind(chosen.kind)
    registration = Registration(
        id=chosen.id,
        label=chosen.label,
        kind=kind,
        issuer=chosen.issuer,
        client_id=chosen.client_id,
        client_secret=chosen.client_secret.get_secret_value(),
        client_auth=chosen.client_auth,
        scopes=chosen.scopes or _SCOPES[kind],
        algorithm=chosen.signing,
        siret_claim=chosen.siret_claim,
        groups_claim=chosen.groups_claim,
        acr_values=chosen.acr_values,
        asks_amr=chosen.asks_amr,
        amr_values=chosen.amr_values,
    )
    return Provider(registration, clock=clock, timeout_s=settings.oidc.timeout_s)
