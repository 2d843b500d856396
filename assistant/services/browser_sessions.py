"""Sessions of browsers: how they begin, how use keeps them open, and how their person ends them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from assistant.domain.audit import Act
from assistant.domain.errors import NotFound, StorageError, Unauthenticated
from assistant.domain.ids import SessionId, new_id
from assistant.domain.sessions import Session
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.secrets import digest, new_secret

_NOTED_EVERY = timedelta(minutes=5)
"""Use is written no more often: reading pages must not become writing."""


class BrowserSessions:
    """Opens sessions, follows their use, lists and ends them."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        audit: AuditTrail,
        session_hours: int,
        idle_minutes: int,
    ) -> None:
        """Prepare.

        Args:
            open_work: Opens units of work.
            clock: Tells the time.
            audit: Told of sign-ins and sign-outs.
            session_hours: Longest life of a session, however much it is used.
            idle_minutes: Longest time without use.
        """
        self._open_work = open_work
        self._clock = clock
        self._audit = audit
        self._life = timedelta(hours=session_hours)
        self._idle = timedelta(minutes=idle_minutes)
        self._noted_every = min(_NOTED_EVERY, self._idle / 2)

    def begin(
        self, work: UnitOfWork, principal: Principal, *, device: str = ""
    ) -> tuple[str, Session]:
        """A new session within a unit of work: its secret (the cookie's value) and itself."""
        now, secret = self._clock.now(), new_secret()
        session = Session(
            id=SessionId(new_id()),
            secret_hash=digest(secret),
            person_id=principal.person_id,
            tenant_id=principal.tenant_id,
            created_at=now,
            expires_at=now + self._life,
            seen_at=now,
            idle_until=min(now + self._idle, now + self._life),
            device=device,
        )
        work.sessions.add(session)
        return secret, session

    def use(self, secret: str) -> Session:
        """The session of a secret; its end by idleness is put off.

        Raises:
            Unauthenticated: Unknown, revoked or expired session.
        """
        session = self.find(secret)
        if session is None:
            raise Unauthenticated
        now = self._clock.now()
        if now - session.seen_at >= self._noted_every:
            until = min(now + self._idle, session.expires_at)
            # Nobody is kept out because the database is busy.
            with suppress(StorageError), self._open_work() as work:
                work.sessions.note_use(session.id, seen_at=now, idle_until=until)
                work.commit()
        return session

    def find(self, secret: str) -> Session | None:
        """The session of a secret, None when there is none; this does not count as use."""
        with self._open_work() as work:
            return work.sessions.find(digest(secret), now=self._clock.now())

    def end(self, secret: str) -> None:
        """End a session at once; nothing happens when it is unknown."""
        session = self.find(secret)
        if session is not None:
            with self._open_work() as work:
                work.sessions.revoke(session.id)
                work.commit()
            self.tell(Act.SIGNED_OUT, session)

    def tell(self, act: Act, session: Session) -> None:
        """Record what was done with a session, once that is committed."""
        by = Principal(session.person_id, session.tenant_id, frozenset())
        self._audit.record(act, by=by, tenant_id=session.tenant_id, subject=session.id)

    def list_own(self, *, scope: Scope) -> list[Session]:
        """The reader's own sessions, the last used first."""
        with self._open_work() as work:
            return work.sessions.list_own(scope=scope, now=self._clock.now())

    def end_own(self, session_id: SessionId, *, scope: Scope) -> None:
        """End one of the reader's sessions at once.

        Raises:
            NotFound: It is none of theirs.
        """
        if not self._end_all([session_id], scope=scope):
            raise NotFound

    def end_others(self, *, scope: Scope, but: SessionId | None) -> int:
        """End all of the reader's sessions but one; how many there were."""
        others = [each.id for each in self.list_own(scope=scope) if each.id != but]
        return self._end_all(others, scope=scope)

    def _end_all(self, session_ids: Sequence[SessionId], *, scope: Scope) -> int:
        with self._open_work() as work:
            count = work.sessions.revoke_own(session_ids, scope=scope)
            work.commit()
        return count
