"""How much two texts share, told from their sketches alone."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ingest.similarity import SKETCH_SIZE, UNLIKE, likeness, marks_of, sketch_of

WORDS = [f"mot{number}" for number in range(5000)]


def text(seed: int, *, words: int = 2000) -> list[str]:
    return random.Random(seed).choices(WORDS, k=words)


def of(words: list[str]) -> tuple[int, ...]:
    return sketch_of([" ".join(words)])


def test_the_same_words_are_the_same_whatever_their_case_accents_and_blocks() -> None:
    words = "Le Conseil régional décide d'ouvrir l'aide aux communes " * 9

    first = sketch_of([words])

    assert first == sketch_of([words.upper().replace("É", "E")])
    assert first == sketch_of(words.split(" "))


def test_shares_are_estimated() -> None:
    words = text(1)
    edited = list(words)
    for place in range(0, len(edited), 100):
        edited[place] = "autre"

    shared = likeness(of(words), of(edited))

    assert 0.86 < shared.common < 0.99
    assert shared.held > 0.92


def test_a_text_held_by_a_longer_one_is_recognised() -> None:
    words = text(2)

    shared = likeness(of(words[:700]), of(words))

    assert 0.25 < shared.common < 0.45
    assert shared.held > 0.8
    assert set(marks_of(of(words[:700]))) & set(marks_of(of(words)))


def test_other_texts_share_nothing() -> None:
    shared = likeness(of(text(3)), of(text(4)))

    assert shared.common < 0.02
    assert not set(marks_of(of(text(3)))) & set(marks_of(of(text(4))))


def test_a_few_words_tell_nothing() -> None:
    assert sketch_of(["Arrêté du maire"]) == ()
    assert likeness((), of(text(5))) == UNLIKE


@given(st.lists(st.sampled_from(WORDS[:300]), max_size=400))
def test_sketches_are_small_ascending_and_like_themselves(words: list[str]) -> None:
    sketch = of(words)

    assert len(sketch) <= SKETCH_SIZE
    assert list(sketch) == sorted(set(sketch))
    assert all(0 <= value < 2**63 for value in sketch)
    if sketch:
        assert likeness(sketch, sketch).common == 1
        assert likeness(sketch, sketch).held == 1
