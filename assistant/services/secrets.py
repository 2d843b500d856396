"""Secrets that are given once and kept as a hash."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

_SECRET_BYTES = 32
_SEEN_EVERY = timedelta(hours=1)


def new_secret() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(secret: str) -> str:
    """SHA-256 of a secret, hexadecimal: what is kept of it."""
    return sha256(secret.encode()).hexdigest()


def is_worth_noting(last: datetime | None, *, now: datetime) -> bool:
    """True when a use is not yet known to the hour: a write an hour, and none a request."""
    return last is None or now - last >= _SEEN_EVERY
