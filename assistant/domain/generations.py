"""Generations of the chunk index: what each is made of, its life, and what building it will cost.

A generation is a whole index beside the others. One is active: it is searched by every tenant that no
choice gives another one; the last one before it is kept, whole and fed, to go back to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.documents import Reason
from assistant.domain.ids import GenerationId, PersonId, TenantId
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.trials import Trial
from assistant.domain.weighing import WordWeighing


class GenerationState(StrEnum):
    """Life of a generation."""

    PLANNED = "planned"
    BUILDING = "building"
    """The worker computes the vectors that are missing, then fills the index."""
    BUILT = "built"
    """Its index is whole, and follows every change from here on."""
    EVALUATED = "evaluated"
    ACTIVE = "active"
    """The one that is searched, but by tenants with a choice of their own."""
    PREVIOUS = "previous"
    """The one that was active before, which still follows every change."""
    REMOVED = "removed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_MOVES: Mapping[GenerationState, frozenset[GenerationState]] = {
    GenerationState.PLANNED: frozenset({GenerationState.BUILDING, GenerationState.CANCELLED}),
    GenerationState.BUILDING: frozenset(
        {GenerationState.BUILT, GenerationState.FAILED, GenerationState.CANCELLED}
    ),
    GenerationState.BUILT: frozenset(
        {GenerationState.EVALUATED, GenerationState.FAILED, GenerationState.REMOVED}
    ),
    GenerationState.EVALUATED: frozenset(
        {GenerationState.ACTIVE, GenerationState.FAILED, GenerationState.REMOVED}
    ),
    GenerationState.ACTIVE: frozenset({GenerationState.PREVIOUS}),
    GenerationState.PREVIOUS: frozenset(
        {GenerationState.ACTIVE, GenerationState.FAILED, GenerationState.REMOVED}
    ),
    GenerationState.FAILED: frozenset({GenerationState.BUILDING, GenerationState.REMOVED}),
    GenerationState.CANCELLED: frozenset({GenerationState.BUILDING, GenerationState.REMOVED}),
    GenerationState.REMOVED: frozenset(),
}

WHOLE = frozenset(
    {
        GenerationState.BUILT,
        GenerationState.EVALUATED,
        GenerationState.ACTIVE,
        GenerationState.PREVIOUS,
    }
)
"""Generations that are fed: each holds all that is live."""
UNFINISHED = frozenset(
    {
        GenerationState.PLANNED,
        GenerationState.BUILDING,
        GenerationState.BUILT,
        GenerationState.EVALUATED,
    }
)
"""Generations that may still be switched to; there is one of them at most."""
TRIED = frozenset({GenerationState.BUILT, GenerationState.EVALUATED})
"""Generations that may be evaluated."""
CHOSEN = frozenset({GenerationState.EVALUATED, GenerationState.PREVIOUS})
"""Generations that some tenants may search while the others search the active one."""
WITHOUT_INDEX = frozenset({GenerationState.REMOVED, GenerationState.CANCELLED})
"""Generations whose index is to be deleted."""


def may_become(state: GenerationState, following: GenerationState) -> bool:
    """True when a generation may go from one state to the other."""
    return following in _MOVES[state]


@dataclass(frozen=True, slots=True)
class Composition:
    """What an index is made of: two generations of the same composition rank alike."""

    embedder: EmbedderIdentity
    chunker: str
    """Version of the parsers and of the chunker at the time."""
    words: WordWeighing
    """How words are weighed."""
    layout: int
    """Number of what a point holds."""
    cut: Cut = ORDINARY
    """How documents are cut into passages."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What building a generation will take, told before it begins."""

    chunks: int
    """Points that its index will hold."""
    texts: int
    """Texts to embed: those of the chunks whose vector is not kept yet, equal ones once."""
    index_bytes: int
    """Disk of the index."""
    vector_bytes: int
    """Disk of the new vectors, in the database."""
    free_bytes: int | None
    """Free disk where the index goes; None when it is on a server."""
    texts_per_s: float | None
    """Measured rate of the embedder on texts of this corpus; None when there is nothing to embed."""
    to_cut: int = 0
    """Documents to read again and cut anew; chunks and texts are estimated then."""

    @property
    def embedding_s(self) -> float:
        """Time of the vectors; 0 without any to compute."""
        return self.texts / self.texts_per_s if self.texts_per_s else 0.0

    @property
    def fits(self) -> bool:
        """True when the disk has room for twice as much as foreseen."""
        wanted = 2 * (self.index_bytes + self.vector_bytes)
        return self.free_bytes is None or wanted <= self.free_bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the building of a generation is."""

    texts_done: int = 0
    """Vectors computed, of `Forecast.texts`."""
    chunks_done: int = 0
    """Points put into the index, of `Forecast.chunks`."""
    begun_at: datetime | None = None
    """When the worker began with the vectors; None before."""
    is_embedded: bool = False
    """Every vector is there: what is left is to fill the index."""
    cut_done: int = 0
    """Documents cut anew, of `Forecast.to_cut`."""
    kept_as_cut: int = 0
    """Those of them whose passages were taken over as they are: they could not be read anew."""


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """A tenant that searches another generation than the active one."""

    tenant_id: TenantId
    generation_id: GenerationId
    since: datetime
    overruled: str = ""
    """Why a person chose it although its evaluation did not allow it, in that person's words."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One index, or the plan of one."""

    id: GenerationId
    number: int
    """From 1, in order of their plans."""
    embedder_name: str
    """As the settings call it; empty for the one of `[embeddings]`."""
    composition: Composition
    place: str
    """Name of its folder, or of its collection on a server."""
    state: GenerationState
    created_by: PersonId
    created_at: datetime
    forecast: Forecast | None = None
    """None for the first one, which nobody planned."""
    progress: Progress = Progress()
    built_at: datetime | None = None
    switched_at: datetime | None = None
    """When it last became the one searched."""
    is_trial_wanted: bool = False
    """An evaluation was asked for and has not ended."""
    trial: Trial | None = None
    """Its last evaluation."""
    overruled: str = ""
    """Why a person switched to it although its evaluation did not allow it, in that person's words."""
    reason: Reason | None = None
    """Why it failed, or what holds its building or its evaluation up."""
    is_erased: bool = False
    """Its index has been deleted."""

    @property
    def is_whole(self) -> bool:
        """True while its index is fed."""
        return self.state in WHOLE

    @property
    def awaits_trial(self) -> bool:
        """True while an evaluation is wanted or under way, and may still end."""
        return self.is_trial_wanted and self.state in TRIED
