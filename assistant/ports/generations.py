"""Generations of the index: their rows, where their indexes stand, and the embedders they are made with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.generations import Composition, Generation, TenantChoice
from assistant.domain.ids import GenerationId, TenantId, VersionId
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.weighing import WordWeighing
from assistant.ports.cuts import VersionMark
from assistant.ports.index import ChunkIndex
from assistant.ports.models import Embedder


@dataclass(frozen=True, slots=True)
class Missing:
    """What an embedder has not embedded of the versions that an index has to hold."""

    versions: tuple[VersionId, ...]
    """Versions some of whose texts have no vector, oldest first."""
    texts: int
    """Texts without a vector, equal ones once."""


class GenerationRepository(Protocol):
    """All generations of the instance; of no tenant, for the platform and the machinery."""

    def next_number(self) -> int:
        """The number of the next generation."""
        ...

    def add(self, generation: Generation) -> None:
        """Keep a new generation as it is.

        Raises:
            Conflict: Its number or its place is taken, or it is active beside another one.
        """
        ...

    def find(self, generation_id: GenerationId) -> Generation | None:
        """A generation."""
        ...

    def list_all(self) -> list[Generation]:
        """All of them, newest first."""
        ...

    def list_kept(self) -> list[Generation]:
        """Those whose index is not erased, oldest first."""
        ...

    def active(self) -> Generation | None:
        """The one that is searched by tenants without a choice; None before the first start."""
        ...

    def update(self, generation: Generation) -> None:
        """Replace the mutable fields.

        Raises:
            Conflict: The change of state is not legal ("generation_move_illegal"), or some tenants
                search it and could no longer ("generation_searched").
            NotFound: It is unknown.
        """
        ...

    def switch(self, generation: Generation, *, now: datetime) -> None:
        """Make a whole generation the active one, of all tenants, in this transaction.

        The one that was active becomes the previous one; the previous one before it is removed. No
        tenant has a choice of its own afterwards.

        Raises:
            Conflict: It may not become active ("generation_move_illegal").
        """
        ...

    def choices(self) -> list[TenantChoice]:
        """The tenants that search another one than the active one, by tenant."""
        ...

    def choose(self, choice: TenantChoice) -> None:
        """Let a tenant search a generation, instead of what it searched.

        Raises:
            Conflict: The generation is not one that some may search ("generation_move_illegal").
            NotFound: Generation or tenant are unknown.
        """
        ...

    def give_back(self, tenant_ids: Collection[TenantId] | None) -> None:
        """Let tenants search the active one, all of them for None; no error for those that do."""
        ...

    def lease(
        self, generation_id: GenerationId, *, owner: str, now: datetime, until: datetime
    ) -> bool:
        """Take or renew the right to work on a generation; False while another owner has it."""
        ...

    def missing(
        self, embedder_id: str, cut: Cut = ORDINARY, *, since: VersionMark | None = None
    ) -> Missing:
        """What of the READY and LIVE versions an embedder has not embedded, of their chunks of a cut.

        Args:
            embedder_id: Whose vectors.
            cut: Of which chunks.
            since: As in `CutRepository.uncut`.
        """
        ...

    def count_chunks(self, cut: Cut = ORDINARY) -> int:
        """Chunks of all LIVE versions under a cut."""
        ...

    def forget_vectors(
        self, embedder_id: str, *, after: str, limit: int, but: Collection[Cut] = ()
    ) -> str:
        """Delete vectors of an embedder, in order of hash, but those of chunks of some cuts.

        Args:
            embedder_id: Whose.
            after: Look beyond this hash.
            limit: How many vectors to look at, those of other embedders included.
            but: These cuts are still searched by it.

        Returns:
            The last hash looked at, empty when all are done.
        """
        ...


class IndexPlaces(Protocol):
    """Where the indexes of generations stand: folders of the machine, or collections of a server."""

    def composition(
        self,
        embedder: EmbedderIdentity,
        *,
        words: WordWeighing | None = None,
        cut: Cut = ORDINARY,
    ) -> Composition:
        """What an index of this embedder is made of when it is made now.

        Args:
            embedder: Whose vectors it is to hold.
            words: How its words are weighed; None for the program's own way.
            cut: How its documents are cut.
        """
        ...

    def name(self, number: int, *, embedder: EmbedderIdentity) -> str:
        """The place of a new generation, unlike that of any other."""
        ...

    def open(self, generation: Generation) -> ChunkIndex:
        """Its index, made when absent. Raises as the engine does."""
        ...

    def erase(self, place: str) -> None:
        """Delete an index that nobody has open; no error when there is none."""
        ...

    def size_bytes(self, place: str) -> int | None:
        """Disk that an index takes; None when it is on a server."""
        ...

    def free_bytes(self) -> int | None:
        """Free disk for indexes; None when they are on a server."""
        ...


class EmbedderShelf(Protocol):
    """The embedders that the settings name, each made once, when first used. Safe from several threads."""

    def names(self) -> Sequence[str]:
        """Names, the one of `[embeddings]` first, which is empty."""
        ...

    def get(self, name: str) -> Embedder:
        """An embedder.

        Raises:
            ConfigurationError: The settings name none of that name ("embedder_not_configured").
        """
        ...

    def find(self, identity: EmbedderIdentity) -> Embedder | None:
        """The embedder of a vector space; None when the settings name none."""
        ...

    def batch_size(self, name: str) -> int:
        """Texts that it is best given at a time."""
        ...

    def close(self) -> None:
        """Release what was made; idempotent."""
        ...
