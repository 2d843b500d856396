"""Sign-in links and sessions. A spent or expired one leaves no row behind for long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select, update

from assistant.adapters.sql.password_tables import password_links
from assistant.adapters.sql.scoping import of_reader
from assistant.adapters.sql.tables import sessions, sign_in_links
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import PersonId, SessionId
from assistant.domain.sessions import Session, SignInLink
from assistant.domain.tenancy import Scope


class SqlSessionRepository:
    """Implements `SessionRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_link(self, link: SignInLink) -> None:
        """Keep a new link."""
        self._transaction.write(
            sign_in_links.insert().values(
                code_hash=link.code_hash,
                person_id=link.person_id,
                tenant_id=link.tenant_id,
                expires_at=link.expires_at,
            )
        )

    def take_link(self, code_hash: str, *, now: datetime) -> SignInLink | None:
        """Spend a link; None when unknown, spent or expired. Only one caller ever gets it."""
        this = sign_in_links.c.code_hash == code_hash
        self._transaction.lock()
        self._transaction.write(sign_in_links.delete().where(sign_in_links.c.expires_at <= now))
        row = self._transaction.first(select(sign_in_links).where(this))
        if row is None or self._transaction.write(sign_in_links.delete().where(this)) == 0:
            return None
        return SignInLink(
            code_hash=row.code_hash,
            person_id=row.person_id,
            tenant_id=row.tenant_id,
            expires_at=row.expires_at,
        )

    def add(self, session: Session) -> None:
        """Keep a new session, and drop those that had ended when it began."""
        begun = session.created_at
        ended = or_(sessions.c.expires_at <= begun, sessions.c.idle_until <= begun)
        self._transaction.write(sessions.delete().where(ended))
        self._transaction.write(
            sessions.insert().values(
                id=session.id,
                secret_hash=session.secret_hash,
                person_id=session.person_id,
                tenant_id=session.tenant_id,
                created_at=session.created_at,
                expires_at=session.expires_at,
                seen_at=session.seen_at,
                idle_until=session.idle_until,
                device=session.device,
            )
        )

    def find(self, secret_hash: str, *, now: datetime) -> Session | None:
        """The session of a secret; None when unknown, revoked or expired."""
        row = self._transaction.first(
            select(sessions).where(
                sessions.c.secret_hash == secret_hash,
                sessions.c.expires_at > now,
                sessions.c.idle_until > now,
            )
        )
        return None if row is None else _session(row)

    def revoke(self, session_id: SessionId) -> Session | None:
        """End a session at once; the one that ended, None when unknown."""
        this = sessions.c.id == session_id
        self._transaction.lock()
        row = self._transaction.first(select(sessions).where(this))
        self._transaction.write(sessions.delete().where(this))
        return None if row is None else _session(row)

    def revoke_of(self, person_id: PersonId) -> None:
        """End all sessions of a person, and make its links worthless."""
        for table in (sessions, sign_in_links, password_links):
            self._transaction.write(table.delete().where(table.c.person_id == person_id))

    def note_use(self, session_id: SessionId, *, seen_at: datetime, idle_until: datetime) -> None:
        """Put off the end of a session that is in use."""
        self._transaction.write(
            update(sessions)
            .where(sessions.c.id == session_id)
            .values(seen_at=seen_at, idle_until=idle_until)
        )

    def list_own(self, *, scope: Scope, now: datetime) -> list[Session]:
        """The reader's own sessions that have not ended, the last used first."""
        query = (
            select(sessions)
            .where(
                of_reader(scope, sessions), sessions.c.expires_at > now, sessions.c.idle_until > now
            )
            .order_by(sessions.c.seen_at.desc(), sessions.c.created_at.desc())
        )
        return [_session(row) for row in self._transaction.read(query)]

    def revoke_own(self, session_ids: Sequence[SessionId], *, scope: Scope) -> int:
        """End sessions of the reader at once; how many of them were the reader's."""
        return self._transaction.write(
            sessions.delete().where(of_reader(scope, sessions), sessions.c.id.in_(session_ids))
        )


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        secret_hash=row.secret_hash,
        person_id=row.person_id,
        tenant_id=row.tenant_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        seen_at=row.seen_at,
        idle_until=row.idle_until,
        device=row.device,
    )
