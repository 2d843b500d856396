"""A commune from its creation to its first cited answer, and another commune that finds nothing of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant.schemas.people import InvitationIn
from assistant.schemas.tenants import TenantIn
from tests.e2e.browser import ask, sign_in
from tests.e2e.desks import Seat
from tests.e2e.forms import choose, dialog, fill, go
from tests.e2e.providing import Site, identify, without_fonts

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

VALBOURG, MONTCLAIR = "21350111700013", "21350222200010"
"""The SIRET of each town hall."""
PRICE = re.compile(r"137\s+euros")
QUESTION = "Quel est le tarif de location de la salle des fêtes pour un habitant ?"
RULES = """Règlement de la salle des fêtes de Valbourg

Article 1. La salle des fêtes est ouverte aux habitants et aux associations de la commune.

Article 2. Le tarif de location de la salle des fêtes est de 137 euros par jour pour un habitant de
Valbourg, et de 260 euros pour une personne qui habite ailleurs.

Article 3. Une caution de 500 euros est demandée à la remise des clés.
"""
Shoot = Callable[[Page, str], None]


def make_commune(owner: Page, *, siret: str, secretary: str) -> None:
    """The region's administrator, in one form, then one invitation."""
    go(owner, "Organismes")
    owner.get_by_role("button", name="Créer un organisme").click()
    fill(owner, "Nom", "Commune de Valbourg")
    choose(owner, "Rattaché à", "Région Exemple")
    fill(owner, "Numéro SIREN", siret[:9])
    fill(owner, "Numéros SIRET de ses établissements, un par ligne", siret)
    owner.get_by_role("button", name="Créer l'organisme").click()
    expect(owner.get_by_text("Commune de Valbourg est créé")).to_be_visible()
    go(owner, "Membres")
    choose(owner, "Organisme", "Commune de Valbourg")
    owner.get_by_role("button", name="Inviter une personne").click()
    fill(owner, "Nom", "Camille Roux")
    fill(owner, "Adresse électronique professionnelle", f"{secretary}@region.example")
    owner.get_by_role("dialog").get_by_text("Administrateur de l'organisme", exact=True).click()
    dialog(owner, "Créer l'invitation")
    expect(owner.get_by_text("Une invitation en attente")).to_be_visible()


def enter(page: Page, site: Site, *, login: str) -> None:
    """Through the provider, as through ProConnect."""
    without_fonts(page)
    page.goto(site.place.service)
    page.get_by_role("link", name="S’identifier avec ProConnect").click()
    identify(page, login)
    page.get_by_placeholder("Posez votre question…").wait_for()


def add_two_colleagues_and_a_group(secretary: Page) -> None:
    go(secretary, "Membres")
    for name in ("Ana", "Louis"):
        secretary.get_by_role("button", name="Inviter une personne").click()
        fill(secretary, "Nom", name)
        fill(secretary, "Adresse électronique professionnelle", f"{name.lower()}@valbourg.example")
        dialog(secretary, "Créer l'invitation")
        secretary.get_by_role("button", name="C'est copié, ne plus l'afficher").click()
    expect(secretary.get_by_text("2 invitations en attente")).to_be_visible()
    go(secretary, "Groupes")
    secretary.get_by_role("button", name="Créer un groupe").click()
    fill(secretary, "Nom du groupe", "Élus")
    dialog(secretary, "Créer le groupe")
    expect(secretary.get_by_text("Élus", exact=True)).to_be_visible()


def upload(secretary: Page, path: Path) -> None:
    go(secretary, "Documents")
    secretary.locator("input[type=file]").set_input_files(path)
    expect(secretary.locator("table").get_by_text(path.name)).to_be_visible()
    expect(secretary.locator("table")).to_contain_text("Consultable")


def test_what_a_commune_uploads_is_cited_to_it_and_unknown_to_others(
    site: Site, seat: Seat, shoot: Shoot, tmp_path: Path
) -> None:
    region, commune, elsewhere = (seat().new_page() for _ in range(3))
    sign_in(region, site.product)
    secretary = f"secretaire-{VALBOURG}"
    make_commune(region, siret=VALBOURG, secretary=secretary)
    shoot(region, "1-region")
    enter(commune, site, login=secretary)
    shoot(commune, "2-secretary")
    add_two_colleagues_and_a_group(commune)
    rules = tmp_path / "reglement-salle-des-fetes.txt"
    rules.write_text(RULES, "utf-8")
    upload(commune, rules)
    shoot(commune, "3-documents")

    go(commune, "Conversation")
    ask(commune, QUESTION)

    expect(commune.locator("section.answer")).to_contain_text(PRICE)
    shoot(commune, "4-answer")
    with commune.context.expect_page() as opening:
        commune.locator("a.cite").first.click()
    expect(opening.value.locator("#passage")).to_contain_text(PRICE)
    shoot(opening.value, "5-source")
    source = opening.value.url

    other = site.product.client.create_tenant(
        TenantIn(name="Commune de Montclair", kind="commune", sirets=[MONTCLAIR])
    )
    agent = f"agent-{MONTCLAIR}"
    site.product.client.invite(
        InvitationIn(name="Dominique", email=f"{agent}@region.example"), tenant_id=other.id
    )
    enter(elsewhere, site, login=agent)
    ask(elsewhere, QUESTION)
    expect(elsewhere.locator("section.answer.refused")).to_be_visible()
    shoot(elsewhere, "6-refused")
    for told in ("Valbourg", "137", rules.name):
        assert told not in elsewhere.locator("body").inner_text()
    assert elsewhere.request.get(source).status == 404
