"""Other lengths of passages and other embedded texts, as `python -m eval tune` tries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.testing.embedder import HashEmbedder
from eval.datasets import QuestionSet
from eval.questions import JudgedQuestion
from eval.tuning.axes import AXES, Make
from eval.tuning.collection import Collection, Passage
from eval.tuning.command import by_intent
from eval.tuning.embedding import (
    after_the_end_of_the_last,
    as_product,
    cut_again,
    embedded_as,
    text_alone,
)
from eval.tuning.trying import Bench, cut_down

SUBJECTS = ("vélo", "piscine", "cantine", "déchetterie")


def sentences(subject: str) -> str:
    return " ".join(f"Le règlement {n} de la {subject} fixe le tarif {n}." for n in range(60))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Four long documents in a folder, and a question on each."""
    (tmp_path / "documents").mkdir()
    for subject in SUBJECTS:
        text = f"# {subject}\n\n{sentences(subject)}\n"
        (tmp_path / "documents" / f"{subject}.md").write_text(text)
    names = [f"{subject}.md" for subject in SUBJECTS]
    passages = cut_again(names, documents=tmp_path / "documents", tokens=256)
    questions = tuple(
        JudgedQuestion(id=f"q{n}-{subject}", text=f"tarif {subject}", judged={f"{subject}.md": 1})
        for subject in SUBJECTS
        for n in range(6)
    )
    embedder = HashEmbedder(dimensions=64)
    embed = embedder.embed_passages
    collection = Collection(passages, np.asarray(embed([each.embedded for each in passages])))
    queries = np.asarray([embedder.embed_query(each.text) for each in questions])
    whole = QuestionSet("sample", questions, {})
    return Bench("sample", whole, collection, queries, tmp_path, embedder)


def test_shorter_passages_are_more_and_lose_no_word(bench: Bench) -> None:
    short = cut_again(bench.collection.files, documents=bench.folder / "documents", tokens=128)

    assert len(short) > len(bench.collection.passages)
    for subject in SUBJECTS:
        held = " ".join(each.text for each in short if each.file == f"{subject}.md")
        assert held.split() == [subject, *sentences(subject).split()]


@pytest.mark.parametrize(
    "make", [make for axis in ("lengths", "embedded") for make in AXES[axis].values()]
)
def test_each_choice_finds_the_document_that_names_the_subject(bench: Bench, make: Make) -> None:
    found = by_intent(make(bench), bench, among={each.id for each in bench.questions.questions})

    assert len(found) == 24
    assert set(found.values()) == {1.0}


def test_what_was_embedded_is_not_embedded_again(bench: Bench, tmp_path: Path) -> None:
    asked: list[int] = []

    def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        asked.append(len(texts))
        return bench.embedder.embed_passages(texts)

    kept, passages = tmp_path / "kept.npz", bench.collection.passages
    known = bench.collection.subset([False] * len(passages))
    half = embedded_as(passages[:2], text_of=as_product, embed=embed, known=known, kept=kept)
    whole = embedded_as(passages, text_of=as_product, embed=embed, known=known, kept=kept)

    assert asked == [2, len(passages) - 2]
    assert np.array_equal(half.vectors, whole.vectors[:2])
    assert np.allclose(whole.vectors, bench.collection.vectors)


def test_texts_of_the_instance_are_not_embedded_again(bench: Bench, tmp_path: Path) -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        asked.extend(texts)
        return bench.embedder.embed_passages(texts)

    found = embedded_as(
        bench.collection.passages,
        text_of=after_the_end_of_the_last,
        embed=embed,
        known=bench.collection,
        kept=tmp_path / "kept.npz",
    )

    firsts = len(set(bench.collection.files))
    assert len(asked) == len(found.passages) - firsts > 0


def test_a_set_is_cut_down_to_some_documents_and_their_questions(bench: Bench) -> None:
    files = dict.fromkeys(bench.collection.files, b"")
    whole = replace(bench, questions=replace(bench.questions, files=files))

    cut = cut_down(whole, documents=2)

    kept = {name for each in cut.questions.questions for name in each.judged}
    assert set(cut.collection.files) == kept == set(cut.questions.files)
    assert len(cut.questions.questions) == len(cut.queries) == 2
    for question, row in zip(cut.questions.questions, cut.queries, strict=True):
        assert np.array_equal(row, bench.embedder.embed_query(question.text))


def test_the_text_before_is_that_of_the_same_document() -> None:
    first, second = (
        Passage("a.md", "Titre", ("Chapitre",), text, f"Titre\nChapitre\n{text}")
        for text in ("Avant, mot coupé. " * 20 + "Fin.", "Après.")
    )
    told = after_the_end_of_the_last(second, first)

    assert told.startswith("Titre\nChapitre\n")
    assert told.endswith("mot coupé. Fin.\nAprès.")
    assert 0 < len(told) - len(second.embedded) <= 161
    assert after_the_end_of_the_last(second, None) == second.embedded
    assert text_alone(second, first) == "Après."
