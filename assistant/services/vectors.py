"""Vectors of texts: found when known, embedded in batches when not, each batch kept at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

import structlog

from assistant.domain.errors import EmbedderUnavailable
from assistant.domain.retrieval import EmbedderIdentity, Vector
from assistant.ports.models import Embedder
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.aside import Aside

_log = structlog.get_logger(__name__)

RETRY_DELAYS_S = (1.0, 2.0)
"""Waits before another try of an embedder that may come back; longer ones are seen as waits of files."""


def _nobody() -> None:
    return


class VectorFiller:
    """Finds or computes vectors of one embedder. Used from one thread."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        embedder: Embedder,
        *,
        batch_size: int,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> None:
        self._open_work = open_work
        self._embedder = embedder
        self._batch_size = batch_size
        self._delays_s = tuple(retry_delays_s)
        self._aside = Aside()
        self._is_known_down = False
        self.busy_s = 0.0
        """Seconds spent inside the embedder since the start."""
        self.embedded = 0
        """Texts embedded since the start."""

    @property
    def identity(self) -> EmbedderIdentity:
        """The vector space of its vectors."""
        return self._embedder.identity

    def vectors_of(
        self,
        texts: Mapping[str, str],
        *,
        between: Callable[[float], None],
        beside: Mapping[str, str] = MappingProxyType({}),
        watch: Callable[[], None] = _nobody,
    ) -> dict[str, Vector]:
        """The vector of each text, by its hash.

        Args:
            texts: Embedded texts by hash.
            beside: Texts wanted soon, which fill the last batch: a batch of one keeps one core idle.
            between: Called before each batch with 0, and before a retry with the seconds to
                wait, during which it sleeps; raises to give up.
            watch: Called every half second while the embedder is at work; raises to leave it.

        Raises:
            EmbedderUnavailable: Still failing after its retries. Batches done so far are kept.
        """
        with self._open_work() as work:
            known = work.vectors.find([*texts, *beside], embedder_id=self._embedder.identity.id)
        vectors = {digest: known[digest] for digest in texts if digest in known}
        wanted = {**beside, **texts}
        missing = [digest for digest in texts if digest not in known]
        if missing:
            spare = -len(missing) % self._batch_size
            later = (digest for digest in beside if digest not in known and digest not in texts)
            missing += islice(later, spare)
        for start in range(0, len(missing), self._batch_size):
            batch = missing[start : start + self._batch_size]
            between(0)
            new = self._embed([wanted[digest] for digest in batch], between=between, watch=watch)
            kept = dict(zip(batch, new, strict=True))
            with self._open_work() as work:
                work.vectors.add(kept, embedder=self._embedder.identity)
                work.commit()
            vectors.update(kept)
        return {digest: vectors[digest] for digest in texts}

    def _embed(
        self,
        texts: Sequence[str],
        *,
        between: Callable[[float], None],
        watch: Callable[[], None],
    ) -> list[Vector]:
        delays_s = () if self._is_known_down else self._delays_s
        for delay_s in (*delays_s, None):
            try:
                vectors = self._timed(texts, watch=watch)
            except EmbedderUnavailable as error:
                if delay_s is None or not error.transient:
                    self._is_known_down = True
                    raise
                _log.warning("embedder_retry", code=error.code, delay_s=delay_s)
                between(max(delay_s, error.retry_after_s or 0.0))
            else:
                self._is_known_down = False
                return vectors
        raise AssertionError

    def _timed(self, texts: Sequence[str], *, watch: Callable[[], None]) -> list[Vector]:
        begun = time.perf_counter()
        try:
            vectors = self._aside.run(lambda: self._embedder.embed_passages(texts), watch=watch)
        finally:
            self.busy_s += time.perf_counter() - begun
        self.embedded += len(texts)
        return vectors
