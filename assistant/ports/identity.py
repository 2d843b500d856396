"""Identity providers, what is kept of sign-ins through them, and who an identity is here.

Nothing here is ever shown to a person: it comes before anybody is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.identity import (
    FederatedSession,
    Identity,
    LogoutNotice,
    ProviderKind,
    SignInAttempt,
)
from assistant.domain.ids import SessionId
from assistant.domain.tenancy import Principal


class IdentityProvider(Protocol):
    """One OpenID provider. Safe to call from several threads; calls block for some seconds at most."""

    @property
    def id(self) -> str:
        """Its name in addresses of ours."""
        ...

    @property
    def label(self) -> str:
        """What its button says after "Se connecter avec"; empty for ProConnect, which has its own."""
        ...

    @property
    def kind(self) -> ProviderKind:
        """How strictly it is spoken to."""
        ...

    def authorization_url(
        self, *, state: str, nonce: str, code_verifier: str, redirect_uri: str
    ) -> str:
        """Where to send a browser that signs in.

        Args:
            state: Given back with the code, 32 characters at least. So is the nonce, in the ID token.
            nonce: See above.
            code_verifier: For PKCE; not used with a provider that does not support it.
            redirect_uri: Where the provider sends the browser, as registered.

        Raises:
            IdentityProviderUnavailable: It does not answer, or not as an OpenID provider.
        """
        ...

    def identify(self, code: str, *, nonce: str, code_verifier: str, redirect_uri: str) -> Identity:
        """Who signed in. The code is spent, and the access token forgotten at once.

        Raises:
            Unauthenticated: The code or what it gave is refused ("sign_in_refused").
            Forbidden: The way of signing in is not one of those demanded ("sign_in_too_weak").
            IdentityProviderUnavailable: As `authorization_url`; or it refuses us as a client
                ("provider_refuses_us").
        """
        ...

    def logout_url(self, *, id_token: str, state: str, redirect_uri: str) -> str | None:
        """Where to send a browser that signs out; None when the provider has no such page.

        Raises:
            IdentityProviderUnavailable: As `authorization_url`.
        """
        ...

    def read_logout(self, token: str) -> LogoutNotice:
        """What a back-channel logout token says; whether it comes for the first time is not known here.

        Raises:
            InvalidInput: It is not one of this provider for us, or too old ("logout_refused").
            IdentityProviderUnavailable: As `authorization_url`.
        """
        ...

    def close(self) -> None:
        """Close the connections; idempotent."""
        ...


class IdentityResolver(Protocol):
    """Who an identity is here."""

    def resolve(self, identity: Identity, *, provider: str) -> Principal:
        """The principal of an identity.

        Args:
            identity: As its provider gave it.
            provider: Id of that provider.

        Raises:
            Forbidden: Its organisation is missing or unknown here ("access_not_attached"), or nobody of
                that identity was invited ("access_not_invited"), or may sign in now
                ("access_suspended", "tenant_closed").
        """
        ...


class FederationRepository(Protocol):
    """Sign-ins under way, and the provider's side of sessions."""

    def add_attempt(self, attempt: SignInAttempt, *, now: datetime) -> None:
        """Keep a new attempt, and drop those that have expired."""
        ...

    def take_attempt(self, state_hash: str, *, now: datetime) -> SignInAttempt | None:
        """Spend an attempt; None when unknown, spent or expired. Only one caller ever gets it."""
        ...

    def add_session(self, session: FederatedSession) -> None:
        """Keep the provider's side of a session that exists; it ends with it."""
        ...

    def find_session(self, session_id: SessionId) -> FederatedSession | None:
        """The provider's side of a session; None when it was opened without one."""
        ...

    def mark_leaving(self, session_id: SessionId, *, leaving_hash: str) -> None:
        """Note that the browser of a session was sent to sign out at its provider."""
        ...

    def sessions_of(self, notice: LogoutNotice) -> Sequence[SessionId]:
        """The sessions that a notice ends: those of its `sid` and of its subject, as far as it names them."""
        ...

    def spend_notice(self, notice: LogoutNotice, *, now: datetime) -> bool:
        """Remember a notice until it is too old; False when it was remembered already."""
        ...
