"""Sessions of browsers: how they begin, how use keeps them open, and how their person ends them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from assistant.domain.audit import Act
from assistant.domain.errors import NotFound, StorageError, Unauthenticated
from assistant.domain.ids import SessionId, new_id
from assistant.domain.sessions import Session
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail, Details
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
        """End a session at once; nothing happens when it is unknown, or another one ends it first."""
        session = self.find(secret)
        if session is None:
            return
        with self._open_work() as work:
            ended = work.sessions.revoke(session.id)
            if ended is not None:
                self.tell(Act.SIGNED_OUT, ended, work=work)
                work.commit()

    def tell(
        self,
        act: Act,
        session: Session,
        *,
        work: UnitOfWork,
        by: Principal | None = None,
        details: Details | None = None,
    ) -> None:
        """Record what its person, or the key `by`, does with a session, in the transaction that does it."""
        by = by or Principal(session.person_id, session.tenant_id, frozenset())
        self._audit.record_in(
            work, act, by=by, tenant_id=session.tenant_id, subject=session.id, details=details
        )

    def list_own(self, *, scope: Scope) -> list[Session]:
        """The reader's own sessions, the last used first."""
        with self._open_work() as work:
            return work.sessions.list_own(scope=scope, now=self._clock.now())

    def end_own(self, session_id: SessionId, *, by: Principal) -> None:
        """End one of a person's own sessions at once.

        Raises:
            NotFound: It is none of theirs.
        """
        with self._open_work() as work:
            if not self._end_in(work, lambda each: each.id == session_id, by=by):
                raise NotFound
            work.commit()

    def end_others(self, *, by: Principal, but: SessionId | None) -> int:
        """End all of a person's own sessions but one; how many there were."""
        with self._open_work() as work:
            ended = self.end_others_in(work, by=by, but=but)
            work.commit()
        return ended

    def end_others_in(self, work: UnitOfWork, *, by: Principal, but: SessionId | None) -> int:
        """As `end_others`, in the transaction of what they end with."""
        return self._end_in(work, lambda each: each.id != but, by=by)

    def _end_in(
        self, work: UnitOfWork, is_meant: Callable[[Session], bool], *, by: Principal
    ) -> int:
        own = Scope(by.tenant_id, by.person_id, frozenset())
        work.lock()
        open_now = work.sessions.list_own(scope=own, now=self._clock.now())
        ended = [each for each in open_now if is_meant(each)]
        work.sessions.revoke_own([each.id for each in ended], scope=own)
        for session in ended:
            self.tell(Act.SIGNED_OUT, session, work=work, by=by)
        return len(ended)
