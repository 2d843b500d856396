"""Everything that can go wrong, as one tree. Raised, never returned.

AssistantError
├── NotFound              unknown, or not readable by this principal: the two look the same
├── Unauthenticated       no session, or an expired one
├── Forbidden             signed in, but the role does not allow the act
│   └── CharterRequired   the charter of the tenant has to be accepted first; it carries the text
├── Conflict              the state of the thing does not allow the act
├── QuotaExceeded         a bound of the tenant or person is reached; it says when it opens again
├── InvalidInput          the request cannot be understood or is out of bounds
│   └── LinesRefused      a list has faulty lines; it names each
├── ConfigurationError    the settings or the data folder do not allow to start
├── StorageError          disk full, unreadable or locked files
├── IngestionError        a file cannot become a document
└── UpstreamError         something we depend on failed; `transient` says if a retry may help
    ├── ModelUnavailable
    ├── ModelBusy
    ├── ModelMisbehaved
    ├── EmbedderUnavailable
    ├── ScannerUnavailable
    ├── IdentityProviderUnavailable
    └── IndexUnavailable
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from assistant.domain.catalogue import sentence
from ingest.errors import IngestError


class AssistantError(Exception):
    """Root of the tree.

    Attributes:
        code: Stable identifier, the key of the French sentence and of the API's status table.
        params: Values that complete the sentence.
    """

    default_code: ClassVar[str] = "internal_error"

    def __init__(self, code: str | None = None, **params: str | int | float) -> None:
        self.code = code or self.default_code
        self.params = params
        super().__init__(self.code)

    @property
    def sentence(self) -> str:
        """What happened and what to do, in French."""
        return sentence(self.code, **self.params)

    def __str__(self) -> str:
        return self.sentence


class NotFound(AssistantError):
    """Unknown, or not readable by this principal."""

    default_code = "not_found"


class Unauthenticated(AssistantError):
    """No session, or an expired one."""

    default_code = "unauthenticated"


class Forbidden(AssistantError):
    """Signed in, but the role does not allow the act."""

    default_code = "forbidden"


class CharterRequired(Forbidden):
    """The person has to accept the charter of its tenant before anything else.

    Attributes:
        version: The one to accept.
        text: What it says.
    """

    default_code = "charter_required"

    def __init__(self, *, version: int, text: str) -> None:
        super().__init__(version=version)
        self.version = version
        self.text = text


class Conflict(AssistantError):
    """The state of the thing does not allow the act."""

    default_code = "conflict"


class QuotaExceeded(AssistantError):
    """A bound of a tenant or of one of its people is reached; nothing was counted nor kept.

    Attributes:
        retry_after_s: When to come back, in seconds; None when time alone changes nothing.
    """

    default_code = "quota_exceeded"

    def __init__(
        self, code: str, *, retry_after_s: float | None = None, **params: str | int | float
    ) -> None:
        super().__init__(code, **params)
        self.retry_after_s = retry_after_s


class InvalidInput(AssistantError):
    """The request cannot be understood or is out of bounds."""

    default_code = "invalid_input"


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with a line of a list."""

    line: int
    """From 1, as the program it was written with shows it."""
    code: str
    params: Mapping[str, str | int]

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, in French, without the number of the line."""
        return sentence(self.code, **self.params)


class LinesRefused(InvalidInput):
    """A list has faulty lines, and nothing of it was kept.

    Attributes:
        faults: The first 100 of them, by line.
    """

    MOST: ClassVar[int] = 100

    def __init__(self, code: str, *, faults: Sequence[LineFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line)[: self.MOST])
        first = self.faults[0]
        super().__init__(code, count=len(faults), line=first.line, fault=first.sentence)


class ConfigurationError(AssistantError):
    """The settings or the data folder do not allow to start."""

    default_code = "configuration_error"


class StorageError(AssistantError):
    """Disk full, unreadable or locked files."""

    default_code = "storage_error"


class IngestionError(AssistantError):
    """A file cannot become a document."""

    default_code = "parse_failed"

    @classmethod
    def of(cls, error: IngestError) -> IngestionError:
        """The same reason, in this tree."""
        return cls(error.code, **error.params)


class UpstreamError(AssistantError):
    """Something we depend on failed.

    Attributes:
        transient: True when the same request may succeed later.
        retry_after_s: Seconds the upstream asks to wait, None when it did not say.
    """

    default_code = "upstream_error"

    def __init__(
        self,
        code: str | None = None,
        *,
        transient: bool = True,
        retry_after_s: float | None = None,
        **params: str | int | float,
    ) -> None:
        super().__init__(code, **params)
        self.transient = transient
        self.retry_after_s = retry_after_s


class RerankerUnavailable(UpstreamError):
    """The reranking model cannot be used."""

    default_code = "reranker_unavailable"


class ModelUnavailable(UpstreamError):
    """The chat model cannot be reached, refuses our key, or does not exist."""

    default_code = "model_unavailable"


class ModelBusy(UpstreamError):
    """The chat model asks to come back later."""

    default_code = "model_busy"


class ModelMisbehaved(UpstreamError):
    """The chat model stalled, sent a malformed stream, or sent nothing."""

    default_code = "model_misbehaved"


class EmbedderUnavailable(UpstreamError):
    """Vectors cannot be computed."""

    default_code = "embedder_unavailable"


class ScannerUnavailable(UpstreamError):
    """The virus scanner tells nothing of a file."""

    default_code = "scanner_unavailable"


class IdentityProviderUnavailable(UpstreamError):
    """An identity provider does not answer, or cannot be spoken to."""

    default_code = "provider_unavailable"


class IndexUnavailable(UpstreamError):
    """The chunk index cannot be read or written."""

    default_code = "index_unavailable"
