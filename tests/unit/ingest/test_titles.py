from __future__ import annotations

import pytest

from ingest.draft import Draft, table_block
from ingest.kinds import find_kind
from ingest.model import Block, BlockKind, DocumentKind, Place, Table
from ingest.titles import find_title, title_of_name


def heading(text: str, level: int = 1) -> Block:
    return Block(kind=BlockKind.HEADING, text=text, level=level)


def paragraph(text: str) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text)


def title(*blocks: Block, declared: str = "", name: str = "fichier.pdf") -> tuple[str, bool]:
    return find_title(Draft(engine="x", blocks=list(blocks), declared_title=declared), name=name)


def test_first_telling_heading_is_the_title() -> None:
    found = title(
        heading("RÉPUBLIQUE FRANÇAISE"), heading("Règlement d'intervention en faveur des lycées")
    )

    assert found == ("Règlement d'intervention en faveur des lycées", True)


def test_lone_act_word_is_completed_by_its_number_and_subject() -> None:
    found = title(
        heading("ARRÊTÉ MUNICIPAL"),
        paragraph("n° 2010/39"),
        paragraph("portant réglementation du stationnement"),
    )

    assert found[0] == "ARRÊTÉ MUNICIPAL n° 2010/39 portant réglementation du stationnement"


def test_report_in_a_table_takes_its_object() -> None:
    table = table_block(
        [
            ["Refonte", "Animation"],
            ["COMPTE-RENDU DE RÉUNION", ""],
            ["Objet : Plénière du 5 juin", ""],
        ]
    )
    assert table is not None

    assert title(table, heading("Récapitulatif des travaux"))[0].endswith("Plénière du 5 juin")


def test_row_named_title_is_believed() -> None:
    table = table_block([["Titre", "Schéma régional des formations"], ["Date", "2024"]])
    assert table is not None

    assert title(table, heading("Présentation"))[0] == "Schéma régional des formations"


def test_metadata_stand_in_for_a_document_without_heading() -> None:
    body = paragraph("Le présent texte commence sans titre et se poursuit longuement.")

    assert title(body, declared="Guide des aides aux communes") == (
        "Guide des aides aux communes",
        True,
    )


@pytest.mark.parametrize(
    "junk", ["Microsoft Word - doc1.docx", "Présentation PowerPoint", "fichier", "Sans titre"]
)
def test_junk_metadata_give_way_to_the_name(junk: str) -> None:
    body = paragraph("Le présent texte commence sans titre et se poursuit longuement.")

    assert title(body, declared=junk, name="dir/Notice_aux_lycées.pdf") == (
        "Notice aux lycées",
        False,
    )


def test_names_attendees_and_votes_are_no_titles() -> None:
    found = title(
        heading("Monsieur Paul MARTIN à Madame Anne PETIT"),
        heading("Vote : 14 voix pour"),
        name="PV du 3 mai.pdf",
    )

    assert found == ("PV du 3 mai", False)


def scanned(text: str, *, confidence: float = 0.95) -> Block:
    kind = BlockKind.HEADING if text.isupper() else BlockKind.PARAGRAPH
    return Block(kind=kind, text=text, level=1, confidence=confidence)


@pytest.mark.parametrize(
    "noise",
    [
        ["E = RÉPUBLIQUE", "Liberté", "Égalité", "Fraternité"],
        ["EE Direction départementale", "DU GARD des territoires et de la mer"],
        ["ZONE RIBUTION : F", "[Les Reg suivants sont concernés"],
        ["DE LA HAUTE-SAÔNE", "Pôle sécurité civile", "Messieurs les Députés"],
        ["(PPRI) sur la commune de Flaux", "DÉPARTEMENT DU GARD"],
    ],
)
def test_letterhead_and_specks_of_a_scan_are_no_titles(noise: list[str]) -> None:
    lines = map(scanned, noise)

    found = title(*lines, scanned("QUELLE EAU BUVEZ-VOUS ?"))
    fallback = title(*lines, name="courrier_délestage.pdf")

    assert found == ("QUELLE EAU BUVEZ-VOUS ?", True)
    assert fallback == ("courrier délestage", False)


def test_line_badly_read_is_not_chosen() -> None:
    found = title(
        scanned("PROCES VERI CONSEIL", confidence=0.6), scanned("Séance du 22 septembre 2023")
    )

    assert found == ("Séance du 22 septembre 2023", True)


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (
            ["Acte administratif n° 30-2023-02 ARRETE N° DDTM-14\nportant autorisation de tir"],
            "ARRETE N° DDTM-14 portant autorisation de tir",
        ),
        (["ARRÊTÉ MUNICIPAL", "portant " + "règles " * 40], "ARRÊTÉ MUNICIPAL portant règles"),
        (["Compte rendu\nconseil municipal du 19 mai 2021", "1/3"], "2021"),
        (["REPUBLIQUE FRANCAISE\nDélibération n° 7 du 2 mai 2024"], "Délibération n° 7"),
        (["ORDRE DU JOUR\nDU CONSEIL MUNICIPAL"], "ORDRE DU JOUR DU CONSEIL MUNICIPAL"),
        (["RECUEIL DES ACTES\nADMINISTRATIFS N° 146"], "RECUEIL DES ACTES ADMINISTRATIFS N° 146"),
        (["Programme FEDER\n2021-2027", "FICHE ACTION 1.2\nKap numérik"], "FICHE ACTION 1.2 Kap"),
        (
            [
                "Décrets, arrêtés, circulaires",
                "Décret no 2021-384 du 2 avril 2021 " + "modifié " * 40,
            ],
            "Décret no 2021-384 du 2 avril 2021 modifié",
        ),
        (
            ["COMPTE-RENDU DE REUNION du jeudi 30 avril."],
            "COMPTE-RENDU DE REUNION du jeudi 30 avril",
        ),
        (["Saisine du CNPN - {activité} – {nom}, {liste}"], "Saisine du CNPN"),
    ],
)
def test_words_of_an_act_make_its_title(blocks: list[str], expected: str) -> None:
    (found, is_inside) = title(*map(scanned, blocks))

    assert is_inside
    assert expected in found
    assert not found.endswith(("1/3", "}"))
    assert not found.startswith(("REPUBLIQUE", "Acte", "Programme", "Décrets"))


def test_short_type_of_a_cover_goes_on_with_its_subtitle() -> None:
    found = title(heading("MANUEL OPERATEUR"), paragraph("Outil de saisie web"))

    assert found[0] == "MANUEL OPERATEUR Outil de saisie web"


@pytest.mark.parametrize("section", ["1. Règles", "I - Champ", "Article 1er"])
def test_first_numbered_section_is_no_part_of_the_title(section: str) -> None:
    draft = Draft(engine="x", blocks=[heading("Note sur les subventions"), heading(section)])

    assert find_title(draft, name="x.docx") == ("Note sur les subventions", True)


def test_one_word_is_followed_by_the_name_of_the_file() -> None:
    body = scanned("Je soussigné, maire de la commune, certifie que le plan a été affiché.")

    found = title(scanned("Attestation"), body, name="dossier/arrêté_PPRI.pdf")

    assert found == ("Attestation — arrêté PPRI", True)


def test_long_title_is_cut_between_words() -> None:
    long = "Règlement " + "très " * 33 + "long"

    assert len(title(heading(long))[0]) <= 201


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd.pdf", "passwd"),
        ("C:\\temp\\a_b.docx", "a b"),
        (".pdf", ".pdf"),
        ("///", "Document sans titre"),
    ],
)
def test_title_of_a_name_forgets_folders(name: str, expected: str) -> None:
    assert title_of_name(name) == expected


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Délibération n° 12 adoptant le règlement", DocumentKind.DELIBERATION),
        ("Règlement d'intervention « Cap mobilité »", DocumentKind.REGLEMENT),
        ("Schéma régional de la biodiversité", DocumentKind.SCHEMA),
        ("Guide du porteur de projet", DocumentKind.GUIDE),
        ("Procès-verbal de la séance du 3 mai", DocumentKind.COMPTE_RENDU),
        ("Convention de partenariat", DocumentKind.CONVENTION),
        ("Arrêté préfectoral", DocumentKind.ARRETE),
        ("Note de service", DocumentKind.NOTE),
        ("Les filtres respiratoires", DocumentKind.OTHER),
    ],
)
def test_kind_is_the_first_telling_word_of_the_title(words: str, kind: DocumentKind) -> None:
    assert find_kind(title=words, blocks=[], name="x.pdf") == kind


def test_kind_comes_from_short_lines_before_the_name() -> None:
    blocks = [paragraph("CONVENTION"), paragraph("Le règlement " + "est long " * 30)]

    assert (
        find_kind(title="Lycée Jean Moulin", blocks=blocks, name="guide.pdf")
        == DocumentKind.CONVENTION
    )
    assert (
        find_kind(title="Lycée Jean Moulin", blocks=[], name="Guide_pratique.pdf")
        == DocumentKind.GUIDE
    )


@pytest.mark.parametrize(
    "mention",
    [
        "Source : délibération du 3 mai 2024",
        "Sources : arrêté n° 12",
        "Réf. convention 4",
        "Vu l'arrêté 3",
    ],
)
def test_kind_is_not_that_of_a_document_only_named(mention: str) -> None:
    blocks = [Block(BlockKind.PARAGRAPH, mention), Block(BlockKind.PARAGRAPH, "Convention type")]

    assert find_kind(title="Aides", blocks=blocks[:1], name="x.pdf") == DocumentKind.OTHER
    assert find_kind(title="Aides", blocks=blocks, name="x.pdf") == DocumentKind.CONVENTION


def test_kind_of_a_workbook_comes_from_its_head_and_not_from_its_cells() -> None:
    place = Place(sheet="Feuille1")
    table = Table(header=("Délibération", "Montant"), rows=(("12", "40"),))
    cells = [
        Block(BlockKind.PARAGRAPH, "délibération du 3 mai", place=place),
        Block(BlockKind.TABLE, "| Délibération |", table=table, place=place),
    ]
    head = Block(BlockKind.HEADING, "Convention de partenariat", level=1, place=place)

    assert find_kind(title="Aides", blocks=cells, name="x.xlsx") == DocumentKind.OTHER
    assert find_kind(title="Aides", blocks=[head, *cells], name="x") == DocumentKind.CONVENTION
