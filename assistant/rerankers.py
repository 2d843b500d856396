"""Turns the settings of the reranker into its adapter, for `bootstrap`."""

from __future__ import annotations

from contextlib import ExitStack

from assistant.answering.retriever import Reranking
from assistant.ports.models import Reranker
from assistant.settings import Settings


def build_reranker(settings: Settings) -> Reranker | None:
    """The reranker of the settings, None when they name none."""
    chosen = settings.reranker
    if not chosen.url:
        return None
    from assistant.adapters.reranker.endpoint import EndpointReranker

    return EndpointReranker(
        url=chosen.url,
        protocol=chosen.protocol,
        model=chosen.name,
        api_key=chosen.api_key.get_secret_value(),
        batch_size=chosen.batch_size,
        timeout_s=chosen.timeout_s,
    )


def reranking_of(settings: Settings, *, stack: ExitStack) -> Reranking | None:
    """What the retriever does with the reranker of the settings, closed with the stack."""
    reranker = build_reranker(settings)
    if reranker is None:
        return None
    stack.callback(reranker.close)
    return Reranking(reranker, candidates=settings.reranker.candidates)
