from __future__ import annotations

from datetime import date

import pytest

from ingest.dates import document_date, name_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Séance du jeudi 6 mars 2025. Le conseil…", date(2025, 3, 6)),
        (
            "L'an deux mille vingt-cinq, le 6 mars à 19 h, le conseil, convoqué le 27 février 2025,",
            date(2025, 3, 6),
        ),
        ("L’an deux mille vingt-quatre et le premier octobre, le conseil", date(2024, 10, 1)),
        ("L'an deux mil huit, le vingt-huit mai, le conseil", date(2008, 5, 28)),
        ("Réunion plénière du 07/10/2025", date(2025, 10, 7)),
        ("Vu la loi du 12 avril 1996 ;\nFait à Orléans, le 3 décembre 2021", date(2021, 12, 3)),
        ("Vu l'arrêté du 22 octobre 1963 relatif à la signalisation", None),
        ("Considérant le règlement du 1er janvier 2020", None),
        ("Date de mise à jour : 27/01/2021", date(2021, 1, 27)),
        ("Version 1.0 du 2024-12-10", date(2024, 12, 10)),
        (
            "Approbation du procès-verbal de la séance du 4 mai 2023. Séance du 5 juin 2023.",
            date(2023, 6, 5),
        ),
        ("Le 31 février 2020 n'existe pas", None),
        ("Aucune date ici", None),
    ],
)
def test_date_is_the_one_of_the_act(text: str, expected: date | None) -> None:
    assert document_date(text, title="Sans date", name="x.pdf") == expected


def test_date_inside_wins_over_a_misleading_name() -> None:
    text = "Procès-verbal de la séance du 15 décembre 2023"

    assert document_date(text, title="PV", name="PV_DU_15_DECEMBRE_2024.pdf") == date(2023, 12, 15)


def test_name_wins_over_a_date_that_nothing_explains() -> None:
    text = "Le chantier ouvre 3 mars 2020 sans doute."

    assert document_date(text, title="Chantier", name="20240912_chantier.pdf") == date(2024, 9, 12)


def test_act_of_the_title_is_dated_by_its_own_words() -> None:
    text = "Arrêté du 9 juillet 2019 portant délégation"

    assert document_date(text, title="Arrêté portant délégation", name="x") == date(2019, 7, 9)
    assert document_date(text, title="Saisine de l'expert", name="x") is None


def test_signature_at_the_end_of_a_long_document_counts() -> None:
    text = "Texte sans date. " * 600 + "\nFait à Lille, le 2 mai 2022"

    assert document_date(text, title="Convention", name="x") == date(2022, 5, 2)


TODAY = date(2025, 3, 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Forum des associations le 12 septembre 2025.\nÉcrit ici le 3 mars 2025.", "2025-03-03"),
        ("Séance du 11 mars 2025", None),
        ("Fait à Lille, le 11 mars 2025", None),
        ("Fait à Lille, le 10 mars 2025", "2025-03-10"),
        ("L'an deux mille vingt-six, le 6 mars, le conseil", None),
    ],
)
def test_a_day_still_to_come_never_dates_a_document(text: str, expected: str | None) -> None:
    found = document_date(text, title="Avis", name="avis.pdf", today=TODAY)

    assert found == (date.fromisoformat(expected) if expected else None)


def test_a_future_title_or_name_gives_way_to_a_past_date() -> None:
    text = "Fait à Lille, le 2 mars 2025"

    for title, name in (("Forum du 12 mai 2025", "x"), ("Forum", "forum-2025-05-12.pdf")):
        assert document_date(text, title=title, name=name, today=TODAY) == date(2025, 3, 2)
        assert document_date("Bonjour", title=title, name=name, today=TODAY) is None


def test_today_is_the_present_day() -> None:
    assert document_date("Fait à Lille, le 2 mai 2045", title="Avis", name="x") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20250306-PV.pdf", date(2025, 3, 6)),
        ("CM-13-decembre-2022.pdf", date(2022, 12, 13)),
        ("Compte rendu 18_mai_2021.odt", date(2021, 5, 18)),
        ("compte-rendu-02-02-2016.pdf", date(2016, 2, 2)),
        ("250603_Suivi.pdf", date(2025, 6, 3)),
        ("2025-06-05-CR.docx", date(2025, 6, 5)),
        ("dossier/CR_reunion_20211105.pdf", date(2021, 11, 5)),
        ("SPP-22-0503.pdf", None),
        ("sans_date.pdf", None),
    ],
)
def test_date_of_a_name(name: str, expected: date | None) -> None:
    assert name_date(name) == expected
