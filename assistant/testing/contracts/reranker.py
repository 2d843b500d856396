"""What every `Reranker` promises. Inherit `RerankerContract` and give its two fixtures."""

# ruff: noqa: S101, D102 - tests, named by what they promise

from __future__ import annotations

from math import isfinite

import pytest

from assistant.domain.errors import RerankerUnavailable
from assistant.ports.models import Reranker

QUERY = "plafond de l'aide aux communes"
TEXTS = [
    "Le budget est voté en décembre.",
    "Le plafond de l'aide aux communes est de 20 000 €.",
    "Les communes déposent leur demande en ligne.",
]


class RerankerContract:
    """Inherit, and override `reranker` and `broken`."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """One that works."""
        raise NotImplementedError

    @pytest.fixture
    def broken(self) -> Reranker:
        """One whose model cannot be reached."""
        raise NotImplementedError

    def test_each_text_has_a_finite_score_and_the_nearest_the_greatest(
        self, reranker: Reranker
    ) -> None:
        scores = reranker.score(QUERY, TEXTS)

        assert len(scores) == len(TEXTS)
        assert all(isfinite(score) for score in scores)
        assert scores.index(max(scores)) == 1

    def test_the_order_of_the_texts_changes_no_score(self, reranker: Reranker) -> None:
        assert reranker.score(QUERY, TEXTS[::-1]) == pytest.approx(
            reranker.score(QUERY, TEXTS)[::-1], abs=1e-4
        )

    def test_more_texts_than_one_request_takes_are_all_scored(self, reranker: Reranker) -> None:
        scores = reranker.score(QUERY, TEXTS * 40)

        assert scores == pytest.approx(reranker.score(QUERY, TEXTS) * 40, abs=1e-4)

    def test_no_text_has_no_score(self, reranker: Reranker) -> None:
        assert reranker.score(QUERY, []) == []

    @pytest.mark.parametrize("text", ["", " ", "é" * 5000, "\ud800 seul", "a\0b"])
    def test_every_text_is_taken(self, reranker: Reranker, text: str) -> None:
        assert len(reranker.score(text, [text, "autre"])) == 2

    def test_a_failure_has_one_error(self, broken: Reranker) -> None:
        with pytest.raises(RerankerUnavailable) as caught:
            broken.score(QUERY, TEXTS)
        assert caught.value.sentence

    def test_closing_twice_is_no_error(self, reranker: Reranker) -> None:
        reranker.close()
        reranker.close()
