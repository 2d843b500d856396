from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from assistant.answering.quotes import best_quote, cited, quote_answer
from assistant.answering.terms import folded, terms
from assistant.domain.answers import Passage, Question
from assistant.domain.catalogue import sentence
from assistant.domain.documents import LinkKind, Successor
from assistant.domain.ids import DocumentId
from tests.unit.assistant.answering.samples import make_chunk, make_paged, make_passages

BIKE = make_chunk(
    "Le présent règlement fixe les règles d'intervention de la Région. "
    "L'aide à l'achat d'un vélo électrique s'élève à 200 € par foyer. "
    "La demande est déposée avant le 31 octobre. Les pièces sont listées en annexe.",
    title="Règlement mobilité",
    day=date(2024, 3, 1),
)
TABLE = make_chunk(
    "| Dispositif | Taux | Plafond |\n|---|---|---|\n| Vélo cargo | 25 % | 400 € |\n"
    "| Isolation des combles | 40 % | 3 000 € |",
    id="k2",
    document="d2",
    title="Barème des aides",
)
OTHER = make_chunk("Le conseil s'est réuni au siège.", id="k3", document="d3", title="Compte rendu")
PASSAGES = tuple(
    Passage(marker=n, chunk=chunk) for n, chunk in enumerate((BIKE, TABLE, OTHER), start=1)
)


def test_a_sentence_that_answers_is_quoted_with_its_marker_under_its_document() -> None:
    quotes = quote_answer(
        Question("Quel est le montant de l'aide pour un vélo électrique ?"), passages=PASSAGES
    )

    assert "**Règlement mobilité (1er mars 2024)**" in quotes.text
    assert "« L'aide à l'achat d'un vélo électrique s'élève à 200 € par foyer. » [1]" in quotes.text
    assert "réuni au siège" not in quotes.text
    assert quotes.citations[0].marker == 1


def test_a_table_gives_the_row_with_its_header() -> None:
    quotes = quote_answer(
        Question("Quel plafond pour l'isolation des combles ?"), passages=PASSAGES
    )

    assert (
        "« Dispositif : Isolation des combles ; Taux : 40 % ; Plafond : 3 000 € » [2]"
        in quotes.text
    )
    assert "Vélo cargo" not in quotes.text.split("[2]")[0]


def test_a_quote_is_cited_at_its_own_page() -> None:
    """The words of the question alone would open the first page."""
    chunk = make_paged(
        "L'aide à l'achat d'un vélo électrique est votée chaque année.",
        "Le vélo électrique donne droit à 200 € par foyer.",
        first=4,
    )
    passage = Passage(marker=1, chunk=chunk, page=4)

    quoted = best_quote("Chaque foyer reçoit 200 €.", passage=passage)

    assert cited(passage, quote=quoted).page == 5
    assert cited(passage, quote=best_quote("Une aide à l'achat.", passage=passage)).page == 4


def test_every_quote_is_cited_and_every_citation_quoted() -> None:
    quotes = quote_answer(Question("Quelles aides pour un vélo ?"), passages=PASSAGES)

    lines = [line for line in quotes.text.splitlines() if line.startswith("- ")]
    assert 1 <= len(lines) <= 5
    assert all(re.fullmatch(r"- « .+ » \[\d\]", line) for line in lines)
    used = {int(found) for found in re.findall(r"\[(\d)\]", quotes.text)}
    assert used == {citation.marker for citation in quotes.citations}


@pytest.mark.parametrize(
    "question",
    ["Quel est le budget de la fusée Ariane ?", "Qui et quoi ?", "Recette de la tarte aux pommes"],
)
def test_nothing_relevant_says_so_and_names_the_nearest_documents(question: str) -> None:
    quotes = quote_answer(Question(question), passages=PASSAGES)

    assert quotes.citations == ()
    assert quotes.text.startswith(sentence("answer_no_evidence"))
    assert "- Barème des aides" in quotes.text
    assert "[" not in quotes.text


def test_quotes_and_titles_carry_no_link_markup_or_false_marker() -> None:
    chunk = make_chunk(
        "L'aide au vélo [3] est décrite sur https://region.example/aide et [là](http://a.example).",
        title="Aides ![x](http://b.example) **2024**",
    )

    quotes = quote_answer(
        Question("Quelle aide au vélo ?"), passages=(Passage(marker=1, chunk=chunk),)
    )

    assert "example" not in quotes.text
    assert "[3]" not in quotes.text
    assert "vélo (3) est décrite" in quotes.text
    assert "**Aides [x] 2024**" in quotes.text
    assert "example" not in quotes.citations[0].quote


def test_a_sentence_that_announces_a_list_comes_with_it() -> None:
    passages = make_passages(
        "Pièces à fournir pour le vélo :\n- une facture ;\n- un justificatif de domicile."
    )

    quotes = quote_answer(Question("Quelles pièces fournir pour le vélo ?"), passages=passages)

    assert "une facture ; - un justificatif de domicile." in quotes.text


def test_a_long_sentence_is_shortened_at_a_word() -> None:
    passages = make_passages("Le vélo électrique " + "roule longtemps " * 60 + ".")

    quotes = quote_answer(Question("Le vélo électrique ?"), passages=passages)

    assert all(len(line) < 440 for line in quotes.text.splitlines())
    assert " […] » [1]" in quotes.text


def test_one_passage_does_not_fill_the_answer_nor_repeat_itself() -> None:
    passages = make_passages(
        "Prime au vélo. " * 3 + " ".join(f"Prime au vélo de {n} €." for n in range(9))
    )

    quotes = quote_answer(Question("Prime au vélo ?"), passages=passages)

    assert quotes.text.count("[1]") == 2


def test_the_best_quote_of_a_statement_is_its_nearest_sentence() -> None:
    passage = PASSAGES[0]

    assert best_quote("La demande doit être déposée en octobre", passage=passage) == (
        "La demande est déposée avant le 31 octobre."
    )
    assert best_quote("Sans rapport", passage=passage).startswith("Le présent règlement")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("subventions", "subvention"),
        ("L'aide", "aides"),
        ("régionaux", "régional"),
        ("les logements", "logement"),
        ("10 000", "10000"),
        ("électriques", "ÉLECTRIQUE"),
    ],
)
def test_forms_of_one_word_are_one_term(one: str, other: str) -> None:
    assert terms(one) == terms(other)


def test_references_and_figures_stay_whole() -> None:
    assert terms("article L.1111-2 du n° 2024-123") == ["articl", "l.1111-2", "2024-123"]
    assert folded("L’Œuvre d'Été") == "oeuvre ete"


def test_what_replaces_a_document_is_quoted_before_it_both_with_their_dates() -> None:
    later = Successor(DocumentId("d2"), "Règlement 2025", date(2025, 3, 20), LinkKind.REPLACES)
    old = make_chunk(
        "Le taux de la subvention aux communes est fixé à 40 % de la dépense.",
        title="Règlement 2024",
        day=date(2024, 7, 4),
    )
    new = make_chunk(
        "Le taux de la subvention aux communes est fixé à 50 % de la dépense.",
        id="k2",
        document="d2",
        title="Règlement 2025",
        day=date(2025, 3, 20),
    )
    passages = (Passage(1, replace(old, successor=later)), Passage(2, new))

    quotes = quote_answer(Question("Quel est le taux de la subvention ?"), passages=passages)

    first = quotes.text.index("**Règlement 2025 (20 mars 2025)**")
    second = quotes.text.index(
        "**Règlement 2024 (4 juillet 2024, remplacé par « Règlement 2025 » (20 mars 2025))**"
    )
    assert first < second
    assert [citation.marker for citation in quotes.citations] == [1, 2]
