from __future__ import annotations

import math

import pytest

from assistant.domain.intervals import wilson
from eval.answers import answer_measures, token_f1
from eval.figures import bootstrap, cluster_means, figures, length_band
from eval.questions import JudgedQuestion
from eval.retrieval import passage_measures, ranked_files, retrieval_measures

QUESTION = JudgedQuestion(
    id="q",
    text="?",
    judged={"a.pdf": 1, "b.pdf": 1},
    quotes=("60 % en 2028",),
    keywords=("cible", "Région"),
)


def citation(file: str = "a.pdf", text: str = "60 % en 2028") -> dict[str, object]:
    return {"file": file, "locator": {"pages": []}, "text": text}


def answer(*citations: dict[str, object], **changes: object) -> dict[str, object]:
    return {
        "status": "search_only",
        "answer": "La cible est de 60 % en 2028 [1].",
        "citations": list(citations),
        "tokens": None,
        "first_token_ms": 12,
        "is_complete": True,
    } | changes


def test_a_file_ranks_by_its_best_passage() -> None:
    found = {"results": [{"file": name} for name in ("b", "a", "b", "c", "a")]}

    assert ranked_files(found) == ["b", "a", "c"]


def test_graded_measures_follow_their_definitions() -> None:
    measured = retrieval_measures({"q": {"a": 3, "b": 1}, "empty": {}}, {"q": ["x", "b", "a"]})
    ideal = 3 + 1 / math.log2(3)
    gained = 1 / math.log2(3) + 3 / math.log2(4)

    assert measured == {
        "q": {
            "ndcg_10": pytest.approx(gained / ideal),
            "recall_5": 1,
            "recall_20": 1,
            "mrr": 0.5,
            "hit_1": 0,
        }
    }


def test_a_question_that_finds_nothing_scores_zero() -> None:
    assert set(retrieval_measures({"q": {"a": 1}}, {})["q"].values()) == {0.0}


def test_the_right_passage_is_looked_for_beyond_the_right_document() -> None:
    rows: list[dict[str, object]] = [
        {"rank": 1, "file": "a.pdf", "pages": [], "text": "autre"},
        {"rank": 2, "file": "b.pdf", "pages": [], "text": "de 60 % en 2028"},
    ]

    assert passage_measures(QUESTION, {"results": rows}) == {
        "passage_1": 0,
        "passage_5": 1,
        "passage_mrr": 0.5,
    }
    assert passage_measures(JudgedQuestion("q", "?", {"a": 1}), {"results": rows}) == {}


def test_an_answer_is_measured_by_its_citations_and_its_words() -> None:
    measured = answer_measures(QUESTION, answer(citation("x.pdf"), citation()))

    assert measured["page_cited"] == 1
    assert measured["citation_precision"] == 0.5
    assert measured["citation_recall"] == 0.5
    assert measured["quote_3"] == 1
    assert measured["contains"] == 1
    assert measured["keywords"] == 0.5
    assert measured["refused_wrong"] == measured["failed"] == 0
    assert (measured["answer_words"], measured["first_token_ms"]) == (9, 12)
    assert "answer_tokens" not in measured


def test_a_document_shown_beside_an_equal_one_is_cited_too() -> None:
    question = JudgedQuestion("q", "?", {"a.pdf": 1, "b.pdf": 1}, pages=(4,), quotes=("40 %",))
    text = "Le taux est de 40 %"
    copy = citation("copie.pdf", text) | {"also": [{"file": "a.pdf", "pages": [3, 4]}]}
    elsewhere = citation("copie.pdf", text) | {"also": [{"file": "a.pdf", "pages": [9]}]}

    right = answer_measures(question, answer(copy))
    wrong = answer_measures(question, answer(elsewhere))

    names = ("page_cited", "quote_3", "citation_precision", "citation_recall")
    assert [right[name] for name in names] == [1, 1, 1, 0.5]
    assert [wrong[name] for name in names] == [0, 0, 0, 0]


def test_only_the_first_three_citations_hold_the_right_quote() -> None:
    wrong = citation(text="autre")

    assert answer_measures(QUESTION, answer(wrong, wrong, citation()))["quote_3"] == 1
    assert answer_measures(QUESTION, answer(wrong, wrong, wrong, citation()))["quote_3"] == 0


def test_a_refusal_is_right_only_without_answer() -> None:
    refusal = answer(status="refused", answer="Rien.")
    unanswerable = answer_measures(JudgedQuestion("q", "?"), refusal)
    answerable = answer_measures(QUESTION, refusal)

    assert unanswerable == {"refused_right": 1, "failed": 0}
    assert (answerable["refused_wrong"], answerable["page_cited"]) == (1, 0)
    assert "citation_precision" not in answerable


@pytest.mark.parametrize("changes", [{"status": "failed"}, {"is_complete": False}])
def test_a_failed_or_cut_answer_counts_as_failed(changes: dict[str, object]) -> None:
    assert answer_measures(QUESTION, answer(**changes))["failed"] == 1


def test_words_shared_make_the_f1() -> None:
    assert token_f1("la Banque du peuple", "banque du peuple") == 1
    assert token_f1("la banque centrale", "banque du peuple") == pytest.approx(0.5)
    assert token_f1("rien", "") == 0


def test_intents_weigh_the_same_however_many_questions_they_have() -> None:
    values = {"a": 1.0, "b": 1.0, "c": 0.0, "d": 0.5}
    groups = {"a": ["i1"], "b": ["i1"], "c": ["i2"], "d": ["i1", "i2"]}

    assert cluster_means(values, groups) == {
        "i1": pytest.approx(2.5 / 3),
        "i2": pytest.approx(0.25),
    }


def test_the_bootstrap_is_seeded_and_holds_the_mean() -> None:
    values = [0.0, 1.0] * 30
    low, high = bootstrap(values)

    assert (low, high) == bootstrap(values)
    assert 0.3 < low < 0.5 < high < 0.7
    assert bootstrap([0.25, 0.25]) == (0.25, 0.25)


def test_shares_have_wilson_intervals_and_counts() -> None:
    rows: list[dict[str, object]] = [
        {"id": str(number), "text": "", "kind": "", "groups": [], "measures": {"hit_1": 1.0}}
        for number in range(20)
    ]
    figure = figures(rows)["hit_1"]

    assert (figure.value, figure.count) == (1, 20)
    assert figure.low == pytest.approx(0.839, abs=0.001)


def intents(values: list[float], *, measure: str) -> list[dict[str, object]]:
    return [
        {"id": f"{place}", "groups": [f"i{place}"], "measures": {measure: value}}
        for place, value in enumerate(values)
    ]


@pytest.mark.parametrize("values", [[1.0] * 6, [1.0, 0.0, 1.0], [1.0] * 30])
def test_few_or_equal_intents_have_the_interval_of_a_share(values: list[float]) -> None:
    figure = figures(intents(values, measure="hit_1"))["hit_1"]

    assert (figure.low, figure.high) == pytest.approx(wilson(round(sum(values)), len(values)))
    assert figure.low < figure.high
    assert figure.is_firm


def test_a_share_over_intents_that_are_no_yes_or_no_lies_in_its_interval() -> None:
    figure = figures(intents([0.4, 0.4, 0.4], measure="hit_1"))["hit_1"]

    assert figure.low <= figure.value <= figure.high


@pytest.mark.parametrize(
    ("values", "is_firm"), [([0.9] * 30, False), ([0.5, 0.9] * 4, False), ([0.5, 0.9] * 5, True)]
)
def test_other_measures_of_few_or_equal_values_have_no_firm_interval(
    values: list[float], is_firm: bool
) -> None:
    assert figures(intents(values, measure="ndcg_10"))["ndcg_10"].is_firm is is_firm


def test_questions_are_banded_by_length() -> None:
    assert [length_band("mot " * count) for count in (5, 6, 10, 11)] == [
        "5 mots ou moins",
        "6 à 10 mots",
        "6 à 10 mots",
        "plus de 10 mots",
    ]
