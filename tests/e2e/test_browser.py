"""The whole road in a real browser: sign in, ask, read, open the source, manage documents."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from textwrap import wrap

import httpx
import pdfplumber
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from assistant.testing.mock_model import MockModel
from tests.e2e.browser import Product, Watch, ask, running_product, sign_in, wait_for
from tests.e2e.desks import Seat
from tests.e2e.forms import context_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

QUESTION = "Quel est le taux de subvention pour la rénovation des piscines municipales ?"
FACT = (
    "Le taux de subvention pour la rénovation des piscines municipales est fixé à 37 % des dépenses "
    "éligibles, dans la limite d'un plafond de 480 000 euros par projet, sur présentation d'un devis, "
    "d'un plan de financement et d'une étude énergétique réalisée depuis moins de trois ans."
)
OTHER = "Les demandes sont déposées par voie électronique avant le 30 septembre de chaque année. "
LONG = (
    OTHER
    + (
        "Chaque dossier comprend une lettre du maire, la délibération de la commune, un plan de situation, "
        "les photographies du bâtiment et le calendrier prévu des travaux. Les services de la Région "
        "accusent réception du dossier et demandent, s'il y a lieu, les pièces qui manquent. "
    )
    * 5
)
"""More than one chunk holds, so that the fact has its own."""
TOKENS_PER_S = 14


def write_pdf(path: Path) -> Path:
    """Two pages; the fact stands on the second one, in its middle."""
    canvas = Canvas(str(path), pagesize=A4)
    canvas.setTitle("Règlement d'intervention des équipements sportifs")
    paragraphs = [
        [
            ("Règlement d'intervention des équipements sportifs", 780, 18),
            ("Article 1. Dépôt des demandes", 720, 14),
            (LONG, 690, 11),
        ],
        [("Article 2. Taux de la subvention", 520, 14), (FACT, 490, 11)],
    ]
    for page in paragraphs:
        for words, top, size in page:
            canvas.setFont("Helvetica-Bold" if size > 12 else "Helvetica", size)
            for number, line in enumerate(wrap(words, 1040 // size)):
                canvas.drawString(72, top - number * 16, line)
        canvas.showPage()
    canvas.save()
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def pdf(folder: Path) -> Path:
    return write_pdf(folder / "reglement-piscines.pdf")


@pytest.fixture(scope="module")
def product(service: Product, model: MockModel, pdf: Path) -> Generator[Product]:
    """The machine's owner uses it, in the organisation that is there from the start."""
    service.ingest([pdf])
    model.play(tokens_per_s=TOKENS_PER_S)
    yield service
    model.play()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Generator[BrowserContext]:
    opened = context_of(browser)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def watch(context: BrowserContext) -> Watch:
    return Watch(context)


@pytest.fixture(scope="module")
def page(context: BrowserContext, watch: Watch, product: Product) -> Page:
    opened = context.new_page()
    sign_in(opened, product)
    return opened


def start(page: Page, product: Product) -> None:
    """A new conversation, its question asked and its first words there."""
    page.goto(product.url)
    ask(page, QUESTION)
    expect(page.locator("section.answer.running .answer-text")).to_contain_text("taux")


SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_other_names_and_other_sites_reach_nothing(product: Product) -> None:
    own = product.url
    evil = {"Host": "evil.example", "Origin": "http://evil.example"}

    assert httpx.get(f"{own}/", headers=evil).status_code == 421
    assert httpx.get(f"{own}/_stcore/health", headers=evil).status_code == 421
    for headers in (evil, {"Origin": "http://evil.example"}):
        answer = httpx.get(f"{own}/_stcore/stream", headers=SOCKET | headers)
        assert answer.status_code == 403
    assert httpx.get(f"{own}/_stcore/metrics").status_code == 404


def test_without_session_the_page_explains_how_to_sign_in(seat: Seat, product: Product) -> None:
    stranger = seat()
    page = stranger.new_page()
    page.goto(product.url)

    expect(page.get_by_role("heading", name="Connexion nécessaire")).to_be_visible()
    expect(page.get_by_text("Se connecter avec un lien à usage unique")).to_be_visible()


def test_question_is_answered_and_its_citation_opens_the_highlighted_page(
    page: Page, context: BrowserContext, product: Product, pdf: Path
) -> None:
    start(page, product)
    assert page.locator("html").get_attribute("lang") == "fr"
    expect(page.get_by_text("Vous échangez avec une intelligence artificielle")).to_be_visible()
    expect(page.locator("section.answer.answered")).to_contain_text("37 %")

    with context.expect_page() as opening:
        page.locator("a.cite").first.click()
    viewer = opening.value
    viewer.wait_for_load_state()
    image = viewer.locator(".sheet img").first
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.naturalWidth") > 400
    assert "37 %" in words_under_the_boxes(viewer, pdf)
    assert "septembre" not in words_under_the_boxes(viewer, pdf)
    expect(viewer.locator("#passage")).to_be_in_viewport()
    viewer.close()


def words_under_the_boxes(viewer: Page, pdf: Path) -> str:
    """The words of the file that the boxes on the screen cover."""
    shares: list[list[float]] = viewer.evaluate(
        """() => Array.from(document.querySelectorAll('.sheet')).flatMap(sheet => {
            const frame = sheet.querySelector('img').getBoundingClientRect();
            return Array.from(sheet.querySelectorAll('.box')).map(box => {
                const at = box.getBoundingClientRect();
                const page = Number(/\\d+/.exec(sheet.querySelector('img').alt)[0]);
                return [page, (at.left - frame.left) / frame.width, (at.top - frame.top) / frame.height,
                        (at.right - frame.left) / frame.width, (at.bottom - frame.top) / frame.height];
            });
        })"""
    )
    assert shares
    with pdfplumber.open(pdf) as opened:
        wide, high = A4
        parts = [
            opened.pages[int(page) - 1].crop(
                (left * wide, top * high, right * wide, bottom * high), strict=False
            )
            for page, left, top, right, bottom in shares
        ]
        return " ".join(part.extract_text() for part in parts)


def test_sources_panel_shows_the_passage_in_place(page: Page, product: Product) -> None:
    panel = page.locator("details", has_text="Source citée")
    panel.locator("summary").click()

    expect(panel.locator(".source-facts")).to_contain_text("page 2")
    expect(panel.locator("blockquote")).to_contain_text("37 %")
    # By the keyboard: the panel is still sliding open, and a button that moves loses its click.
    panel.get_by_role("button", name="Afficher ici").press("Enter")
    frame = page.frame_locator("iframe")
    expect(frame.locator(".sheet .box").first).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Fermer").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_reload_in_mid_stream_keeps_the_answer(page: Page, product: Product) -> None:
    start(page, product)

    page.reload()

    expect(page.locator("section.question")).to_contain_text("piscines")
    expect(page.locator("section.answer.answered")).to_contain_text("trois ans")
    expect(page.locator("section.answer")).to_have_count(1)


def test_clicks_in_mid_stream_do_not_lose_the_answer(page: Page, product: Product) -> None:
    start(page, product)

    page.get_by_role("button", name="Renommer").click()
    page.get_by_label("Titre").fill("Piscines")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", name="Piscines")).to_be_visible()
    page.get_by_role("button", name="Nouvelle conversation").click()
    expect(page.get_by_role("heading", name="Que cherchez-vous")).to_be_visible()
    expect(page.locator("section.answer")).to_have_count(0)
    page.get_by_role("link", name="Piscines").first.click()

    expect(page.locator("section.answer.answered")).to_contain_text("trois ans")


def test_stop_ends_the_answer_and_keeps_its_words(page: Page, product: Product) -> None:
    start(page, product)

    page.get_by_role("button", name="Arrêter la réponse").click()

    expect(page.locator("section.answer.cancelled")).to_contain_text("Le taux")
    expect(page.locator("section.answer.cancelled")).not_to_contain_text("trois ans")
    expect(page.get_by_placeholder("Posez votre question…")).to_be_enabled()


def test_new_question_comes_into_view(page: Page, product: Product) -> None:
    page.set_viewport_size({"width": 1280, "height": 480})

    ask(page, "Jusqu'à quelle date les demandes sont-elles déposées ?")

    expect(page.locator("section.question")).to_have_count(2)
    expect(page.locator("section.answer.running")).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 860})
    expect(page.locator("section.answer")).to_have_count(2)


def test_documents_are_uploaded_reindexed_and_deleted(
    page: Page, product: Product, folder: Path
) -> None:
    good, bad = folder / 'note & "patinoire".md', folder / "vide.pdf"
    good.write_text(
        "# Patinoire\n\nLa patinoire de Valbourg ouvre le 3 novembre à midi.\n", "utf-8"
    )
    bad.write_bytes(b"")
    large = folder / "enorme.pdf"
    with large.open("wb") as opened:
        opened.truncate(50_000_001)
    page.goto(product.url)
    page.get_by_role("link", name="Documents", exact=True).click()

    page.locator("input[type=file]").set_input_files([good, bad, large])

    sent = page.locator(".upload li")
    expect(sent.filter(has_text="enorme.pdf")).to_contain_text("la limite est de 50 Mo")
    expect(sent.filter(has_text=good.name)).to_have_text(re.compile("Consultable$"))
    expect(sent.filter(has_text="vide.pdf")).to_have_text(re.compile(r"\bvide\b.*\.$"))
    page.locator("input[type=file]").set_input_files([good])
    expect(sent.nth(3)).to_contain_text("Inchangé")
    assert names_sent(product) == [good.name, "vide.pdf", good.name]
    rows = page.locator("tbody tr")
    expect(rows.filter(has_text=good.name)).to_contain_text("Consultable")
    failed = rows.filter(has_text="vide.pdf")
    expect(failed).to_contain_text("En échec")
    expect(failed.locator(".reason")).to_have_text(re.compile(r"\bvide\b.*\."))
    page.get_by_role("button", name=f"Réindexer {good.name}").click()
    expect(page.get_by_text("Réindexation lancée.")).to_be_visible()
    expect(rows.filter(has_text=good.name)).to_contain_text("Consultable")
    assert quotes(product, "patinoire de Valbourg")
    page.get_by_role("button", name=f"Supprimer {good.name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Supprimer").click()
    expect(rows.filter(has_text=good.name)).to_have_count(0)
    assert not quotes(product, "patinoire de Valbourg")


def names_sent(product: Product) -> list[str]:
    """Names of the files sent by the browser, in order; the first job is not its."""
    _, *jobs = sorted(product.client.list_jobs(), key=lambda job: job.created_at)
    return [item.name for job in jobs for item in product.client.list_job_items(job.id)]


def quotes(product: Product, text: str) -> bool:
    """True when the search gives a passage about it."""
    return any("Valbourg" in hit.text for hit in product.client.search(text, limit=10).results)


def test_session_that_ends_is_told(page: Page, product: Product, context: BrowserContext) -> None:
    page.goto(product.url)
    page.get_by_role("button", name="Se déconnecter").click()

    expect(page.get_by_role("heading", name="Connexion nécessaire")).to_be_visible()
    assert not [one for one in context.cookies() if one.get("name") == "assistant_session"]


def test_pages_speak_to_nobody_else(watch: Watch, page: Page, product: Product) -> None:
    wait_for(lambda: watch.first_messages, seconds=5)

    assert len(watch.urls) > 50
    assert watch.foreign(product.url) == []
    for payload in watch.first_messages:
        message = ForwardMsg.FromString(payload)
        assert message.new_session.config.gather_usage_stats is False


def test_pages_keep_to_their_security_policy(watch: Watch, page: Page, product: Product) -> None:
    answer = page.goto(product.url)

    assert answer is not None
    assert "default-src 'none'" in (answer.header_value("content-security-policy") or "")
    assert [one[-300:] for one in watch.policy_breaches] == []
    page.evaluate("fetch('http://ailleurs.example/').catch(() => null)")
    wait_for(lambda: watch.policy_breaches, seconds=5)
    watch.policy_breaches.clear()


def test_server_that_stops_is_told_in_french(seat: Seat, model: MockModel, tmp_path: Path) -> None:
    """Streamlit has a message for the machine's own name, and another one."""
    context = seat()
    pages = [context.new_page(), context.new_page()]
    with running_product(tmp_path, model=model) as own:
        for page, host in zip(pages, ("127.0.0.1", "localhost"), strict=True):
            page.goto(own.url.replace("127.0.0.1", host))
            expect(page.get_by_role("heading", name="Connexion nécessaire")).to_be_visible()

    words = re.compile("^Connexion perdue\\s+Le service ne répond plus.*assistant serve »\\.$")
    for page in pages:
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading", name="Connexion perdue")).to_be_visible()
        expect(dialog).to_have_text(words, use_inner_text=True)
