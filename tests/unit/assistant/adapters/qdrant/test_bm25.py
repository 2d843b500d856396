"""What French writers write in many ways is one term."""

from __future__ import annotations

import time
import unicodedata

import pytest

from assistant.adapters.qdrant.bm25 import document_weights, normalise, query_weights


def shared_terms(query: str, document: str) -> int:
    """How many terms of the query the document holds."""
    return len(set(query_weights(query).indices) & set(document_weights(document).indices))


def finds_all(query: str, document: str) -> bool:
    terms = query_weights(query).indices
    return bool(terms) and shared_terms(query, document) == len(terms)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("article L 1111-2", "Vu l'article L.1111-2 du code"),
        ("L1111-2", "Vu l’article L. 1111-2 du code"),
        ("L.\u00a01111\u20112", "l'article L. 1111-2"),
        ("l 1111-2", "articles L. 1111-2 et suivants"),
        ("1111-2", "l'article L. 1111-2"),
        ("L. 1111-3", "aux articles L. 1111-2, 1111-3 et 1111-4"),
        ("L. 1111-4", "aux articles L. 1111-2, 1111-3 et 1111-4"),
        ("R123-4", "l'article R*123-4"),
        ("R. 123-4", "l'article R.* 123-4"),
        ("LO 1112-1", "l'article L.O. 1112-1"),
        ("L. 123", "l'article L.123"),
        ("délibération n° 2024-123", "la délibération n°2024-123"),
        ("2024-123", "la délibération nº 2024-123"),
        ("n°2024-123", "référence 2024/123"),
        ("n° 12", "le lot 12"),
        ("article 12", "conformément à l'art. 12"),
        ("art 12", "les articles 11, 12 et 13"),
        ("article 13", "les articles 11, 12 et 13"),
        ("article 1", "Article premier - Objet"),
        ("article 1er", "Article 1 : objet"),
        ("article 5 bis", "l'article 5 bis"),
        ("15000 euros", "plafonnée à 15 000 €"),
        ("15 000 €", "plafonnée à 15\u202f000,00 euros"),
        ("1.500.000 €", "soit 1 500 000 euros"),
        ("3,5 %", "un taux de 3.5 %"),
        ("SRADDET", "le S.R.A.D.D.E.T. adopté"),
        ("S.R.A.D.D.E.T", "le SRADDET adopté"),
        ("le 12/03/2024", "la séance du 12 mars 2024"),
        ("1er mars 2024", "le 01/03/2024"),
        ("programme 2021-2027", "le programme 2021–2027"),
        ("programme 2027", "le programme 2021-2027"),
        ("apprentissage", "l'apprentissage"),
        ("apprentissage", "L’apprentissage"),
        ("école", "jusqu'à l'ecole"),
        ("oeuvre", "la mise en œuvre"),
        ("REGIONS", "la région"),
        ("régional", "conseils régionaux"),
        ("aujourd'hui", "dès aujourd’hui"),
        (unicodedata.normalize("NFD", "élève"), "les élèves"),
        ("collectivité", "collec\u00adtivités"),
    ],
)
def test_query_finds_every_way_of_writing_it(query: str, document: str) -> None:
    assert finds_all(query, document), (
        normalise(query, is_query=True),
        normalise(document, is_query=False),
    )


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("article L 1111-2", "l'article L. 1111-3 du code"),
        ("article L 1111-2", "l'article R. 1111-2 du code"),
        ("article L 1111-2", "l'article L. 1111-2-1 du code"),
        ("n° 2024-123", "n° 2024-124 et n° 2023-123"),
        ("article 12", "l'article 120, puis 12 mois"),
        ("15 000 €", "15 agents et 000"),
        ("le la les des du", "le la les des du"),
        ("l'aide", "le début"),
    ],
)
def test_query_does_not_find_its_neighbour(query: str, document: str) -> None:
    assert shared_terms(query, document) == 0


def test_a_verb_before_a_range_is_no_reference() -> None:
    assert normalise("elle a 10-12 ans", is_query=True).split() == ["elle", "a", "10x12", "ans"]


def test_telephone_numbers_and_lists_of_years_stay_apart() -> None:
    assert normalise("05 61 33 50 50", is_query=True).split() == ["05", "61", "33", "50", "50"]
    assert normalise("2023, 2024", is_query=True).split() == ["2023,", "2024"]


def test_longer_documents_weigh_each_term_less() -> None:
    short, long = "eau potable", "eau potable " + "forêt domaniale protégée " * 60
    (term,) = query_weights("potable").indices

    def weight(text: str) -> float:
        terms = document_weights(text)
        return terms.weights[terms.indices.index(term)]

    assert weight(short) > weight(long)


@pytest.mark.parametrize(
    "text",
    ["1" * 200_000, "1 000 " * 33_000, "a." * 100_000, "1-" * 100_000, "article " + "1, " * 60_000,
     "L. 1111-2, " * 18_000, "l'" * 100_000, " " * 200_000, "n n " * 50_000, "\ud800\0"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(text: str) -> None:
    start = time.process_time()

    query_weights(text)
    document_weights(text)

    assert time.process_time() - start < 5
