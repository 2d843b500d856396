"""Single-use sign-in links and who a session speaks for."""

from __future__ import annotations

from datetime import timedelta

from assistant.domain.errors import Unauthenticated
from assistant.domain.sessions import Session, SignInLink
from assistant.domain.tenancy import Principal
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.browser_sessions import BrowserSessions, digest, new_secret


class SignInService:
    """Issues links, redeems them once, and knows who a session speaks for."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        sessions: BrowserSessions,
        link_minutes: int,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._sessions = sessions
        self._link_life = timedelta(minutes=link_minutes)

    def issue_link(self, principal: Principal) -> str:
        """A new code that signs this principal in once, before it expires."""
        code = new_secret()
        link = SignInLink(
            code_hash=digest(code),
            person_id=principal.person_id,
            tenant_id=principal.tenant_id,
            roles=principal.roles,
            expires_at=self._clock.now() + self._link_life,
        )
        with self._open_work() as work:
            work.sessions.add_link(link)
            work.commit()
        return code

    def redeem(self, code: str, *, device: str = "") -> tuple[str, Session]:
        """Spend a code: the secret of a new session (the cookie's value) and the session.

        Args:
            code: Of a link.
            device: The browser in words.

        Raises:
            Unauthenticated: Unknown, spent or expired code ("link_spent").
        """
        with self._open_work() as work:
            link = work.sessions.take_link(digest(code), now=self._clock.now())
            if link is None:
                raise Unauthenticated("link_spent")
            principal = Principal(link.person_id, link.tenant_id, link.roles)
            secret, session = self._sessions.begin(work, principal, device=device)
            work.commit()
        return secret, session

    def principal_of(self, secret: str) -> Principal:
        """Who a session speaks for; this counts as its use.

        Raises:
            Unauthenticated: Unknown, revoked or expired session.
        """
        return self._sessions.use(secret).principal()

    def sign_out(self, secret: str) -> None:
        """End a session at once; nothing happens when it is unknown."""
        self._sessions.end(secret)
