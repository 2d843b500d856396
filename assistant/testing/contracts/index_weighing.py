"""What every `ChunkIndex` makes of the parameters of BM25. Give its `open_weighed` fixture."""
# ruff: noqa: S101 - a test suite that ships with the product

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from assistant.domain.weighing import WordWeighing
from assistant.ports.index import ChunkIndex
from assistant.testing.contracts.index import ALL, make_point

OpenWeighed = Callable[[WordWeighing], ChunkIndex]
"""Opens an empty index of its own for each way of weighing."""

_SHORT = "cantine"
_LONG = "cantine " + "salle école repas élève tarif menu cuisine mairie service inscription " * 9


class WeighedIndexContract:
    """Each index weighs by its own parameters, passages and whole documents alike."""

    def test_a_repeated_word_counts_by_k1(self, open_weighed: OpenWeighed) -> None:
        """At 0, once is as much as three times."""
        for k1, is_more in ((0.0, False), (3.0, True)):
            with _filled(open_weighed(WordWeighing(k1=k1, b=0.0))) as index:
                for search in (index.search_lexical, index.search_documents):
                    scores = {
                        str(each.version_id): each.score
                        for each in search("forêt", scope=ALL, limit=9)
                    }
                    assert (scores["thrice"] > scores["once"] + 1e-4) is is_more

    def test_a_long_text_is_held_back_by_b(self, open_weighed: OpenWeighed) -> None:
        """At 0, its length does not matter."""
        for b, is_less in ((0.0, False), (1.0, True)):
            with _filled(open_weighed(WordWeighing(k1=1.2, b=b))) as index:
                for search in (index.search_lexical, index.search_documents):
                    found = search("cantine", scope=ALL, limit=9)
                    scores = {str(each.version_id): each.score for each in found}
                    assert (scores["long"] < scores["short"] - 1e-4) is is_less

    def test_the_average_length_is_where_b_is_neutral(self, open_weighed: OpenWeighed) -> None:
        """The longer texts are on average, the less a text is long."""
        scores: list[float] = []
        for length in (20, 200):
            with _filled(open_weighed(WordWeighing(length=length))) as index:
                found = index.search_lexical("cantine", scope=ALL, limit=9)
                scores.append(next(each.score for each in found if each.version_id == "long"))
        assert scores[0] < scores[1]


@contextmanager
def _filled(index: ChunkIndex) -> Generator[ChunkIndex]:
    texts = {"once": "forêt", "thrice": "forêt forêt forêt", "short": _SHORT, "long": _LONG}
    points = [
        make_point(number, text=text, version=name, whole=(text,))
        for number, (name, text) in enumerate(texts.items(), start=1)
    ]
    try:
        index.upsert(points)
        yield index
    finally:
        index.close()
