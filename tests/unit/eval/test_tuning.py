from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.answering.sufficiency import JUDGE, Signs
from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.retrieval import Ranking, ScoredChunk
from assistant.testing.contracts.index import ALL, EMBEDDER, make_point
from assistant.testing.embedder import HashEmbedder
from eval.datasets import QuestionSet
from eval.halves import halves_of, hash_half
from eval.questions import JudgedQuestion
from eval.tuning import fit
from eval.tuning.axes import AXES, PRODUCT, Make, Variant, nearest_words, without_asking_words
from eval.tuning.collection import Collection, LexicalIndex, Passage
from eval.tuning.command import axis_table, by_intent, mean, report_table
from eval.tuning.fitting import Case, fitted, judged, made_cases
from eval.tuning.rankings import ScoredQuestion, convex, distribution, ranking, reciprocal
from eval.tuning.trying import Bench, query_vectors

TEXTS = (
    "Aide à l'achat d'un vélo électrique pour les agents.",
    "Tarif du mètre cube d'eau potable de la commune.",
    "Horaires de la déchetterie intercommunale le samedi.",
    "Subvention aux associations sportives du canton.",
)


def passage(number: int, text: str) -> Passage:
    return Passage(f"{number}.md", "", (), text, text)


def bench(*, copies: int = 1) -> Bench:
    """Four documents, and a question on each whose vector is that of its document."""
    vectors = np.eye(len(TEXTS), dtype=np.float32) + np.float32(0.1)
    questions = tuple(
        JudgedQuestion(id=f"q{number}-{copy}", text=text, judged={f"{number}.md": 1})
        for number, text in enumerate(TEXTS)
        for copy in range(copies)
    )
    collection = Collection(tuple(passage(n, text) for n, text in enumerate(TEXTS)), vectors)
    queries = np.repeat(vectors, copies, axis=0)
    whole = QuestionSet("sample", questions, {})
    return Bench("sample", whole, collection, queries, Path("nowhere"), HashEmbedder())


def halves(measured: Bench) -> tuple[frozenset[str], frozenset[str]]:
    found = halves_of(measured.questions.questions)
    return found.even, found.odd


def ranked(*scores: tuple[str, float]) -> Ranking:
    return tuple(ScoredChunk(ChunkId(id), score, VersionId(id)) for id, score in scores)


def both(dense: Ranking, lexical: Ranking) -> ScoredQuestion:
    return ScoredQuestion(JudgedQuestion("q", "?"), dense, lexical, ())


def ids(found: Ranking) -> list[str]:
    return [item.chunk_id for item in found]


def test_the_text_with_the_rarer_words_of_a_query_has_the_best_score() -> None:
    scores = LexicalIndex(TEXTS).scores("Quel tarif pour l'eau ?")

    assert scores.argmax() == 1
    assert np.count_nonzero(scores) == 1
    assert not LexicalIndex(TEXTS).scores("Inconnu au bataillon").any()


def test_the_scores_are_those_of_the_index_in_the_same_order(tmp_path: Path) -> None:
    texts = [f"{text} Dossier {number}." for number in range(5) for text in TEXTS]
    points = [make_point(number, text=text) for number, text in enumerate(texts)]
    index = EdgeChunkIndex(tmp_path, embedder=EMBEDDER.identity)
    query = "Quel est le tarif de l'eau, dossier 3 ?"
    try:
        index.upsert(points)
        found = index.search_lexical(query, scope=ALL, limit=len(points))
    finally:
        index.close()

    scores = LexicalIndex(texts).scores(query)

    told = {point.chunk_id: score for point, score in zip(points, scores, strict=True)}
    assert [item.score for item in found] == pytest.approx(
        [told[item.chunk_id] for item in found], rel=1e-3
    )
    assert len(found) == np.count_nonzero(scores)


def test_vectors_of_questions_are_kept_for_the_embedder_that_made_them(tmp_path: Path) -> None:
    questions = QuestionSet("jeu", (JudgedQuestion("q", "Quel tarif pour l'eau ?"),), {})
    small, large = HashEmbedder(dimensions=8), HashEmbedder(dimensions=16)

    first = query_vectors(questions, folder=tmp_path, embedder=small)
    kept = np.load(tmp_path / "questions.npz")
    embedder, texts, planted = kept["embedder"], kept["texts"], first + 1
    np.savez(tmp_path / "questions.npz", embedder=embedder, texts=texts, vectors=planted)

    read_again = query_vectors(questions, folder=tmp_path, embedder=small)
    assert read_again.tolist() == (first + 1).tolist()
    assert query_vectors(questions, folder=tmp_path, embedder=large).shape == (1, 16)

    np.savez(tmp_path / "questions.npz", texts=texts, vectors=planted)
    made_again = query_vectors(questions, folder=tmp_path, embedder=small)
    assert made_again.tolist() == first.tolist()


def test_a_ranking_leaves_out_what_has_no_score() -> None:
    assert ids(ranking(np.array([0.0, 2.0, 1.0]), files="abc")) == ["0000001", "0000002"]


def test_reciprocal_ranks_are_summed() -> None:
    dense, lexical = ranked(("a", 9), ("b", 1)), ranked(("b", 5), ("c", 1))

    found = reciprocal(both(dense, lexical))

    assert ids(found) == ["b", "a", "c"]
    assert found[0].score == pytest.approx(1 / 62 + 1 / 61)


def test_weights_decide_between_rankings_that_disagree() -> None:
    dense, lexical = ranked(("a", 9), ("b", 1)), ranked(("b", 9), ("a", 1))

    for fusion in (convex, distribution):
        assert ids(fusion(0.9)(both(dense, lexical)))[0] == "a"
        assert ids(fusion(0.1)(both(dense, lexical)))[0] == "b"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=f"{axis}: {name}")
        for axis, choices in AXES.items()
        if axis not in {"lengths", "embedded"}  # these need documents
        for name, make in choices.items()
    ],
)
def test_every_choice_finds_what_both_rankings_put_first(make: Make) -> None:
    measured = bench(copies=4)

    for half in halves(measured):
        assert set(by_intent(make(measured), measured, among=half).values()) == {1.0}


def test_a_reversed_ranking_is_worth_less() -> None:
    measured = bench(copies=4)

    def reversed_(scored: ScoredQuestion) -> Ranking:
        return tuple(reversed(PRODUCT(scored)))

    found = by_intent(Variant(measured.as_product, reversed_), measured, among=halves(measured)[0])

    assert mean(found.values()) < 1


def test_each_axis_has_a_table_with_the_mean_of_the_sets() -> None:
    found = axis_table("fusion", [bench(copies=4), bench(copies=3)]).splitlines()

    assert len(found) == 2 + len(AXES["fusion"])
    assert found[2].endswith("| 1,0000 | 1,0000 | 1,0000 |")


def divided() -> Bench:
    """Words find every document whose question has any; vectors find the next document first."""
    plain = bench(copies=8)
    questions = tuple(
        replace(question, text=question.text if number % 4 else "Inconnu")
        for number, question in enumerate(plain.questions.questions)
    )
    return replace(
        plain,
        questions=replace(plain.questions, questions=questions),
        queries=np.roll(plain.queries, 8, axis=0),
    )


def test_the_report_tells_the_difference_from_each_rival() -> None:
    ours, by_words, by_vectors, by_ranks = report_table([divided()]).splitlines()[2].split("|")[2:6]

    assert 0 < float(ours.replace(",", ".")) < 1
    assert "+0,0000" not in by_words
    assert by_words.strip().startswith("+")
    assert by_vectors.strip().startswith("+")
    assert by_ranks.strip()[0] in "+−"


def test_all_sets_weigh_the_same_in_the_last_row_of_the_report() -> None:
    rows = report_table([bench(copies=40), divided()]).splitlines()

    first, second, both = (float(row.split("|")[2].replace(",", ".")) for row in rows[2:])
    assert both == pytest.approx((first + second) / 2, abs=1e-4)


def test_the_half_to_choose_on_is_not_the_half_to_report() -> None:
    measured = bench(copies=4)

    intents = [
        set(by_intent(Variant(measured.as_product, PRODUCT), measured, among=half))
        for half in halves(measured)
    ]

    assert all(intents)
    assert not intents[0] & intents[1]


def test_odd_questions_apart_share_no_document_and_no_intent_with_even_ones() -> None:
    even, odd = ([id for id in map(str, range(40)) if hash_half(id) == half] for half in (0, 1))
    questions = [
        JudgedQuestion(even[0], "?", {"a.md": 1}, groups=("prime",)),
        JudgedQuestion(even[1], "?", {"b.md": 2}),
        JudgedQuestion(odd[0], "?", {"b.md": 1, "c.md": 1}),
        JudgedQuestion(odd[1], "?", {"d.md": 1}, groups=("prime", "congé")),
        JudgedQuestion(odd[2], "?", {"d.md": 1}, groups=("congé",)),
        JudgedQuestion(odd[3], "?", {"d.md": 1}),
    ]

    found = halves_of(questions)

    assert (found.even, found.odd) == ({*even[:2]}, {*odd[:4]})
    assert found.apart == {*odd[2:4]}


def test_the_report_without_shared_documents_counts_only_what_is_apart() -> None:
    plain = bench(copies=40)
    own = [
        replace(each, judged={f"{number % 4}.md": 1, f"own {number}": 1})
        if hash_half(each.id)
        else replace(each, judged={"elsewhere.md": 1})
        for number, each in enumerate(plain.questions.questions)
    ]
    some = replace(plain, questions=replace(plain.questions, questions=tuple(own)))

    none = report_table([plain], is_apart=True).splitlines()
    both = report_table([plain, some], is_apart=True).splitlines()

    assert none[2:] == ["| Corpus d'exemple (0 questions) | — | — | — | — |"]
    count = sum(map(hash_half, (each.id for each in own)))
    assert both[3].startswith(f"| Corpus d'exemple ({count} questions) |")
    assert both[4].split("|")[2:] == both[3].split("|")[2:]
    assert f"({count} questions)" in report_table([plain]).splitlines()[2]


def test_the_words_that_only_ask_are_left_out() -> None:
    assert without_asking_words("Comment obtenir une aide ?") == "obtenir une aide ?"
    assert without_asking_words("Est-ce que le vélo est aidé ?") == "le vélo est aidé ?"
    assert without_asking_words("Où") == "Où"


def test_a_misspelt_word_is_joined_by_the_one_that_a_passage_has() -> None:
    spelt = nearest_words(bench(), cutoff=0.8)

    assert spelt("subvantion").split() == ["subvantion", "subvention"]
    assert spelt("vélo électrique") == "vélo électrique"


def cases(*, flipped: bool = False) -> list[Case]:
    weak = Signs(0.01, 1.0, 0.2, 1, 0, 0)
    strong = Signs(0.06, 12.0, 0.9, 0, 1, 1)
    return [
        Case(
            f"{number}", replace(signs, coverage=signs.coverage + number / 1000), is_good != flipped
        )
        for number in range(40)
        for signs, is_good in ((weak, False), (strong, True))
    ]


def test_a_fitted_judge_tells_sufficient_from_insufficient() -> None:
    judge = fitted(cases())

    rows = judged(cases(), judge)

    assert min(row.score for row in rows if row.is_answerable) > 0.8
    assert max(row.score for row in rows if not row.is_answerable) < 0.2


def test_the_weights_follow_the_labels() -> None:
    right, flipped = fitted(cases()), fitted(cases(flipped=True))

    assert right.weights[0] > 0 > flipped.weights[0]
    assert right.weights[3] < 0 < flipped.weights[3]


def test_questions_without_their_documents_have_weaker_signs() -> None:
    made = made_cases(bench(), fuse=PRODUCT)

    lost = [case for case in made if not case.is_answerable]
    kept = [case for case in made if case.is_answerable]

    assert lost
    assert kept
    assert max(case.signs.coverage for case in lost) < min(case.signs.coverage for case in kept)
    rows = fit.table({"sample": fit.Made(made, ())}, {"produit": JUDGE}).splitlines()
    assert len(rows) == 4
    assert rows[3].startswith("| Corpus d'exemple, sans document commun avec la moitié paire |")
    assert rows[3].endswith("| 0 | — | — |")


def test_a_question_about_a_place_that_no_passage_names_is_refused_whatever_its_signs() -> None:
    elsewhere = replace(cases()[1], is_elsewhere=True)

    (row,) = judged([elsewhere], JUDGE)

    assert row.score == 0
    assert judged([replace(elsewhere, is_elsewhere=False)], JUDGE)[0].score > 0.5
    assert fitted([*cases(), elsewhere]) == fitted(cases())
