"""A region makes a commune, its secretary joins, makes a group and shares a collection, all by clicks."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import closing

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from assistant.client import AssistantClient
from assistant.schemas.people import RoleName
from tests.e2e.browser import Product, Watch, sign_in
from tests.e2e.desks import Seat
from tests.e2e.forms import choose, dialog, fill, go

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CHARTER = """L'assistant est un outil de travail. Il peut se tromper : ouvrez les sources qu'il cite.

N'y collez ni mot de passe, ni donnée de santé, ni dossier nominatif."""
GROUP_READS = re.compile("Lue par les groupes :\u2060? Élus")
Shoot = Callable[[Page, str], None]


def logo() -> bytes:
    picture = io.BytesIO()
    drawn = Image.new("RGB", (240, 120), "#0b4f8a")
    ImageDraw.Draw(drawn).text((22, 32), "Valbourg", fill="white", font_size=48)
    drawn.save(picture, "PNG")
    return picture.getvalue()


def make_commune(page: Page, shoot: Shoot) -> None:
    go(page, "Organismes")
    page.get_by_role("button", name="Créer un organisme").click()
    fill(page, "Nom", "Commune de Valbourg")
    choose(page, "Rattaché à", "Région Exemple")
    fill(page, "Numéro SIREN", "1")
    page.get_by_role("button", name="Créer l'organisme").click()
    expect(page.locator("[data-testid=stAlert]")).to_contain_text("SIREN")
    fill(page, "Numéro SIREN", "")
    fill(page, "Texte d'accueil", "Bienvenue à la mairie de Valbourg.")
    fill(page, "Charte d'utilisation", CHARTER)
    page.get_by_role("heading", name="Créer un organisme").scroll_into_view_if_needed()
    shoot(page, "nouvel-organisme")
    page.get_by_role("button", name="Créer l'organisme").click()
    expect(page.get_by_text("Commune de Valbourg est créé")).to_be_visible()
    page.locator("input[type=file]").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": logo()}
    )
    expect(page.get_by_text("Le logo est enregistré.")).to_be_visible()
    expect(page.get_by_role("heading", name="Commune de Valbourg")).to_be_in_viewport()
    shoot(page, "organisme")
    page.get_by_role("button", name="Tous les organismes").click()
    expect(page.get_by_text("rattaché à Région Exemple")).to_be_visible()
    shoot(page, "organismes")


def invite(page: Page, shoot: Shoot) -> str:
    go(page, "Membres")
    choose(page, "Organisme", "Commune de Valbourg")
    page.get_by_role("button", name="Inviter une personne").click()
    fill(page, "Nom", "Camille Roux")
    fill(page, "Adresse électronique professionnelle", "camille.roux@valbourg.example")
    page.get_by_role("dialog").get_by_text("Administrateur de l'organisme", exact=True).click()
    shoot(page, "invitation")
    dialog(page, "Créer l'invitation")
    expect(page.get_by_text("Une invitation en attente")).to_be_visible()
    shoot(page, "membres")
    return page.locator(".st-key-told-once code").inner_text()


def join(page: Page, link: str, shoot: Shoot) -> None:
    page.goto(link)
    page.get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Charte d'utilisation")).to_be_visible()
    expect(page.get_by_text("ni dossier nominatif")).to_be_visible()
    shoot(page, "charte")
    page.get_by_text("J'ai lu cette charte et je m'engage à la respecter").click()
    page.get_by_role("button", name="Accepter et continuer").click()
    expect(page.get_by_text("Bienvenue à la mairie de Valbourg.")).to_be_visible()
    expect(page.get_by_role("img", name="Logo de Commune de Valbourg")).to_have_js_property(
        "naturalWidth", 240
    )
    shoot(page, "accueil")
    expect(page.get_by_role("link", name="Mon organisme")).to_be_visible()
    assert page.get_by_role("link", name="Organismes", exact=True).count() == 0


def make_group(page: Page, shoot: Shoot) -> None:
    go(page, "Groupes")
    page.get_by_role("button", name="Créer un groupe").click()
    fill(page, "Nom du groupe", "Élus")
    dialog(page, "Créer le groupe")
    page.get_by_role("button", name="Personnes").click()
    page.get_by_role("dialog").get_by_role("combobox").click()
    page.get_by_role("option", name="Camille Roux (camille.roux@valbourg.example)").click()
    page.keyboard.press("Tab")
    shoot(page, "groupe")
    dialog(page, "Enregistrer")
    expect(page.get_by_text("Une personne")).to_be_visible()
    shoot(page, "groupes")


def share(page: Page, shoot: Shoot) -> None:
    go(page, "Collections")
    page.get_by_role("button", name="Créer une collection").click()
    fill(page, "Nom de la collection", "Conseil municipal")
    fill(page, "Mention de classification (facultative)", "Diffusion restreinte")
    dialog(page, "Créer la collection")
    expect(page.get_by_role("button", name="Partager")).to_have_count(2)
    page.get_by_role("button", name="Partager").last.click()
    page.get_by_role("dialog").get_by_text("Certains groupes", exact=True).click()
    page.get_by_role("dialog").get_by_role("combobox").click()
    page.get_by_role("option", name="Élus").click()
    page.keyboard.press("Tab")
    expect(page.get_by_role("dialog")).to_contain_text(GROUP_READS)
    shoot(page, "partage")
    dialog(page, "Enregistrer le partage")
    expect(page.get_by_text("Lue par les groupes : Élus.")).to_be_visible()
    shoot(page, "collections")


def make_key(page: Page, shoot: Shoot) -> str:
    go(page, "Mon compte")
    page.get_by_role("button", name="Créer une clé d'accès").click()
    fill(page, "À quoi sert-elle ?", "Dépôt nocturne des délibérations")
    shoot(page, "cle")
    dialog(page, "Créer la clé")
    secret = page.locator(".st-key-told-once code").inner_text()
    page.get_by_role("button", name="C'est copié, ne plus l'afficher").click()
    expect(page.locator(".st-key-told-once")).to_have_count(0)
    shoot(page, "compte")
    return secret


def test_region_makes_a_commune_that_runs_itself(
    service: Product, seat: Seat, shoot: Shoot
) -> None:
    region, commune = seat(), seat()
    watch = Watch(commune)
    owner, secretary = region.new_page(), commune.new_page()
    sign_in(owner, service)

    make_commune(owner, shoot)
    join(secretary, invite(owner, shoot), shoot)
    go(secretary, "Mon organisme")
    expect(secretary.get_by_text("Choisir une image")).to_be_visible()
    expect(secretary.get_by_role("button", name="Accepter et continuer")).to_have_count(0)
    shoot(secretary, "mon-organisme")
    make_group(secretary, shoot)
    share(secretary, shoot)
    with closing(AssistantClient(service.url, token=make_key(secretary, shoot))) as program:
        readable = [each.name for each in program.list_collections()]

    assert readable == ["Documents", "Conseil municipal"]
    assert collections_of_the_commune(service) == {"Conseil municipal": "groups"}
    go(owner, "Clés d'accès")
    expect(owner.get_by_text("Dépôt nocturne des délibérations")).to_be_visible()
    shoot(owner, "cles")
    go(owner, "Membres")
    expect(owner.locator(".st-key-told-once")).to_have_count(0)
    owner.get_by_role("button", name="Sessions").click()
    expect(owner.get_by_role("dialog")).to_contain_text("utilisée le")
    shoot(owner, "sessions")
    dialog(owner, "Déconnecter partout")
    expect(owner.get_by_text("Camille Roux est déconnecté(e) partout.")).to_be_visible()
    owner.get_by_role("button", name="Suspendre").click()
    shoot(owner, "suspension")
    dialog(owner, "Suspendre")
    secretary.reload()
    expect(secretary.get_by_role("heading", name="Session expirée")).to_be_visible()
    assert roles_in_the_commune(service) == [["agent", "tenant_admin"]]
    assert watch.foreign(service.url) == []
    assert watch.policy_breaches == []


def commune_id(service: Product) -> str:
    return next(each.id for each in service.client.list_tenants() if "Valbourg" in each.name)


def collections_of_the_commune(service: Product) -> dict[str, str]:
    owned = service.client.list_owned_collections(tenant_id=commune_id(service))
    return {each.name: each.audience for each in owned if each.label == "Diffusion restreinte"}


def roles_in_the_commune(service: Product) -> list[list[RoleName]]:
    people = service.client.list_people(tenant_id=commune_id(service))
    return [each.roles for each in people if each.state == "suspended"]
