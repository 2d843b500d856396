"""Sign-ins under way, and what ties sessions to those of identity providers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select, update

from assistant.adapters.sql.sign_in_tables import (
    federated_sessions,
    logout_notices,
    sign_in_attempts,
)
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.identity import FederatedSession, LogoutNotice, SignInAttempt
from assistant.domain.ids import SessionId

_ATTEMPT = (
    "state_hash", "browser_hash", "provider", "nonce", "code_verifier", "return_to", "expires_at",
)  # fmt: skip
_SESSION = (
    "session_id", "provider", "issuer", "subject", "sid", "id_token", "leaving_hash",
)  # fmt: skip


class SqlFederationRepository:
    """Implements `FederationRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_attempt(self, attempt: SignInAttempt, *, now: datetime) -> None:
        """Keep a new attempt, and drop those that have expired."""
        self._drop_expired_attempts(now)
        values = {name: getattr(attempt, name) for name in _ATTEMPT}
        self._transaction.write(sign_in_attempts.insert().values(**values))

    def take_attempt(self, state_hash: str, *, now: datetime) -> SignInAttempt | None:
        """Spend an attempt; None when unknown, spent or expired. Only one caller ever gets it."""
        this = sign_in_attempts.c.state_hash == state_hash
        self._transaction.lock()
        self._drop_expired_attempts(now)
        row = self._transaction.first(select(sign_in_attempts).where(this))
        if row is None or self._transaction.write(sign_in_attempts.delete().where(this)) == 0:
            return None
        return SignInAttempt(**{name: getattr(row, name) for name in _ATTEMPT})

    def add_session(self, session: FederatedSession) -> None:
        """Keep the provider's side of a session that exists; it ends with it."""
        values = {name: getattr(session, name) for name in _SESSION}
        self._transaction.write(federated_sessions.insert().values(**values))

    def find_session(self, session_id: SessionId) -> FederatedSession | None:
        """The provider's side of a session; None when it was opened without one."""
        this = federated_sessions.c.session_id == session_id
        row = self._transaction.first(select(federated_sessions).where(this))
        if row is None:
            return None
        return FederatedSession(**{name: getattr(row, name) for name in _SESSION})

    def mark_leaving(self, session_id: SessionId, *, leaving_hash: str) -> None:
        """Note that the browser of a session was sent to sign out at its provider."""
        self._transaction.write(
            update(federated_sessions)
            .where(federated_sessions.c.session_id == session_id)
            .values(leaving_hash=leaving_hash)
        )

    def sessions_of(self, notice: LogoutNotice) -> Sequence[SessionId]:
        """The sessions that a notice ends: those of its `sid` and of its subject, as far as it names them."""
        columns = federated_sessions.c
        conditions = [columns.issuer == notice.issuer]
        if notice.sid:
            conditions.append(columns.sid == notice.sid)
        if notice.subject:
            conditions.append(columns.subject == notice.subject)
        if len(conditions) == 1:
            return []
        query = select(columns.session_id).where(and_(*conditions))
        return [SessionId(row.session_id) for row in self._transaction.read(query)]

    def spend_notice(self, notice: LogoutNotice, *, now: datetime) -> bool:
        """Remember a notice until it is too old; False when it was remembered already."""
        self._transaction.lock()
        self._transaction.write(logout_notices.delete().where(logout_notices.c.good_until <= now))
        this = and_(logout_notices.c.issuer == notice.issuer, logout_notices.c.jti == notice.jti)
        if self._transaction.first(select(logout_notices.c.jti).where(this)) is not None:
            return False
        self._transaction.write(
            logout_notices.insert().values(
                issuer=notice.issuer, jti=notice.jti, good_until=notice.good_until
            )
        )
        return True

    def _drop_expired_attempts(self, now: datetime) -> None:
        self._transaction.write(
            sign_in_attempts.delete().where(sign_in_attempts.c.expires_at <= now)
        )
