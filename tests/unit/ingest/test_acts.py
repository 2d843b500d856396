"""What an act says of itself and does to others; what is doubtful stays unknown."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.acts import act_key, find_act
from ingest.model import Act, ActStatus, Block, BlockKind, DocumentKind, Effect

DELIBERATION, ARRETE = DocumentKind.DELIBERATION, DocumentKind.ARRETE


def read(text: str, *, title: str = "", kind: DocumentKind = DELIBERATION) -> Act:
    blocks = [Block(BlockKind.PARAGRAPH, part) for part in text.split("\n\n")]
    return find_act(title=title, blocks=blocks, kind=kind, dated=date(2025, 3, 20))


@pytest.mark.parametrize(
    ("line", "number", "key"),
    [
        ("Délibération n° 2024-123", "2024-123", "deliberation 2024-123"),
        ("DÉLIBÉRATION N°D2025-003", "D2025-003", "deliberation d-2025-3"),
        ("ARRETE MUNICIPAL n°2009/64", "2009/64", "arrete 2009-64"),
        ("ARRÊTÉ PREFECTORAL N° 30-2023-03-10-00002", "30-2023-03-10-00002", None),
        ("Extrait du registre des délibérations\nDélibération n° 12", "12", "deliberation 12"),
    ],
)
def test_number_is_found_at_the_head(line: str, number: str, key: str | None) -> None:
    act = read(f"Commune de Saint-Lormel\n{line}\nLe conseil municipal, réuni le 20 mars 2025")

    assert act.number == number
    assert key is None or act.key == key
    assert act.date == date(2025, 3, 20)


@pytest.mark.parametrize(
    "text",
    [
        "Vu la délibération n° 2024-117 du 4 juillet 2024 ;",
        "Le rapporteur rappelle la délibération n° 2024-117.",
        "Délibération n° 2024-1\nDélibération n° 2024-2",
        "Lot n° 3 : maçonnerie",
    ],
)
def test_number_that_may_be_of_another_act_is_not_taken(text: str) -> None:
    assert read(text).number is None


def test_minutes_have_no_number_of_their_own() -> None:
    minutes = "Délibération n° 2024-1 : budget"

    act = read(minutes, title="Procès-verbal", kind=DocumentKind.COMPTE_RENDU)

    assert (act.number, act.date) == (None, None)


def test_spellings_of_one_number_have_one_key() -> None:
    assert act_key("Délibérations", number="2024/007") == act_key("délibération", number="2024-7")
    assert act_key("arrêté", number="7") != act_key("délibération", number="7")


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("Le Conseil municipal, légalement convoqué", "conseil municipal"),
        ("Séance du Conseil Communautaire", "conseil communautaire"),
        ("La commission permanente du Conseil régional", "commission permanente"),
        ("Le Maire de la commune,\nVu la délibération du conseil municipal", "maire"),
        ("La préfète du Gard", "préfet"),
        ("La Présidente de la Région", "président"),
        ("Le rapport est présenté.", None),
    ],
)
def test_authority(text: str, authority: str | None) -> None:
    assert read(f"Délibération n° 1\n{text}").authority == authority


def test_subject_ends_where_the_sitting_begins() -> None:
    act = read("Délibération n° 1\nObjet : tarifs de la cantine Le conseil municipal, réuni")

    assert act.subject == "tarifs de la cantine"


def test_several_subjects_give_none() -> None:
    assert read("Objet : tarifs\n\nObjet : travaux de voirie").subject is None


@pytest.mark.parametrize(
    ("opening", "status"),
    [
        ("PROJET DE DÉLIBÉRATION", ActStatus.DRAFT),
        ("PROJET", ActStatus.DRAFT),
        ("Projet éducatif de territoire", None),
        ("ABROGÉ", ActStatus.ABROGATED),
        ("Arrêté abrogé par l'arrêté du 3 mai 2024", ActStatus.ABROGATED),
        ("Délibération n° 3", None),
    ],
)
def test_status(opening: str, status: ActStatus | None) -> None:
    assert read(f"{opening}\nLe conseil municipal").status == status


def test_day_of_entry_into_force() -> None:
    one = read("La présente délibération entre en vigueur le 1er avril 2025.")
    two = read(
        "Elle entre en vigueur le 1er avril 2025. L'article 2 entre en vigueur le 2 mai 2025."
    )

    assert one.in_force_on == date(2025, 4, 1)
    assert two.in_force_on is None


@pytest.mark.parametrize(
    ("sentence", "effect"),
    [
        ("La présente abroge et remplace la délibération n° 2023-12.", Effect.REPLACES),
        ("Elle annule et remplace la délibération n° 2023-12 du 4 mai 2023.", Effect.REPLACES),
        ("La délibération n° 2023-12 est abrogée.", Effect.ABROGATES),
        ("La délibération n° 2023-12 du 4 mai 2023 est rapportée.", Effect.ABROGATES),
        ("La délibération n° 2023-12 est remplacée par la présente.", Effect.REPLACES),
        ("La présente modifie l'article 3 de la délibération n° 2023-12.", Effect.MODIFIES),
        ("L'article 3 de la délibération n° 2023-12 est abrogé.", Effect.MODIFIES),
        ("À l'article 1er de la délibération n° 2023-12, sont ajoutés les mots.", Effect.MODIFIES),
        ("Objet : modification de la délibération n° 2023-12", Effect.MODIFIES),
        ("Décide d'abroger la délibération n° 2023-12.", Effect.ABROGATES),
    ],
)
def test_what_a_sentence_does_to_another_act(sentence: str, effect: Effect) -> None:
    (reference,) = read(f"Délibération n° 2025-1\n\n{sentence}").references

    assert (reference.effect, reference.key) == (effect, "deliberation 2023-12")
    assert reference.quote in sentence


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("La présente modifie l'article 3 de la délibération n° 2023-12.", ("3",)),
        ("L’article 4 bis de la délibération n° 2023-12 est abrogé.", ("4bis",)),
        ("À l'article 1er de la délibération n° 2023-12, sont ajoutés les mots.", ("1",)),
        ("La délibération n° 2023-12 est modifiée en son article 6.", ("6",)),
        ("La délibération n° 2023-12 est modifiée.", ()),
        (
            "La délibération n° 2023-12 est modifiée comme suit :\n\n"
            "Article 2 : L'article 10 est remplacé par : « L'article 8 est supprimé. »\n\n"
            "Les articles 3, 5 et 7 à 9 sont complétés.\n\nLes autres articles sont inchangés.",
            ("3", "5", "7", "8", "9", "10"),
        ),
        (
            "La délibération n° 2023-12 est complétée. Après l'article 3 est inséré un article.",
            (),
        ),
        ("La délibération n° 2023-12 est modifiée. L'article 6 de la loi est abrogé.", ()),
        (
            "La délibération n° 2023-12 est modifiée.\n\nVu le rapport ;\n\nL'article 2 est modifié.",
            (),
        ),
    ],
)
def test_articles_that_a_text_modifies_are_named(text: str, articles: tuple[str, ...]) -> None:
    (reference,) = read(f"Délibération n° 2025-1\n\n{text}").references

    assert (reference.effect, reference.articles) == (Effect.MODIFIES, articles)


def test_articles_go_with_the_act_that_is_named_with_them() -> None:
    text = (
        "L'article 2 de la délibération n° 2023-12 est modifié. "
        "L'article 9 de la délibération n° 2022-1 est complété. L'article 4 est supprimé."
    )

    found = {each.key: each.articles for each in read(text).references}

    assert found == {"deliberation 2023-12": ("2",), "deliberation 2022-1": ("4", "9")}


def test_text_full_of_places_to_fill_is_a_template() -> None:
    places = (
        "Objet : dérogation de {demandeur}\n\nDépartement {numéro} {#if urgent} oui {/if} {nom}"
    )
    code = 'Exemple : { "style": "souligné" } ' * 6

    assert read(places).status is ActStatus.TEMPLATE
    assert read(f"{places}\n\n{'Une phrase entière. ' * 100}").status is None
    assert read(code).status is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Vu la délibération n° 2023-12 modifiant la délibération n° 2022-7 ;",
        "Vu l'arrêté n° 2023-12 abrogeant l'arrêté n° 2019-1 ;",
        "Considérant que la délibération n° 2023-12 a été appliquée ;",
        "Les demandes restent régies par la délibération n° 2023-12.",
        "Sa demande tendait à l'annulation de la décision n° 60.",
        "La délibération n° 2023-12 remplace la délibération n° 2022-7.",
        "La délibération n° 2025-1 est remplacée.",
        "La présente délibération n'abroge pas la délibération n° 2023-12.",
        "Elle ne remplace pas la délibération n° 2023-12, qui reste en vigueur.",
        "Il est décidé de ne pas modifier la délibération n° 2023-12.",
        "Le tribunal a refusé d'annuler la délibération n° 2023-12.",
        "Elle ne modifie pas l'article 3 de la délibération n° 2023-12.",
    ],
)
def test_an_act_that_is_only_named_is_not_touched(sentence: str) -> None:
    assert read(f"Délibération n° 2025-1\n\n{sentence}").references == ()


def test_the_date_given_with_a_number_is_kept() -> None:
    (reference,) = read(
        "Elle abroge la délibération n° 12 du 4 mai 2023, devenue inutile."
    ).references

    assert reference.date == date(2023, 5, 4)


def test_replacing_without_a_name_is_kept_too() -> None:
    (reference,) = read("Le présent règlement annule et remplace le précédent.").references

    assert (reference.effect, reference.key) == (Effect.REPLACES, "")


def test_hostile_text_is_read_in_time() -> None:
    act = read("vu la délibération n° 1 " * 20_000 + "\n" + "n° " * 50_000)

    assert act.references == ()
