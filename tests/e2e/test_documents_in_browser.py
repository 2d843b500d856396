"""An administrator corrects, excludes and brings back documents in a real browser."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from assistant.schemas.tenants import TenantIn
from tests.e2e.browser import WAIT_MS, Product, wait_for
from tests.e2e.desks import Desks
from tests.e2e.offices import Office, open_office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

SAMPLE = Path(__file__).parents[2] / "eval" / "sample" / "documents"
NAMES = ("deliberation-2024-117.pdf", "deliberation-2025-042.pdf")
TITLE = "Aide aux communes rurales"
LONG = "# Registre des arrêtés\n\n" + "\n\n".join(
    f"## Arrêté {number}\n\n{f'Le stationnement est interdit place {number} le jour du marché. ' * 12}"
    for number in range(1, 26)
)


@pytest.fixture(scope="module")
def office(service: Product, tmp_path_factory: pytest.TempPathFactory) -> Office:
    register = tmp_path_factory.mktemp("documents") / "registre.md"
    register.write_text(LONG, "utf-8")
    opened = open_office(service, TenantIn(name="Commune des Documents"))
    opened.client.upload_documents([*(SAMPLE / name for name in NAMES), register])
    wait_for(lambda: opened.client.list_documents().counts.live == 3, seconds=180)
    return opened


@pytest.fixture(scope="module")
def context(desks: Desks) -> Generator[BrowserContext]:
    with desks.seat() as seat:
        yield seat


@pytest.fixture
def page(office: Office, context: BrowserContext) -> Generator[Page]:
    opened = office.open(context, "documents")
    expect(opened.get_by_role("table")).to_be_visible()
    yield opened
    opened.close()


def shown_state(office: Office, document_id: str) -> str:
    return office.client.get_document(document_id).state


def test_a_title_is_corrected_and_the_document_found_by_it(
    page: Page, office: Office, tmp_path: Path
) -> None:
    (document,) = office.client.list_documents(name=NAMES[0]).documents
    page.screenshot(path=tmp_path / "list.png")
    page.get_by_role("link", name=document.title, exact=True).first.click()
    title = page.get_by_role("textbox", name="Titre")
    expect(title).to_have_value(document.title)
    page.screenshot(path=tmp_path / "document.png", full_page=True)
    title.fill(TITLE)
    page.get_by_role("button", name="Enregistrer").click()

    expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    said = page.get_by_text(re.compile("Corrigé par .* le "))
    expect(said).to_be_visible()
    wait_for(lambda: not office.client.get_dossier(document.id).awaits_title, seconds=120)
    expect(page.get_by_text("sera aussi cherché par ce titre")).to_be_hidden()
    page.screenshot(path=tmp_path / "corrected.png", full_page=True)
    found = office.client.search("aide aux communes rurales", limit=3)
    assert found.results[0].title == TITLE
    page.get_by_role("button", name="Revenir à ce qui a été lu").click()
    expect(page.get_by_role("heading", name=document.title, level=1)).to_be_visible()


def test_a_document_is_excluded_on_its_page_and_brought_back_in_the_list(
    page: Page, office: Office, tmp_path: Path
) -> None:
    (document,) = office.client.list_documents(name=NAMES[1]).documents
    page.get_by_role("link", name=document.title, exact=True).first.click()
    page.get_by_role("button", name="Exclure", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Exclure", exact=True).click()
    expect(page.get_by_text(re.compile("Exclu par .* le "))).to_be_visible()
    page.screenshot(path=tmp_path / "excluded.png")
    assert shown_state(office, document.id) == "excluded"
    found = office.client.search(document.title, limit=5)
    assert document.id not in {each.document_id for each in found.results}

    page.get_by_role("button", name="Tous les documents").click()
    page.get_by_text(re.compile(r"^Exclus \(1\)$")).click()
    page.get_by_role("checkbox", name=f"Choisir {NAMES[1]}").check()
    page.screenshot(path=tmp_path / "selected.png")
    page.get_by_role("button", name="Rétablir", exact=True).click()
    expect(page.get_by_text("Un document est rétabli")).to_be_visible()
    wait_for(lambda: shown_state(office, document.id) == "live", seconds=20)


def test_any_passage_is_reached_by_its_number(page: Page, office: Office, tmp_path: Path) -> None:
    (document,) = office.client.list_documents(name="registre.md").documents
    assert document.chunk_count > 20
    page.get_by_role("link", name=document.title, exact=True).first.click()
    number = page.get_by_role("spinbutton", name="Aller au passage n°")
    number.fill(str(document.chunk_count))
    number.press("Enter")
    last = page.get_by_text(f"Passage {document.chunk_count}", exact=True)
    expect(last).to_be_visible()
    last.scroll_into_view_if_needed()
    page.screenshot(path=tmp_path / "passages.png")


def test_a_cut_upload_goes_on_where_it_stopped_and_a_copy_is_told_before_it_is_sent(
    page: Page, tmp_path: Path
) -> None:
    large, copy = tmp_path / "marche.txt", tmp_path / "copie.txt"
    large.write_text("Le marché a lieu le jeudi.\n" + " " * 9_000_000, "utf-8")
    copy.write_bytes((SAMPLE / NAMES[0]).read_bytes())
    offsets: list[str] = []

    def cut_once(route: Route) -> None:
        request = route.request
        if request.method == "PATCH":
            offsets.append(request.headers["upload-offset"])
            if offsets.count("8388608") == 1 and offsets[-1] == "8388608":
                route.abort("connectionreset")
                return
        route.continue_()

    page.route("**/content", cut_once)
    uploads = page.locator(".upload")
    page.locator(".upload input[type=file]").set_input_files([large, copy])

    expect(uploads.get_by_text("Connexion coupée")).to_be_visible(timeout=6 * WAIT_MS)
    expect(uploads.get_by_text("Consultable")).to_be_visible(timeout=6 * WAIT_MS)
    assert offsets == ["0", "8388608", "8388608"]
    expect(uploads.get_by_text(f"sous le nom {NAMES[0]}")).to_be_visible()
    uploads.get_by_role("button", name="Ajouter quand même").click()
    expect(uploads.get_by_text("Consultable")).to_have_count(2, timeout=6 * WAIT_MS)
    page.screenshot(path=tmp_path / "sent.png")


def test_what_a_click_on_the_list_begins_is_shown_and_followed_to_its_end(
    page: Page, office: Office, tmp_path: Path
) -> None:
    page.get_by_role("button", name="Tout réindexer").click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("ser(a|ont) relu"))
    page.screenshot(path=tmp_path / "all-again.png")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    notes = [tmp_path / f"note-{number}.md" for number in range(40)]
    for note in notes:
        note.write_text(f"# {note.stem}\n\nLe pont ouvre le 3 mai.\n", "utf-8")
    job = office.client.upload_documents(notes).job
    office.client.cancel_job(job.id)
    wait_for(lambda: office.client.get_job(job.id).state == "cancelled", seconds=60)
    page.reload()
    page.get_by_text("Derniers traitements").click()
    page.get_by_role("button", name="Relancer").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.screenshot(path=tmp_path / "followed.png")
    expect(page.get_by_role("progressbar")).to_have_count(0, timeout=3 * WAIT_MS)
    page.screenshot(path=tmp_path / "ended.png", full_page=True)
    assert office.client.get_job(job.id).state == "succeeded"
