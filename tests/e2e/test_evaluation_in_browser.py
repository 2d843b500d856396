"""An administrator's own questions, from their file to the page that a wrong answer cites."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant.schemas.tenants import TenantIn
from tests.e2e.browser import Product, Watch
from tests.e2e.desks import Seat
from tests.e2e.forms import go
from tests.e2e.offices import Office, open_office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

RULES = """# Règlement de la patinoire

La patinoire de Valbourg ouvre le 3 novembre à midi. L'entrée coûte 4 euros pour les habitants.
"""
NAME = "un-fichier-" + "tres-long-" * 12 + "fin.pdf"
"""Longer than its column."""
QUESTIONS = f"""Question;Document attendu;Page ou passage
Quand la patinoire de Valbourg ouvre-t-elle ?;patinoire.md;3 novembre
Combien coûte l'entrée de la patinoire de Valbourg ?;{NAME};
"""
FAULTY = "Question;Document attendu\nQui paie ?;\n;patinoire.md\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluation")


@pytest.fixture(scope="module")
def office(service: Product, folder: Path) -> Office:
    (folder / "patinoire.md").write_text(RULES, "utf-8")
    opened = open_office(service, TenantIn(name="Commune de la Mesure"))
    opened.ingest([folder / "patinoire.md"])
    return opened


def send(page: Page, folder: Path, name: str, content: str) -> None:
    path = folder / name
    path.write_text(content, "utf-8")
    page.locator("input[type=file]").set_input_files(path)


def test_questions_are_sent_evaluated_read_and_deleted(
    seat: Seat, office: Office, folder: Path
) -> None:
    context = seat()
    watch = Watch(context)
    shown = office.open(context)
    go(shown, "Évaluation")
    send(shown, folder, "fautif.csv", FAULTY)
    expect(shown.locator(".refusal")).to_contain_text("Ligne 2 : il manque le document attendu")
    expect(shown.locator(".refusal li")).to_contain_text("Ligne 3 : il manque la question")

    send(shown, folder, "patinoire.csv", QUESTIONS)
    expect(shown.get_by_text("« patinoire.csv » est enregistré")).to_be_visible()
    shown.get_by_role("button", name="Évaluer").click()
    shown.get_by_role("button", name="Voir les résultats").click()

    expect(shown.locator(".figure").first).to_contain_text("1 sur 2 questions")
    expect(shown.locator(".outcomes tbody tr")).to_have_count(2)
    assert is_within(shown)
    shown.get_by_text("À revoir (1)").click()
    wrong = shown.locator(".outcomes tbody tr")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("Le document attendu n'est pas parmi les passages retenus")
    with shown.context.expect_page() as opening:
        wrong.locator("a.open").click()
    expect(opening.value.locator("#passage")).to_contain_text("4 euros")
    opening.value.close()
    with shown.expect_download() as download:
        shown.get_by_role("link", name="Télécharger les résultats (CSV)").click()
    assert verdicts(Path(download.value.path())) == ["bonne source citée", "bonne source non citée"]
    assert download.value.suggested_filename.startswith("patinoire - résultats du ")

    shown.reload()
    expect(shown.get_by_role("heading", name="patinoire.csv")).to_be_visible()
    shown.get_by_role("button", name="Tous les jeux de questions").click()
    shown.get_by_role("button", name="Supprimer").click()
    shown.get_by_role("dialog").get_by_role("button", name="Supprimer définitivement").click()
    expect(shown.get_by_text("Aucun jeu de questions")).to_be_visible()
    assert office.client.list_question_sets() == []
    assert watch.foreign(office.url) == []
    assert watch.policy_breaches == []


def is_within(page: Page) -> bool:
    """True when nothing of the page is wider than its place."""
    widths: list[int] = page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid=stMain]');
            const table = document.querySelector('table.outcomes');
            return [main.scrollWidth - main.clientWidth,
                    table.getBoundingClientRect().right - main.getBoundingClientRect().right,
                    ...Array.from(table.querySelectorAll('td'), (one) => one.scrollWidth - one.clientWidth)];
        }"""
    )
    return max(widths) <= 0


def verdicts(table: Path) -> list[str]:
    with table.open(encoding="utf-8-sig", newline="") as lines:
        return [row["verdict"] for row in csv.DictReader(lines, delimiter=";")]
