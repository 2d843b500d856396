"""Passages without an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from assistant.domain.documents import SourceChunk
from assistant.domain.errors import InvalidInput
from assistant.domain.retrieval import Hit, Retrieval
from assistant.domain.tenancy import Scope
from ingest.cleaning import seen_text


class PassageRetriever(Protocol):
    """What finds passages; `answering.retriever.Retriever` in the product."""

    def retrieve(self, text: str, *, scope: Scope, limit: int) -> Retrieval:
        """The best passages of the scope for a text. Blocking."""
        ...


def _tell_nobody(chunks: Iterable[SourceChunk]) -> None:
    del chunks


class SearchService:
    """Searches within a scope."""

    def __init__(
        self,
        retriever: PassageRetriever,
        *,
        question_chars: int = 4000,
        tell_found: Callable[[Iterable[SourceChunk]], None] = _tell_nobody,
    ) -> None:
        """Prepare.

        Args:
            retriever: Finds passages.
            question_chars: Greatest length of a text.
            tell_found: Told of the passages of each search, to count their documents.
        """
        self._retriever = retriever
        self._question_chars = question_chars
        self._tell_found = tell_found

    def search(self, text: str, *, limit: int, scope: Scope) -> list[Hit]:
        """The best passages for a text, best first. Blocking: call it in a thread.

        Raises:
            InvalidInput: The text is empty ("question_empty") or too long ("question_too_long").
            UpstreamError: The index or the embedder fails.
        """
        asked = checked_question(text, limit=self._question_chars)
        hits = list(self._retriever.retrieve(asked, scope=scope, limit=limit).hits)
        self._tell_found(hit.chunk for hit in hits)
        return hits


def checked_question(text: str, *, limit: int) -> str:
    """The text without surrounding space and without signs that nobody sees: what was pasted may hide words.

    Raises:
        InvalidInput: It is empty ("question_empty") or longer than `limit` characters
            ("question_too_long").
    """
    stripped = seen_text(text).strip()
    if not stripped:
        raise InvalidInput("question_empty")
    if len(stripped) > limit:
        raise InvalidInput("question_too_long", characters=len(stripped), limit=limit)
    return stripped
