"""An embedder made of word hashes: deterministic, instant, and near for texts that share words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b
from math import sqrt

from assistant.domain.retrieval import EmbedderIdentity, Vector

_WORD = re.compile(r"\w+")


class HashEmbedder:
    """An `Embedder` that gives each word a fixed direction and a text the sum of its words."""

    def __init__(self, *, dimensions: int = 32) -> None:
        self._identity = EmbedderIdentity(f"hash-{dimensions}", dimensions)

    @property
    def identity(self) -> EmbedderIdentity:
        """The vector space, one for each number of dimensions."""
        return self._identity

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """One unit vector per text, in order."""
        return [self._embed(text) for text in texts]

    def embed_query(self, text: str) -> Vector:
        """The same vector as that of a passage of this text."""
        return self._embed(text)

    def close(self) -> None:
        """Nothing to release."""

    def _embed(self, text: str) -> list[float]:
        size = self._identity.dimensions
        total = [0.0] * size
        for word in _WORD.findall(_folded(text)) or [""]:
            for place, sign in _directions(word, size=size):
                total[place] += sign
        length = sqrt(sum(value * value for value in total))
        return [value / length for value in total] if length else [1.0] + [0.0] * (size - 1)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _directions(word: str, *, size: int) -> list[tuple[int, float]]:
    digest = blake2b(word.encode("utf-8", "replace"), digest_size=16).digest()
    return [
        (int.from_bytes(digest[i : i + 3], "big") % size, 1.0 if digest[i + 3] % 2 else -1.0)
        for i in range(0, len(digest), 4)
    ]
