"""Single-use sign-in links and the opaque sessions they open."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from assistant.domain.errors import Unauthenticated
from assistant.domain.ids import SessionId, new_id
from assistant.domain.sessions import Session, SignInLink
from assistant.domain.tenancy import Principal
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory

_SECRET_BYTES = 32


class SignInService:
    """Issues links, redeems them once, and knows who a session speaks for."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        link_minutes: int,
        session_hours: int,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._link_life = timedelta(minutes=link_minutes)
        self._session_life = timedelta(hours=session_hours)

    def issue_link(self, principal: Principal) -> str:
        """A new code that signs this principal in once, before it expires."""
        code = secrets.token_urlsafe(_SECRET_BYTES)
        link = SignInLink(
            code_hash=_digest(code),
            person_id=principal.person_id,
            tenant_id=principal.tenant_id,
            roles=principal.roles,
            expires_at=self._clock.now() + self._link_life,
        )
        with self._open_work() as work:
            work.sessions.add_link(link)
            work.commit()
        return code

    def redeem(self, code: str) -> tuple[str, Session]:
        """Spend a code: the secret of a new session (the cookie's value) and the session.

        Raises:
            Unauthenticated: Unknown, spent or expired code ("link_spent").
        """
        now = self._clock.now()
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._open_work() as work:
            link = work.sessions.take_link(_digest(code), now=now)
            if link is None:
                raise Unauthenticated("link_spent")
            session = Session(
                id=SessionId(new_id()),
                secret_hash=_digest(secret),
                person_id=link.person_id,
                tenant_id=link.tenant_id,
                roles=link.roles,
                created_at=now,
                expires_at=now + self._session_life,
            )
            work.sessions.add(session)
            work.commit()
        return secret, session

    def principal_of(self, secret: str) -> Principal:
        """Who a session speaks for.

        Raises:
            Unauthenticated: Unknown, revoked or expired session.
        """
        with self._open_work() as work:
            session = work.sessions.find(_digest(secret), now=self._clock.now())
        if session is None:
            raise Unauthenticated
        return session.principal()

    def sign_out(self, secret: str) -> None:
        """End a session at once; nothing happens when it is unknown."""
        with self._open_work() as work:
            session = work.sessions.find(_digest(secret), now=self._clock.now())
            if session is not None:
                work.sessions.revoke(session.id)
                work.commit()


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
