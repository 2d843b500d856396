"""What every `Embedder` promises. Inherit `EmbedderContract` and give its `embedder` fixture."""
# ruff: noqa: S101 - a test suite that ships with the product

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import sqrt

import pytest

from assistant.domain.retrieval import Vector
from assistant.ports.models import Embedder


def cosine(one: Vector, other: Vector) -> float:
    """Cosine of two unit vectors."""
    return sum(a * b for a, b in zip(one, other, strict=True))


class EmbedderContract:
    """Behaviour common to all implementations."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        """The embedder judged."""
        raise NotImplementedError

    def test_identity_is_stable_and_named(self, embedder: Embedder) -> None:
        """The same at each reading, with dimensions."""
        assert embedder.identity == embedder.identity
        assert embedder.identity.id
        assert embedder.identity.dimensions > 0

    @pytest.mark.parametrize("text", ["eau potable", "", "  ", "a\0b", "é" * 600, "\ud800 seul"])
    def test_every_text_has_a_unit_vector_of_the_stated_length(
        self, embedder: Embedder, text: str
    ) -> None:
        """Whatever the text holds, as a passage and as a query."""
        for vector in (embedder.embed_query(text), embedder.embed_passages([text])[0]):
            assert len(vector) == embedder.identity.dimensions
            assert sqrt(sum(value * value for value in vector)) == pytest.approx(1, abs=1e-3)

    def test_passages_come_in_order_and_do_not_depend_on_their_company(
        self, embedder: Embedder
    ) -> None:
        """Alone or among others, a text has the same vector."""
        texts = [f"article {number} du règlement" for number in range(7)]
        together = embedder.embed_passages(texts)
        for text, vector in zip(texts, together, strict=True):
            assert vector == pytest.approx(embedder.embed_passages([text])[0], abs=1e-3)

    def test_no_passage_gives_no_vector(self, embedder: Embedder) -> None:
        """An empty batch is no error."""
        assert embedder.embed_passages([]) == []

    def test_text_after_a_nul_character_counts(self, embedder: Embedder) -> None:
        """Nothing cuts a text short."""
        cut, whole = embedder.embed_passages(["eau", "eau\0forêt domaniale et sentiers"])
        assert cosine(cut, whole) < 0.999

    def test_similar_texts_are_nearer_than_others(self, embedder: Embedder) -> None:
        """A question is nearest to the passage that shares its subject."""
        near, far = embedder.embed_passages(
            ["aide à la rénovation des lycées", "horaires des trains de nuit"]
        )
        query = embedder.embed_query("rénovation des lycées")
        assert cosine(query, near) > cosine(query, far)

    def test_it_may_be_closed_twice_used_or_not(self, embedder: Embedder) -> None:
        """Closing releases what was taken and complains about nothing."""
        embedder.embed_passages(["eau"])
        embedder.close()
        embedder.close()

    def test_threads_may_embed_at_once(self, embedder: Embedder) -> None:
        """Each gets the vector of its own text."""
        texts = [f"texte {number}" for number in range(6)]
        with ThreadPoolExecutor(3) as pool:
            vectors = list(pool.map(embedder.embed_query, texts))
        for text, vector in zip(texts, vectors, strict=True):
            assert vector == pytest.approx(embedder.embed_query(text), abs=1e-3)
