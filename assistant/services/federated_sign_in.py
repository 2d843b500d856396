"""Sign-in and sign-out through identity providers.

No transaction is open while a provider is asked: an attempt is spent first, a session begun after.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from assistant.domain.audit import Act
from assistant.domain.errors import (
    AssistantError,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthenticated,
    UpstreamError,
)
from assistant.domain.identity import FederatedSession, Identity, SignInAttempt, own_path
from assistant.domain.ids import SessionId
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.identity import IdentityProvider, IdentityResolver
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.secrets import digest, new_secret
from assistant.services.sign_in_refusals import Way, tell_refusal

ATTEMPT_LIFE = timedelta(minutes=10)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that begins."""

    url: str
    """Of the provider, where the browser goes."""
    browser_secret: str
    """For a cookie of that browser, which alone may end this sign-in."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that succeeded."""

    secret: str
    """Of the new session: the cookie's value."""
    return_to: str
    """The page the person came for."""


class FederatedSignIn:
    """Leads browsers to identity providers and back."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        providers: Sequence[IdentityProvider],
        resolver: IdentityResolver,
        sessions: BrowserSessions,
        audit: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._providers: Mapping[str, IdentityProvider] = {each.id: each for each in providers}
        self._resolver = resolver
        self._sessions = sessions
        self._audit = audit

    @property
    def providers(self) -> tuple[IdentityProvider, ...]:
        """Those a person may choose from, in the order of the settings."""
        return tuple(self._providers.values())

    def begin(self, provider: str, *, redirect_uri: str, return_to: str) -> Begun:
        """Begin a sign-in; it has to end within `ATTEMPT_LIFE`.

        Args:
            provider: Its id.
            redirect_uri: Where the provider sends the browser.
            return_to: Page of this service to show after it; any other address becomes the start page.

        Raises:
            NotFound: There is no such provider.
            IdentityProviderUnavailable: It does not answer.
        """
        state, nonce, verifier, browser_secret = (new_secret() for _ in range(4))
        url = self._provider(provider).authorization_url(
            state=state, nonce=nonce, code_verifier=verifier, redirect_uri=redirect_uri
        )
        now = self._clock.now()
        attempt = SignInAttempt(
            state_hash=digest(state),
            browser_hash=digest(browser_secret),
            provider=provider,
            nonce=nonce,
            code_verifier=verifier,
            return_to=own_path(return_to),
            expires_at=now + ATTEMPT_LIFE,
        )
        with self._open_work() as work:
            work.federation.add_attempt(attempt, now=now)
            work.commit()
        return Begun(url, browser_secret)

    def give_up(self, provider: str, *, state: str, reason: str) -> AssistantError:
        """End a sign-in that the provider refused; the error to show for it."""
        with self._open_work() as work:
            work.federation.take_attempt(digest(state), now=self._clock.now())
            work.commit()
        _log.warning("sign_in_failed", provider=self._provider(provider).id, reason=reason)
        code = "sign_in_cancelled" if reason == "access_denied" else "sign_in_refused"
        tell_refusal(self._audit, code, way=Way.PROVIDER, provider=provider)
        return Unauthenticated(code)

    def finish(
        self,
        provider: str,
        *,
        code: str,
        state: str,
        browser_secret: str,
        redirect_uri: str,
        device: str = "",
    ) -> SignedIn:
        """End a sign-in: a session of the person that its provider names.

        Raises:
            NotFound: There is no such provider.
            Unauthenticated: A state that is unknown, spent, expired, of another browser or of another
                provider ("sign_in_stale"), or an answer that is refused ("sign_in_refused").
            Forbidden: No access, as `IdentityResolver.resolve`; or a way of signing in that is too weak
                ("sign_in_too_weak").
            IdentityProviderUnavailable: It does not answer.
        """
        chosen = self._provider(provider)
        try:
            attempt = self._spend(provider, state=state, browser_secret=browser_secret)
            identity = chosen.identify(
                code,
                nonce=attempt.nonce,
                code_verifier=attempt.code_verifier,
                redirect_uri=redirect_uri,
            )
        except (Unauthenticated, Forbidden) as error:
            tell_refusal(self._audit, error.code, way=Way.PROVIDER, provider=provider)
            raise
        principal = self._resolver.resolve(identity, provider=provider)
        secret = self._open(principal, identity=identity, provider=provider, device=device)
        return SignedIn(secret, attempt.return_to)

    def leave(self, secret: str, *, redirect_uri: str) -> str | None:
        """Begin to sign out: where the browser has to go for it, None when nothing is left to do.

        A session that a provider opened stays until the browser comes back from it.
        """
        session = self._sessions.find(secret)
        linked = self._linked(session.id) if session else None
        url = None
        if session is not None and linked is not None:
            url = self._logout_url(linked, redirect_uri=redirect_uri)
        if url is None:
            self._sessions.end(secret)
        return url

    def left(self, secret: str, *, state: str) -> bool:
        """End a session whose browser comes back from signing out at its provider.

        Args:
            secret: Of the session.
            state: As it came back; some providers give none back, and that is tolerated.

        Returns:
            False when the session goes on, since it was not leaving or comes back with another state.
        """
        session = self._sessions.find(secret)
        if session is None:
            return True
        linked = self._linked(session.id)
        if linked is None or not linked.leaving_hash:
            return False
        if state and not hmac.compare_digest(digest(state), linked.leaving_hash):
            return False
        self._sessions.end(secret)
        return True

    def end_from_provider(self, provider: str, *, token: str) -> int:
        """End the sessions that a back-channel logout token names; how many there were.

        Raises:
            NotFound: There is no such provider.
            InvalidInput: A token that is not valid, too old or shown before ("logout_refused").
            IdentityProviderUnavailable: Its keys cannot be read.
        """
        notice = self._provider(provider).read_logout(token)
        with self._open_work() as work:
            if not work.federation.spend_notice(notice, now=self._clock.now()):
                raise InvalidInput("logout_refused")
            named = work.federation.sessions_of(notice)
            ended = [each for each in map(work.sessions.revoke, named) if each is not None]
            for session in ended:
                self._sessions.tell(Act.SIGNED_OUT, session, work=work, details={"by": "provider"})
            work.commit()
        return len(ended)

    def close(self) -> None:
        """Close the connections to the providers; idempotent."""
        for provider in self._providers.values():
            provider.close()

    def _provider(self, provider: str) -> IdentityProvider:
        if provider not in self._providers:
            raise NotFound
        return self._providers[provider]

    def _spend(self, provider: str, *, state: str, browser_secret: str) -> SignInAttempt:
        with self._open_work() as work:
            attempt = work.federation.take_attempt(digest(state), now=self._clock.now())
            work.commit()
        if (
            attempt is None
            or attempt.provider != provider
            or not hmac.compare_digest(attempt.browser_hash, digest(browser_secret))
        ):
            raise Unauthenticated("sign_in_stale")
        return attempt

    def _open(self, principal: Principal, *, identity: Identity, provider: str, device: str) -> str:
        with self._open_work() as work:
            secret, session = self._sessions.begin(work, principal, device=device)
            work.federation.add_session(
                FederatedSession(
                    session_id=session.id,
                    provider=provider,
                    issuer=identity.issuer,
                    subject=identity.subject,
                    sid=identity.sid,
                    id_token=identity.id_token,
                )
            )
            self._sessions.tell(Act.SIGNED_IN, session, work=work)
            work.commit()
        return secret

    def _linked(self, session_id: SessionId) -> FederatedSession | None:
        with self._open_work() as work:
            return work.federation.find_session(session_id)

    def _logout_url(self, linked: FederatedSession, *, redirect_uri: str) -> str | None:
        provider = self._providers.get(linked.provider)
        if provider is None:
            return None
        state = new_secret()
        try:
            url = provider.logout_url(
                id_token=linked.id_token, state=state, redirect_uri=redirect_uri
            )
        except UpstreamError as error:
            _log.warning("sign_out_at_provider_failed", provider=provider.id, code=error.code)
            return None
        if url is not None:
            with self._open_work() as work:
                work.federation.mark_leaving(linked.session_id, leaving_hash=digest(state))
                work.commit()
        return url
