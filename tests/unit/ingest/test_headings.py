from __future__ import annotations

import pytest

from ingest.headings import (
    article_label,
    heading_level,
    is_plausible_heading,
    is_structural_heading,
)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Article 1er : Objet", "Article 1er"),
        ("ARTICLE 12", "ARTICLE 12"),
        ("Article L. 1111-2 : définition", "Article L. 1111-2"),
        ("Article unique. - Le règlement", "Article unique"),
        ("Article 3 du code général", ""),
        ("L'article 3 prévoit", ""),
        ("Articles divers", ""),
    ],
)
def test_article_label(text: str, label: str) -> None:
    assert article_label(text) == label


@pytest.mark.parametrize(
    "text",
    [
        "TITRE II - BÉNÉFICIAIRES",
        "Chapitre 3 : Modalités",
        "Article 4 – Durée",
        "D2025-004- Objet : Marché",
        "Délibération n° 12",
    ],
)
def test_structural_headings(text: str) -> None:
    assert is_structural_heading(text)


@pytest.mark.parametrize(
    "text",
    [
        "Monsieur Paul MARTIN à Madame Anne PETIT",
        "Vu le code général,",
        "Vote : 14 voix pour",
        "AUTORISE Madame le maire à signer le marché",
        "et ses annexes",
        "12,5 % 14 %",
        "Le plan de financement est le suivant :",
        "Une phrase entière qui se termine par un point et qui est bien trop longue.",
        "x" * 201,
    ],
)
def test_implausible_headings(text: str) -> None:
    assert not is_plausible_heading(text)


@pytest.mark.parametrize(
    "text", ["I. Finances", "Bénéficiaires", "1.2 Calendrier de dépôt", "PRÉAMBULE"]
)
def test_plausible_headings(text: str) -> None:
    assert is_plausible_heading(text)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("1 Objet", 1),
        ("1.2 Objet", 2),
        ("1.2.3. Objet", 3),
        ("TITRE I", 1),
        ("Chapitre 2", 2),
        ("Article 5", 5),
        ("Divers", 4),
    ],
)
def test_level_follows_the_numbering(text: str, level: int) -> None:
    assert heading_level(text, default=4) == level
