"""A model that lies, and one that cites the wrong source: what people see of it in a real browser."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Page, expect

from assistant.schemas.tenants import TenantIn
from assistant.testing.mock_model import MockModel
from tests.e2e.browser import Product, ask
from tests.e2e.desks import Desks
from tests.e2e.offices import Office, open_office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

QUESTION = "Quel est le taux de subvention pour la rénovation des piscines municipales ?"
RULES = (
    "Règlement des équipements sportifs\n\n"
    "Le taux de subvention pour la rénovation des piscines municipales est fixé à 37 % des dépenses "
    "éligibles, dans la limite de 480 000 euros par projet.\n"
)
LEAFLET = (
    "Dépliant des aides aux communes\n\n"
    "Les demandes de subvention des communes sont déposées par voie électronique avant le 30 septembre.\n"
)


REASONS = {
    "lying": "ne figurent pas dans la source [",
    "shuffled": "cela ne se lit pas dans la source [",
}


@pytest.fixture(scope="module")
def office(service: Product, tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("marks")
    files = [folder / "reglement.txt", folder / "depliant.txt"]
    for path, words in zip(files, (RULES, LEAFLET), strict=True):
        path.write_text(words, "utf-8")
    opened = open_office(service, TenantIn(name="Commune des Marques"))
    opened.ingest(files)
    return opened


@pytest.fixture(scope="module")
def page(desks: Desks, office: Office) -> Generator[Page]:
    with desks.seat() as seat:
        yield office.open(seat)


@pytest.fixture(params=["lying", "shuffled", "grounded"])
def mode(request: pytest.FixtureRequest, model: MockModel) -> Generator[str]:
    model.play(request.param)
    yield request.param
    model.play()


def test_false_statements_are_marked_with_their_reasons_also_after_a_reload(
    page: Page, office: Office, mode: str
) -> None:
    page.goto(office.url)
    ask(page, QUESTION)
    expect(page.locator("section.answer.answered")).to_be_visible()

    check(page, mode)
    page.reload()
    expect(page.locator("section.answer.answered")).to_be_visible()
    check(page, mode)


def check(page: Page, mode: str) -> None:
    if mode == "grounded":
        expect(page.locator(".answer-text")).to_contain_text("37 %")
        expect(page.locator("mark.doubt")).to_have_count(0)
        expect(page.locator(".answer-doubts")).to_have_count(0)
        return
    expect(page.locator(".answer-doubts")).to_contain_text("pas pu être vérifiée")
    marked = page.locator("mark.doubt").first
    expect(marked).to_contain_text("taux de subvention")
    assert "underline" in str(marked.evaluate("one => getComputedStyle(one).textDecorationLine"))
    expect(page.get_by_role("note").first).to_contain_text("Non vérifié : ")
    expect(page.get_by_role("note").first).to_contain_text(REASONS[mode])
