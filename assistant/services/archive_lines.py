"""What each line of a tenant's archive holds; `docs/reversibilite.md` tells it to its readers.

No field here is ever a secret: neither keys, sessions, invitations nor identities of providers.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from assistant.domain.answers import AnswerStatus
from assistant.domain.conversations import Author
from assistant.domain.corrections import TITLE_CHARS
from assistant.domain.documents import DocumentState, LinkKind, VersionState
from assistant.domain.feedback import COMMENT_CHARS, FeedbackReason, Verdict
from assistant.domain.links import LinkState
from assistant.domain.people import PersonState
from assistant.domain.tenancy import Audience, Role
from assistant.domain.tenants import TenantKind
from ingest.model import DocumentKind, FileFormat, Notice

FORMAT = "assistant-regional/tenant"
FORMAT_VERSION = 2
"""Raised by every change that an older program would read wrongly: one of format 1 would bring excluded
documents back."""
READ_VERSIONS = frozenset({1, FORMAT_VERSION})

MANIFEST = "manifest.json"
TENANT = "tenant.json"
LOGO = "logo.png"
COLLECTIONS = "collections.jsonl"
PEOPLE = "people.jsonl"
GROUPS = "groups.jsonl"
DOCUMENTS = "documents.jsonl"
QUESTION_SETS = "question_sets.jsonl"
CONVERSATIONS = "conversations.jsonl"
ORIGINALS = "originals/"
QUESTIONS = "question_sets/"
NEEDED = frozenset({TENANT, COLLECTIONS, PEOPLE, GROUPS, DOCUMENTS, QUESTION_SETS})
OPTIONAL = frozenset({LOGO, CONVERSATIONS})

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=1_000_000)]
Short = Annotated[str, Field(max_length=2000)]
Size = Annotated[int, Field(ge=0, le=1 << 50)]
Count = Annotated[int, Field(ge=0, le=(1 << 31) - 1)]


class Line(BaseModel):
    """A JSON object of the archive; fields that a newer program adds are passed over."""

    model_config = ConfigDict(frozen=True)


T = TypeVar("T", bound=Line)


class FileLine(Line):
    """A file of the archive."""

    path: Annotated[str, Field(max_length=4000)]
    size_bytes: Size
    sha256: Sha256


class Manifest(Line):
    """What the archive is, and all that has to be in it beside this file."""

    format: str
    format_version: int
    product_version: Short
    created_at: AwareDatetime
    tenant: Short
    """Name of the tenant, for people."""
    counts: dict[str, int]
    files: list[FileLine]


class CharterLine(Line):
    """The charter of a tenant."""

    version: Count
    text: Text


class TenantLine(Line):
    """A tenant: how it looks and what it allows. What stood above it is not told."""

    id: Id
    name: Short
    kind: TenantKind
    siren: Short
    sirets: list[Short]
    colour: Short
    time_zone: Short
    welcome: Text
    charter: CharterLine
    retention_days: Count | None
    quotas: dict[str, int | None]
    allowed_models: list[Short]


class CollectionLine(Line):
    """A collection and who reads it; other tenants are counted, never named."""

    id: Id
    name: Short
    label: Short
    audience: Audience
    groups: list[Id]
    shared_with: Count
    folder: Short
    """Of its originals, below `originals/`."""


class MemberLine(Line):
    """A person in a group."""

    person: Id
    provider: Short
    """The identity provider that named the group; empty when an administrator gave it."""


class GroupLine(Line):
    """A group and who is in it."""

    id: Id
    name: Short
    members: list[MemberLine]


class PersonLine(Line):
    """A person; no credential of it."""

    id: Id
    name: Short
    email: Short
    roles: list[Role]
    state: PersonState
    created_at: AwareDatetime
    charter_version: Count
    seen_at: AwareDatetime | None
    export_consent: bool


class ReasonLine(Line):
    """Why the last reading failed."""

    code: Short
    params: dict[str, str | int | float]


class VersionLine(Line):
    """A reading of a document."""

    id: Id
    state: VersionState
    sha256: Sha256
    title: Text
    format: FileFormat
    kind: DocumentKind
    date: date | None
    page_count: Count
    notices: list[Notice]
    created_at: AwareDatetime


class LinkLine(Line):
    """What the document of the line is to another one of its collection."""

    target: Id
    kind: LinkKind
    state: LinkState
    evidence: Text
    created_at: AwareDatetime
    decided_by: Short
    """A person of the archive; empty for nobody, or the owner of the machine."""
    decided_at: AwareDatetime | None


class CorrectionLine(Line):
    """What a person put right of a document; null where the reading holds."""

    title: Annotated[str, Field(min_length=1, max_length=TITLE_CHARS)] | None
    kind: DocumentKind | None
    date: date | None
    is_undated: bool
    by: Short
    """A person of the archive; empty for the owner of the machine."""
    at: AwareDatetime


class ExclusionLine(Line):
    """A document is kept, and read by nobody."""

    by: Short
    """A person of the archive; empty for the owner of the machine."""
    at: AwareDatetime


class DocumentLine(Line):
    """A document, its versions and its links."""

    id: Id
    collection: Id
    source: Short
    name: Short
    title: Text
    format: FileFormat | None
    kind: DocumentKind
    date: date | None
    page_count: Count
    notices: list[Notice]
    state: DocumentState
    reason: ReasonLine | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    original: FileLine | None
    """The content that is served; None when none is kept."""
    received: FileLine | None
    """A newer content that could not be read."""
    versions: list[VersionLine]
    act: dict[str, Any]
    """What its text says of itself: status, dates, references."""
    links: list[LinkLine]
    correction: CorrectionLine | None = None
    """What of title, kind and date is said by a person; None when all of it was read."""
    exclusion: ExclusionLine | None = None
    """None for what may be read."""


class QuestionSetLine(Line):
    """A question set, whose questions are in a file of their own."""

    id: Id
    name: Short
    revision: Short
    question_count: Count
    created_by: Short
    created_at: AwareDatetime
    file: Short


class CitationLine(Line):
    """A citation of an answer, for people to read."""

    marker: Count
    document: Id
    file: Text
    title: Text
    page: Count | None
    quote: Text


class EventLine(Line):
    """An event of an answer, as the product keeps it."""

    number: Count
    event: dict[str, Any]


class FeedbackLine(Line):
    """What the person said of an answer."""

    verdict: Verdict
    reasons: list[FeedbackReason]
    comment: Annotated[str, Field(max_length=COMMENT_CHARS)]
    is_shared: bool
    """True when its administrators may read the comment."""
    month: date
    """First day of the month that it counts in."""
    collections: list[Id]
    """Those that it counts in; "shared" for those of other tenants."""
    given_at: AwareDatetime


class AnswerLine(Line):
    """An answer as it was given."""

    id: Id
    question: Text
    status: AnswerStatus
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    withheld: bool
    """True when it rested on a document of another tenant: its text and sources are left out."""
    citations: list[CitationLine]
    events: list[EventLine]
    feedback: FeedbackLine | None = None
    """None when the person said nothing of it."""


class MessageLine(Line):
    """A message of a conversation."""

    id: Id
    author: Author
    text: Text
    created_at: AwareDatetime
    answer: AnswerLine | None


class InspectionLine(Line):
    """An auditor read the conversation."""

    id: Id
    reason: Short
    is_of_platform: bool
    made_at: AwareDatetime
    seen_at: AwareDatetime | None
    """When the person said to know."""


class ConversationLine(Line):
    """A conversation of a person who agreed to it."""

    id: Id
    person: Id
    title: Short
    created_at: AwareDatetime
    updated_at: AwareDatetime
    messages: list[MessageLine]
    inspections: list[InspectionLine] = []
    """Oldest first."""
