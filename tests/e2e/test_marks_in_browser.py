"""A model that lies, and one that cites the wrong source: what people see of it in a real browser."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from assistant.testing.mock_model import running_mock_model
from tests.e2e.browser import WAIT_MS, Product, ask, chromium, running_product, sign_in

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


@pytest.fixture(scope="module")
def context() -> Generator[BrowserContext]:
    with chromium() as browser:
        opened = browser.new_context(viewport={"width": 1280, "height": 860}, locale="fr-FR")
        opened.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        yield opened


@pytest.fixture(params=["mock-lying", "mock-shuffled", "mock-grounded"])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[tuple[str, Product]]:
    files = [tmp_path / "reglement.txt", tmp_path / "depliant.txt"]
    for path, words in zip(files, (RULES, LEAFLET), strict=True):
        path.write_text(words, "utf-8")
    with (
        running_mock_model() as model,
        running_product(tmp_path, model_url=model.url, model=request.param) as started,
    ):
        started.ingest(files)
        yield request.param, started


REASONS = {
    "mock-lying": "ne figurent pas dans la source [",
    "mock-shuffled": "cela ne se lit pas dans la source [",
}


def test_false_statements_are_marked_with_their_reasons_also_after_a_reload(
    context: BrowserContext, product: tuple[str, Product]
) -> None:
    model, started = product
    context.clear_cookies()
    page = context.new_page()
    sign_in(page, started)
    ask(page, QUESTION)
    expect(page.locator("section.answer.answered")).to_be_visible()

    check(page, model)
    page.reload()
    expect(page.locator("section.answer.answered")).to_be_visible()
    check(page, model)
    page.close()


def check(page: Page, model: str) -> None:
    if model == "mock-grounded":
        expect(page.locator(".answer-text")).to_contain_text("37 %")
        expect(page.locator("mark.doubt")).to_have_count(0)
        expect(page.locator(".answer-doubts")).to_have_count(0)
        return
    expect(page.locator(".answer-doubts")).to_contain_text("pas pu être vérifiée")
    marked = page.locator("mark.doubt").first
    expect(marked).to_contain_text("taux de subvention")
    assert "underline" in str(marked.evaluate("one => getComputedStyle(one).textDecorationLine"))
    expect(page.get_by_role("note").first).to_contain_text("Non vérifié : ")
    expect(page.get_by_role("note").first).to_contain_text(REASONS[model])
