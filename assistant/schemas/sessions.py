"""Sign-in and the sessions of a person."""

from __future__ import annotations

from datetime import datetime

from assistant.schemas.wire import Wire


class SignInWayOut(Wire):
    """One way to sign in: an identity provider, or the page for a password."""

    label: str
    """What its button says."""
    url: str
    """Where the button leads, on this service."""


class SignedOutOut(Wire):
    """What to do once the sign-out has begun."""

    url: str
    """Where the browser has to go: the identity provider, whose session ends too, or the start page."""


class SessionOut(Wire):
    """A session of somebody, without what opens it."""

    id: str
    device: str
    """Browser and system in words; empty when unknown."""
    created_at: datetime
    seen_at: datetime
    """Last use, to some minutes."""
    expires_at: datetime
    """It ends then, or earlier without use."""
    is_current: bool
    """True for the one that asks."""


class EndedSessionsOut(Wire):
    """Sessions that were ended."""

    ended: int
