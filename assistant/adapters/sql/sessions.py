"""Sign-in links and sessions. A spent or expired one leaves no row behind for long."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from assistant.adapters.sql.tables import sessions, sign_in_links
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import PersonId, SessionId
from assistant.domain.sessions import Session, SignInLink


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
        """Keep a new session, and drop those that had expired when it began."""
        self._transaction.write(
            sessions.delete().where(sessions.c.expires_at <= session.created_at)
        )
        self._transaction.write(
            sessions.insert().values(
                id=session.id,
                secret_hash=session.secret_hash,
                person_id=session.person_id,
                tenant_id=session.tenant_id,
                created_at=session.created_at,
                expires_at=session.expires_at,
            )
        )

    def find(self, secret_hash: str, *, now: datetime) -> Session | None:
        """The session of a secret; None when unknown, revoked or expired."""
        row = self._transaction.first(
            select(sessions).where(
                sessions.c.secret_hash == secret_hash, sessions.c.expires_at > now
            )
        )
        if row is None:
            return None
        return Session(
            id=row.id,
            secret_hash=row.secret_hash,
            person_id=row.person_id,
            tenant_id=row.tenant_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def revoke(self, session_id: SessionId) -> None:
        """End a session at once; no error when unknown."""
        self._transaction.write(sessions.delete().where(sessions.c.id == session_id))

    def revoke_of(self, person_id: PersonId) -> None:
        """End all sessions of a person, and make its links worthless."""
        for table in (sessions, sign_in_links):
            self._transaction.write(table.delete().where(table.c.person_id == person_id))
