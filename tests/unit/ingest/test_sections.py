"""Parts of an act as sections."""

from __future__ import annotations

from ingest.model import Block, BlockKind
from ingest.sections import split_sections


def test_parts_of_an_act_name_its_sections() -> None:
    blocks = [
        Block(BlockKind.HEADING, "ARRÊTÉ n° 2024-12 portant réglementation", level=1),
        Block(BlockKind.PARAGRAPH, "Vu le code général des collectivités territoriales,"),
        Block(BlockKind.PARAGRAPH, "Vu la loi du 2 mars 1982,"),
        Block(BlockKind.PARAGRAPH, "Considérant qu'il convient de régler la circulation,"),
        Block(BlockKind.HEADING, "ARRÊTE", level=2),
        Block(BlockKind.PARAGRAPH, "Article 1 : La circulation est interdite."),
        Block(BlockKind.PARAGRAPH, "Article 2 : Le maire est chargé de l'exécution."),
    ]

    labels = [section.path[-1] for section in split_sections(blocks)]

    assert labels[1:] == ["Visas", "Considérants", "ARRÊTE", "Article 1", "Article 2"]
    assert split_sections(blocks)[-1].path[1:] == ("ARRÊTE", "Article 2")


def test_what_follows_the_grounds_is_not_under_them() -> None:
    blocks = [
        Block(BlockKind.HEADING, "1. Budget", level=1),
        Block(BlockKind.PARAGRAPH, "Considérant que le budget est équilibré,"),
        Block(BlockKind.PARAGRAPH, "Le conseil municipal, après en avoir délibéré, l'adopte."),
        Block(BlockKind.HEADING, "2. Écoles", level=1),
        Block(BlockKind.PARAGRAPH, "Considérant que l'école ouvre en septembre,"),
        Block(BlockKind.PARAGRAPH, "Monsieur le maire présente le projet."),
    ]

    paths = [section.path for section in split_sections(blocks)]

    assert paths == [
        ("1. Budget",),
        ("1. Budget", "Considérants"),
        ("1. Budget", "Dispositif"),
        ("2. Écoles",),
        ("2. Écoles", "Considérants"),
        ("2. Écoles",),
    ]


def test_enacting_terms_without_end_name_no_part() -> None:
    blocks = [
        Block(BlockKind.PARAGRAPH, "Vu le code général des collectivités territoriales,"),
        Block(BlockKind.PARAGRAPH, "Après en avoir délibéré, le conseil adopte le budget."),
        Block(BlockKind.PARAGRAPH, "Vu le code de l'éducation,"),
        Block(BlockKind.PARAGRAPH, "Après en avoir délibéré, le conseil ouvre l'école."),
    ]

    assert [section.path for section in split_sections(blocks)] == [()]
