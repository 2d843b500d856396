"""A small town hall without identity provider: invited, joined, signed out and in, reset, all by clicks."""

from __future__ import annotations

from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Page, expect

from assistant.testing.mock_model import MockModel
from tests.e2e.browser import Product, Watch, running_product, sign_in
from tests.e2e.desks import Seat
from tests.e2e.forms import dialog, fill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EMAIL = "camille.roux@valbourg.example"
WORDS, OTHER = "girafe tiroir lundi seize", "bateau cuivre onze nuages"
THIRD = "moulin tambour vingt cerises"
Shoot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, model: MockModel) -> Generator[Product]:
    variables = {"ASSISTANT_AUTH_LOCAL_ACCOUNTS": "true"}
    folder = tmp_path_factory.mktemp("comptes")
    with running_product(folder, model=model, variables=variables) as started:
        yield started


def invite(page: Page) -> str:
    page.get_by_role("link", name="Membres", exact=True).click()
    page.get_by_role("button", name="Inviter une personne").click()
    fill(page, "Nom", "Camille Roux")
    fill(page, "Adresse électronique professionnelle", EMAIL)
    dialog(page, "Créer l'invitation")
    return page.locator(".st-key-told-once code").inner_text()


def choose_password(page: Page, password: str, button: str) -> None:
    page.get_by_label("Nouveau mot de passe", exact=True).fill(password)
    page.get_by_label("Le même, une seconde fois").fill(password)
    page.get_by_role("button", name=button).click()


def join(page: Page, link: str, shoot: Shoot) -> None:
    page.goto(link)
    shoot(page, "invitation")
    choose_password(page, "Motdepasse2026!", "Choisir ce mot de passe et entrer")
    expect(page.get_by_role("alert")).to_contain_text("de ceux qui s'essaient en premier")
    shoot(page, "mot-de-passe-refuse")
    choose_password(page, WORDS, "Choisir ce mot de passe et entrer")
    expect(page.get_by_placeholder("Posez votre question…")).to_be_visible()


def sign_out(page: Page, product: Product, shoot: Shoot) -> None:
    page.get_by_role("button", name="Se déconnecter").click()
    way = page.get_by_role("link", name="Se connecter avec un mot de passe")
    expect(way).to_be_visible()
    shoot(page, "deconnecte")
    way.click()
    expect(page).to_have_url(f"{product.url}/api/auth/sign-in")


def enter(page: Page, password: str) -> None:
    page.get_by_label("Adresse électronique professionnelle").fill(EMAIL)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    page.get_by_role("button", name="Se connecter", exact=True).click()


def change(page: Page, shoot: Shoot) -> None:
    page.get_by_role("link", name="Mon compte").click()
    page.get_by_role("button", name="Changer mon mot de passe").click()
    fill(page, "Mot de passe actuel", WORDS)
    fill(page, "Nouveau mot de passe", OTHER)
    page.get_by_label("Le même, une seconde fois", exact=True).fill(OTHER)
    shoot(page, "changer")
    dialog(page, "Changer le mot de passe")
    expect(page.get_by_text("Votre mot de passe est changé")).to_be_visible()
    shoot(page, "change")


def reset_link(page: Page, shoot: Shoot) -> str:
    page.reload()
    page.get_by_role("button", name="Mot de passe").click()
    shoot(page, "lien")
    dialog(page, "Créer le lien")
    shoot(page, "lien-fait")
    return page.locator(".st-key-told-once code").inner_text()


def test_a_person_lives_with_a_password(product: Product, seat: Seat, shoot: Shoot) -> None:
    owner_context, own = seat(), seat()
    watch = Watch(own)
    owner, page = owner_context.new_page(), own.new_page()
    sign_in(owner, product)

    join(page, invite(owner), shoot)
    sign_out(page, product, shoot)
    shoot(page, "connexion")
    enter(page, "une autre phrase entière")
    expect(page.get_by_role("alert")).to_contain_text(
        "Cette adresse et ce mot de passe ne vont pas ensemble"
    )
    expect(page.get_by_label("Adresse électronique professionnelle")).to_have_value(EMAIL)
    shoot(page, "connexion-refusee")
    enter(page, WORDS)
    expect(page.get_by_placeholder("Posez votre question…")).to_be_visible()
    change(page, shoot)
    page.goto(reset_link(owner, shoot))
    shoot(page, "nouveau-mot-de-passe")
    choose_password(page, THIRD, "Enregistrer ce mot de passe et entrer")
    expect(page.get_by_placeholder("Posez votre question…")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 780})
    page.goto(f"{product.url}/api/auth/sign-in")
    shoot(page, "connexion-etroite")

    assert watch.foreign(product.url) == []
    assert watch.policy_breaches == []
