"""The vectors of a reading by every embedder that an index in use or under way is fed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from assistant.domain.errors import UpstreamError
from assistant.domain.retrieval import EmbedderIdentity, Vector
from assistant.ports.models import Embedder
from assistant.services.fed_embedders import Roster
from assistant.services.vectors import VectorFiller


class Fillers:
    """One `VectorFiller` for each embedder of a roster. Used from one thread."""

    def __init__(self, roster: Roster, new_filler: Callable[[Embedder], VectorFiller]) -> None:
        self._roster = roster
        self._new_filler = new_filler
        self._fillers: dict[EmbedderIdentity, VectorFiller] = {}

    @property
    def busy_s(self) -> float:
        """Seconds spent inside the embedders since the start."""
        return sum(filler.busy_s for filler in self._fillers.values())

    def vectors_of(
        self,
        texts: Mapping[str, str],
        *,
        between: Callable[[float], None],
        beside: Mapping[str, str],
        watch: Callable[[], None],
    ) -> dict[EmbedderIdentity, Mapping[str, Vector]]:
        """The vectors of texts by embedder; see `VectorFiller.vectors_of`.

        Those of the embedders that are searched are always there; another one that fails is left out:
        its generation lags, and is told so.

        Raises:
            EmbedderUnavailable: That of a generation that is searched fails.
        """
        fed = self._roster()
        first, *searched = map(self._filler_of, fed.searched)
        vectors: dict[EmbedderIdentity, Mapping[str, Vector]] = {
            first.identity: first.vectors_of(texts, between=between, beside=beside, watch=watch)
        }
        for filler in searched:
            vectors[filler.identity] = filler.vectors_of(texts, between=between, watch=watch)
        for filler in map(self._filler_of, fed.others):
            with suppress(UpstreamError):
                vectors[filler.identity] = filler.vectors_of(texts, between=between, watch=watch)
        return vectors

    def _filler_of(self, embedder: Embedder) -> VectorFiller:
        if embedder.identity not in self._fillers:
            self._fillers[embedder.identity] = self._new_filler(embedder)
        return self._fillers[embedder.identity]
