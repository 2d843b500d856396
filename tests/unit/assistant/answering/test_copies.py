"""Copies of a text: equal ones are one place, near ones of many documents leave room, facts stay apart."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.copies import Crowd, Gathering, normalised, spread
from assistant.domain.documents import SourceChunk
from assistant.domain.retrieval import Hit
from tests.unit.assistant.answering.samples import make_chunk, make_hits

LETTER = "La Région rembourse {} euros par trajet aux lycéens internes de la vallée du Lormel"


def gathered(*chunks: SourceChunk, places: int) -> list[Hit]:
    gathering = Gathering(places=places, crowd=Crowd(places=places))
    for chunk in chunks:
        if not gathering.is_full:
            gathering.add(chunk, score=0.5)
    return [place.hit(rank=rank) for rank, place in enumerate(gathering.best(), start=1)]


def test_equal_words_are_one_place_that_shows_the_newest_and_tells_the_others() -> None:
    older, newest = date(2022, 1, 1), date(2024, 5, 2)
    first, second = gathered(
        make_chunk("Un taux de 5 %", id="a"),
        make_chunk("Un taux de 6 %", id="b", document="d2"),
        make_chunk("un taux de 5 %", id="c", document="d3", day=older),
        make_chunk("Un TAUX de 5 %", id="d", document="d4", day=newest),
        make_chunk("Un taux de 5  %", id="e", document="d5", day=newest),
        make_chunk("Un taux de 5 % ", id="f", document="d3", day=older),
        places=9,
    )

    assert (first.rank, first.chunk.id) == (1, "d")
    assert [chunk.id for chunk in first.also] == ["a", "c", "e"]
    assert (second.rank, second.chunk.id, second.also) == (2, "b", ())


def test_of_very_many_copies_the_newest_is_shown_and_some_are_told() -> None:
    copies = [make_chunk("Un taux", id=f"{n}", document=f"d{n}") for n in range(300)]
    newest = make_chunk("Un taux", id="n", document="n", day=date(2024, 1, 1))

    (hit,) = gathered(*copies, newest, places=9)

    assert hit.chunk == newest
    assert len(hit.also) == 20


def test_passages_of_one_document_that_differ_by_a_number_all_keep_their_rank() -> None:
    rows = [make_chunk(LETTER.format(n), id=f"{n:02}") for n in range(12)]

    assert [hit.chunk for hit in gathered(*rows, places=12)] == rows


def test_near_copies_of_several_documents_stay_apart_and_are_in_the_end_all_there() -> None:
    letters = [make_chunk(LETTER.format(n), id=f"{n:02}", document=f"d{n}") for n in range(6)]
    other = make_chunk("Les bacs jaunes sont collectés le mardi", id="x", document="x")

    hits = gathered(*letters, other, places=9)

    assert [hit.chunk for hit in hits] == [*letters[:3], other, *letters[3:]]
    assert spread(hits, places=9) == hits


def test_normalised_keeps_every_word_and_figure() -> None:
    assert normalised(" N’est\u00a0PAS  ½ ") == "n’est pas 1⁄2"


sentences = st.lists(
    st.sampled_from(["le", "la", "prime", "aide", "taux", "de", "5", "6", "10", "vélo", "train"]),
    min_size=1,
)


@given(
    flood=st.integers(1, 80),
    is_equal=st.booleans(),
    at=st.integers(0, 80),
    places=st.integers(2, 15),
)
def test_a_flood_of_any_size_never_takes_all_places(
    flood: int, is_equal: bool, at: int, places: int
) -> None:
    chunks = [
        make_chunk(LETTER.format("mille" if is_equal else n), id=f"f{n}", document=f"f{n}")
        for n in range(flood)
    ]
    true = make_chunk("Les demandes sont à déposer avant le 30 juin", id="vrai", document="vrai")
    chunks.insert(min(at, flood), true)

    hits = gathered(*chunks, places=places)

    rank = next(hit.rank for hit in hits if hit.chunk == true)
    assert rank <= (2 if is_equal else max(1, places // 3) + 1)


@given(texts=st.lists(sentences.map(" ".join), max_size=30), documents=st.integers(1, 4))
def test_no_two_texts_are_ever_merged_and_none_is_lost(texts: list[str], documents: int) -> None:
    chunks = [
        make_chunk(text, id=f"{n}", document=f"d{n % documents}") for n, text in enumerate(texts)
    ]

    hits = gathered(*chunks, places=len(texts) or 1)
    again = spread(make_hits(*(hit.chunk for hit in hits)), places=len(texts) or 1)

    assert sorted(hit.chunk.text for hit in hits) == sorted(set(texts))
    assert [hit.chunk.text for hit in again] == [hit.chunk.text for hit in hits]
