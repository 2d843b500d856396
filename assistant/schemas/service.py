"""State of the service and of the session."""

from __future__ import annotations

from pydantic import Field

from assistant.schemas.people import PermissionName
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
    indexing_trouble: str | None = None
    """Why what was read is not added to the index now, in French; null when it is."""


class CharterState(Wire):
    """The charter of one's tenant."""

    version: int
    text: str
    """Empty when nothing has to be accepted."""
    is_accepted: bool
    """False when it has to be accepted before anything else."""


class TenantBrief(Wire):
    """What the pages show of one's tenant."""

    id: str
    name: str
    state: str
    colour: str
    time_zone: str
    welcome: str
    logo_url: str | None
    """None without a logo."""
    retention_days: int | None = None
    """Conversations that were not used for so many days are erased; null keeps them."""
    keeps_questions: bool = False
    """Whether its administrators read the questions that nothing answered."""


class MeOut(Wire):
    """Who is signed in."""

    person_id: str
    roles: list[str]
    is_admin: bool
    """True when it may change documents."""
    max_file_mb: int
    """Largest file that may be sent, in millions of bytes."""
    name: str = ""
    email: str = ""
    permissions: list[PermissionName] = Field(default=[])
    """What the credential allows, within the roles."""
    is_read_only: bool = False
    """True while the tenant is suspended."""
    tenant: TenantBrief | None = None
    charter: CharterState | None = None
    export_consent: bool = False
    """True when one's conversations may leave with the tenant."""
    unseen_inspections: int = 0
    """How often an auditor read a conversation of one's own since one last said to know."""
    has_password: bool = False
    """True when one has a local account."""
    local_accounts: bool = False
    """True where people may have a local account."""


class ExampleQuestions(Wire):
    """Questions made from the corpus, to start with."""

    questions: list[str]


class SignInLinkOut(Wire):
    """A single-use sign-in link."""

    url: str
    """To open in a browser of the person; spent by its first use."""
