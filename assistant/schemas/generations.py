"""Generations of the index, for the platform's administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from assistant.schemas.wire import Wire

GenerationStateName = Literal[
    "planned",
    "building",
    "built",
    "evaluated",
    "active",
    "previous",
    "removed",
    "failed",
    "cancelled",
]
TrialVerdictName = Literal["passed", "failed", "unsure", "no_questions", "unmeasured"]


class EmbedderOut(Wire):
    """An embedding model of the settings."""

    name: str
    """Empty for the one of `[embeddings]`."""
    id: str
    """The vector space."""
    dimensions: int
    is_active: bool


class ForecastOut(Wire):
    """What building takes, told before it begins."""

    chunks: int
    texts: int
    """To be embedded; the other vectors are there."""
    index_bytes: int
    vector_bytes: int
    free_bytes: int | None
    embedding_s: float
    fits: bool
    to_cut: int
    """Documents to read again and cut anew; chunks and texts are estimated then."""


class MeasureChangeOut(Wire):
    """A measure on the searched generation and on the new one, over the same questions."""

    measure: str
    before: float
    after: float
    low: float
    high: float
    is_lost: bool
    is_unsure: bool


class SetTrialOut(Wire):
    """One question set of one tenant: figures only."""

    set_id: str
    tenant_id: str
    questions: int
    verdict: TrialVerdictName
    changes: list[MeasureChangeOut]


class TrialOut(Wire):
    """The report of an evaluation."""

    against: int
    asked: int
    total: int
    is_ended: bool
    verdict: TrialVerdictName | None
    """None until it has ended."""
    allows_switch: bool
    sets: list[SetTrialOut]


class WordsOut(Wire):
    """How the words of an index are weighed: the parameters of BM25."""

    k1: float
    b: float
    length: int
    """Terms of an average passage."""


class SearchingTenantOut(Wire):
    """A tenant that searches another generation than the active one."""

    id: str
    name: str
    since: datetime
    overruled: str
    """Why it was chosen although its evaluation did not allow it."""


class GenerationOut(Wire):
    """A generation as it stands now."""

    id: str
    number: int
    embedder: EmbedderOut
    words: WordsOut
    chunk_tokens: int | None
    """Length of passages; None for that of the settings when each document was read."""
    state: GenerationStateName
    created_at: datetime
    built_at: datetime | None
    switched_at: datetime | None
    forecast: ForecastOut | None
    cut_done: int
    kept_as_cut: int
    """Of them, documents whose passages were taken over as they are: they cannot be read anew."""
    texts_done: int
    chunks_done: int
    left_s: float | None
    """Estimated time left of the vectors; None while unknown or at another stage."""
    is_behind: bool
    """It is catching up with documents that changed."""
    is_trial_wanted: bool
    trial: TrialOut | None
    overruled: str
    tenants: list[SearchingTenantOut] = Field(default_factory=list[SearchingTenantOut])
    """Who searches it while the others search the active one; empty for the active one itself."""
    detail: str | None
    """Why it failed, or what holds it back, in French."""


class GenerationsOut(Wire):
    """All generations, newest first, and the models that may be chosen."""

    generations: list[GenerationOut]
    embedders: list[EmbedderOut]


class GenerationIn(Wire):
    """The generation to plan."""

    embedder: str = Field(default="", max_length=64)
    """Name of a model of the settings; empty for the one of `[embeddings]`."""
    bm25_k1: float | None = None
    """How much a repeated word counts, in [0, 5]; None as in the searched generation."""
    bm25_b: float | None = None
    """How much a long text is held against its words, in [0, 1]; None likewise."""
    bm25_length: int | None = None
    """Terms of an average passage, in [10, 2000]; None likewise."""
    chunk_tokens: int | None = None
    """Length of passages, in [64, 480]; None likewise."""


Id = Annotated[str, Field(max_length=64)]
TenantIds = Annotated[list[Id], Field(min_length=1, max_length=1000)]


class SwitchIn(Wire):
    """A switch."""

    reason: str = Field(default="", max_length=2000)
    """Why, when the evaluation does not allow it by itself."""
    tenants: TenantIds | None = None
    """Ids of those that search it from now on, the others as before; without, all of them do."""


class RollbackIn(Wire):
    """A way back."""

    tenants: TenantIds | None = None
    """Ids of those that go back, the others as before; without, all of them do."""
    from_id: Id | None = None
    """Id of the generation that they search until then; refused when they search another one."""
    to_id: Id | None = None
    """Id of the generation that they are to search; refused when the way back leads elsewhere.

    Without, a way back that is asked for twice leads there and back again.
    """
