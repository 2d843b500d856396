"""Models: text to vectors, and messages to text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from assistant.domain.answers import TokenUsage
from assistant.domain.retrieval import EmbedderIdentity, Vector


class Embedder(Protocol):
    """Turns texts into unit vectors of one space. Blocking and safe to call from several threads."""

    @property
    def identity(self) -> EmbedderIdentity:
        """The vector space."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text, in order; of any number of texts.

        Raises:
            EmbedderUnavailable: The model cannot be reached or sends something unusable.
        """
        ...

    def embed_query(self, text: str) -> Vector:
        """The vector of a question, in the same space as passages.

        Raises:
            EmbedderUnavailable: As above.
        """
        ...

    def close(self) -> None:
        """Release connections and threads; idempotent. The embedder is not used afterwards."""
        ...


class Reranker(Protocol):
    """Judges texts against a query, each by itself. Blocking and safe to call from several threads."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each of any number of texts answers a query: one finite number each, in order.

        Comparable within a call only.

        Raises:
            RerankerUnavailable: The model cannot be reached in time or sends something unusable.
        """
        ...

    def close(self) -> None:
        """Release connections; idempotent. The reranker is not used afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ChatText:
    """More text from the model."""

    text: str


@dataclass(frozen=True, slots=True)
class ChatEnd:
    """The normal end of a stream."""

    usage: TokenUsage
    is_cut: bool
    """True when the token cap ended it."""


class ChatModel(Protocol):
    """A chat model behind an endpoint."""

    @property
    def name(self) -> str:
        """Model name as configured, shown with each answer."""
        ...

    def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int
    ) -> AsyncIterator[ChatText | ChatEnd]:
        """Stream one reply: texts, then exactly one `ChatEnd`. Closing the iterator closes upstream.

        Raises:
            ModelUnavailable: Unreachable, 401/403 ("model_unauthorized"), unknown model
                ("model_unknown"), context too long ("model_context_too_long"), 5xx.
            ModelBusy: 429; `retry_after_s` as the server says.
            ModelMisbehaved: No token within the stall time ("model_stalled"), malformed stream
                ("model_malformed"), empty reply ("model_empty").
        """
        ...

    async def is_reachable(self) -> bool:
        """True when the endpoint answers within a few seconds; never raises."""
        ...

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        ...
