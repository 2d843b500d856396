"""The audit log in a browser: what was done is found, a person is named, and the log is verified and exported."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.schemas.people import InvitationIn, PersonChangeIn
from assistant.schemas.tenants import TenantChangeIn
from assistant.testing.mock_model import MockModel
from tests.e2e.browser import Product, Watch, running_product, sign_in
from tests.e2e.desks import Seat
from tests.e2e.forms import go

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LINES = "[class*=st-key-line-]:not(.st-key-line-chain)"
"""The entries that are shown."""
Shoot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, model: MockModel) -> Generator[Product]:
    """Of its own: the log is that of a whole instance."""
    folder = tmp_path_factory.mktemp("audit")
    with running_product(folder, model=model) as started:
        live(started, folder)
        yield started


def live(product: Product, folder: Path) -> None:
    """What an organisation does in a morning: more entries than a page of the log holds."""
    client = product.client
    (tenant,) = client.list_tenants()
    client.change_tenant(tenant.id, TenantChangeIn(name="Région Exemple", kind="region"))
    camille = client.invite(InvitationIn(name="Camille Roux", email="c.roux@region.example"))
    person_id = camille.invitation.person.id
    for name in ("Élus", "Finances", "Voirie", "Culture", "Sports", "Marchés", "Lycées", "Forêts"):
        group = client.create_group(name)
        client.add_members(group.id, [person_id])
        client.remove_member(group.id, person_id)
    client.change_person(person_id, PersonChangeIn(roles=["agent", "auditor"]))
    path = folder / "confidentiel.md"
    path.write_text("# Note\n\nLe pont ouvre le 3 mai.\n", "utf-8")
    product.ingest([path])
    client.delete_document(client.list_documents().documents[0].id)


def lines(page: Page) -> Locator:
    return page.locator(LINES)


def open_first(page: Page) -> None:
    page.get_by_role("button", name="Détails").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_log_is_filtered_read_verified_and_exported(
    product: Product, seat: Seat, shoot: Shoot
) -> None:
    context = seat()
    watch = Watch(context)
    page = context.new_page()
    sign_in(page, product)
    go(page, "Journal d'audit")

    verify(page, shoot)
    read_on(page)
    name_a_person(page, shoot)
    exported = export(page)
    on_a_telephone(page, shoot)

    acts = [row["act"] for row in exported]
    assert set(acts) == {"document.deleted"}
    assert "confidentiel" not in str(exported)
    assert watch.foreign(product.url) == []
    assert watch.policy_breaches == []


def verify(page: Page, shoot: Shoot) -> None:
    expect(page.get_by_text("Aucune vérification n'a été demandée")).to_be_visible()
    page.get_by_role("button", name="Vérifier maintenant").click()
    expect(page.get_by_text("Le journal est intact.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"vérifié le .*, \d+ entrées justes"))).to_be_visible()
    expect(lines(page).first).to_contain_text("Journal vérifié")
    shoot(page, "journal-audit")


def read_on(page: Page) -> None:
    expect(lines(page)).to_have_count(25)
    page.get_by_role("button", name="Page suivante").click()
    expect(page.get_by_text("Page 2", exact=True)).to_be_visible()
    expect(lines(page).last).to_contain_text("Organisme modifié")
    page.get_by_role("button", name="Page précédente").click()
    expect(page.get_by_role("button", name="Page précédente")).to_be_disabled()
    expect(lines(page).first).to_contain_text("Journal vérifié")


def name_a_person(page: Page, shoot: Shoot) -> None:
    """By the keyboard alone, but for the list of acts."""
    choose_act(page, "Personne ou rôles modifiés")
    expect(lines(page)).to_have_count(1)
    page.get_by_role("button", name="Détails").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Auditeur")
    expect(dialog.get_by_text("Camille Roux")).to_have_count(0)
    dialog.get_by_role("button", name="De qui s'agit-il ?").last.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Camille Roux")
    expect(dialog).to_contain_text("c.roux@region.example")
    shoot(page, "journal-audit-entree")
    dialog.get_by_role("button", name="Voir tous ses actes").last.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Pseudonyme", exact=True)).not_to_have_value("")
    remove_act(page, "Personne ou rôles modifiés")
    expect(page.get_by_text("Nom d'un pseudonyme demandé").first).to_be_visible()
    page.get_by_label("Pseudonyme", exact=True).fill("")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Document supprimé").first).to_be_visible()


def export(page: Page) -> list[dict[str, str]]:
    choose_act(page, "Document supprimé")
    expect(lines(page)).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="Exporter en CSV").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as table:
        return list(csv.DictReader(table, delimiter=";"))


def on_a_telephone(page: Page, shoot: Shoot) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, "journal-audit-etroit")
    open_first(page)
    shoot(page, "journal-audit-entree-etroite")


def choose_act(page: Page, name: str) -> None:
    box = page.get_by_role("combobox", name="Actes")
    box.click()
    box.press_sequentially(name)
    page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")


def remove_act(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Actes").focus()
    page.keyboard.press("Backspace")
    expect(page.get_by_role("button", name=f"Retirer {name}")).to_have_count(0)
