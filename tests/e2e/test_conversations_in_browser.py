"""A person says what an answer is worth, learns that an auditor read it, and what became of its source."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from assistant.schemas.people import InvitationIn
from assistant.schemas.tenants import QuotasIO, TenantIn
from tests.e2e.browser import Product, Watch, ask, wait_for
from tests.e2e.desks import Seat
from tests.e2e.forms import go
from tests.e2e.offices import Office, open_office
from tests.e2e.test_browser import QUESTION, write_pdf

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WORDS = "vérification d'une fuite de données"
REASON = f"Signalement du 3 novembre : {WORDS}."
Shoot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def office(service: Product, tmp_path_factory: pytest.TempPathFactory) -> Office:
    asked = TenantIn(
        name="Commune des Avis", retention_days=90, quotas=QuotasIO(questions_per_person=50)
    )
    opened = open_office(service, asked)
    folder = tmp_path_factory.mktemp("conversations")
    opened.ingest([write_pdf(folder / "reglement-piscines.pdf")])
    return opened


def give_feedback(page: Page, shoot: Shoot) -> None:
    page.get_by_role("button", name="Pas utile", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("document périmé", exact=True).click()
    dialog.get_by_label("Commentaire (facultatif)").fill("Le taux a changé en mai.")
    dialog.get_by_text("Transmettre ce commentaire").click()
    shoot(page, "avis")
    dialog.get_by_role("button", name="Enregistrer mon avis").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Votre avis : pas utile : document périmé.")).to_be_visible()
    expect(page.get_by_text("(transmis à l'administrateur)")).to_be_visible()
    shoot(page, "reponse")


def consent(page: Page) -> None:
    go(page, "Mon compte")
    expect(page.get_by_text("Une question sur 50 aujourd'hui.")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("depuis 90 jours")).to_be_visible()
    page.get_by_text("j'accepte que mes conversations").click()


def inspect(page: Page, shoot: Shoot) -> None:
    go(page, "Consultations")
    expect(page.get_by_text("une question")).to_be_visible()
    assert page.get_by_text("piscines").count() == 0
    page.get_by_role("button", name="Consulter…").click()
    page.get_by_role("dialog").get_by_label("Motif de la consultation").fill(REASON)
    shoot(page, "motif")
    page.get_by_role("dialog").get_by_role("button", name="Consulter et inscrire").click()
    expect(page.get_by_text("Motif montré à la personne")).to_be_visible()
    expect(page.locator(".question").get_by_text("piscines")).to_be_visible()
    expect(page.locator(".answer.answered")).to_be_visible()
    shoot(page, "consultation")
    page.get_by_role("button", name="Fermer la conversation").click()
    expect(page.locator(".answer")).to_have_count(0)


def learn(page: Page, address: str, shoot: Shoot) -> None:
    page.goto(address)
    expect(page.get_by_text("Un auditeur a consulté une de vos conversations.")).to_be_visible()
    expect(page.get_by_text(WORDS)).to_be_visible()
    shoot(page, "avertie")
    page.locator(".st-key-unseen-inspections").get_by_role("link", name="Mon compte").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    page.get_by_role("button", name="J'en ai pris connaissance").click()
    expect(page.get_by_text("Nouveau", exact=True)).to_have_count(0)
    expect(page.get_by_text(WORDS)).to_be_visible()
    shoot(page, "compte")
    page.goto(address)
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.locator(".st-key-unseen-inspections")).to_have_count(0)


def lose_the_source(page: Page, office: Office, shoot: Shoot) -> None:
    (document,) = office.client.list_documents().documents
    office.client.delete_document(document.id)
    page.reload()
    page.get_by_text("Source citée").click()
    expect(page.get_by_text("Document supprimé depuis le")).to_be_visible()
    expect(page.locator("blockquote").get_by_text("37 %")).to_be_visible()
    assert page.locator('a[href*="/passages/"]').count() == 0
    page.get_by_text("Document supprimé depuis le").scroll_into_view_if_needed()
    shoot(page, "document-supprime")


def count(page: Page, shoot: Shoot) -> None:
    go(page, "Mon organisme")
    expect(page.get_by_role("heading", name="Avis sur les réponses")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="Toutes les réponses")
    expect(row).to_contain_text("document périmé (1)")
    page.get_by_role("heading", name="Utilisation").scroll_into_view_if_needed()
    shoot(page, "utilisation")
    assert page.get_by_text("piscines").count() == 0


def test_a_conversation_from_its_answer_to_the_loss_of_its_source(
    service: Product, office: Office, seat: Seat, shoot: Shoot
) -> None:
    context, other = seat(), seat()
    watch = Watch(context)
    page, auditor = office.open(context), other.new_page()
    ask(page, QUESTION)
    expect(page.locator(".answer.answered")).to_be_visible()
    give_feedback(page, shoot)
    address = page.url
    consent(page)
    wait_for(lambda: office.client.me().export_consent, seconds=10)
    invited = InvitationIn(name="Dominique", email="dominique@region.example", roles=["auditor"])
    auditor.goto(service.client.invite(invited, tenant_id=office.tenant_id).url)
    auditor.get_by_role("button").first.click()

    inspect(auditor, shoot)
    learn(page, address, shoot)
    lose_the_source(page, office, shoot)
    count(page, shoot)

    assert watch.foreign(office.url) == []
    assert watch.policy_breaches == []
