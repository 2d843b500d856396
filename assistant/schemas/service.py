"""State of the service and of the session."""

from __future__ import annotations

from assistant.schemas.wire import Wire


class HealthOut(Wire):
    """The process answers."""

    status: str


class ReadyOut(Wire):
    """What works now."""

    status: str
    """ready · degraded."""
    database: bool
    index: bool
    embedder: bool
    worker: bool
    worker_refused: bool = False
    """True when the worker cannot start with these settings or this data folder: no use to wait."""
    model: str
    """ok · unreachable · none."""
    detail: list[str]
    """French sentences on what does not work."""


class MeOut(Wire):
    """Who is signed in."""

    person_id: str
    roles: list[str]
    is_admin: bool
    max_file_mb: int
    """Largest file that may be sent, in millions of bytes."""


class ExampleQuestions(Wire):
    """Questions made from the corpus, to start with."""

    questions: list[str]


class SignInLinkOut(Wire):
    """A single-use sign-in link."""

    url: str
    """To open in a browser of the person; spent by its first use."""
