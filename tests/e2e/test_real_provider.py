"""A person signs in through a real OpenID provider, in a real browser, and signs out of both."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant.schemas.people import InvitationIn
from tests.e2e.desks import Seat
from tests.e2e.providing import Place, Site, identify, without_fonts

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def place(site: Site) -> Place:
    for name in ("camille", "dominique"):
        site.product.client.invite(InvitationIn(name=name, email=f"{name}@region.example"))
    return site.place


@pytest.fixture
def page(seat: Seat) -> Page:
    opened = seat().new_page()
    without_fonts(opened)
    return opened


def test_sign_in_and_out_through_a_real_provider(page: Page, place: Place, tmp_path: Path) -> None:
    addresses: list[str] = []
    page.on("framenavigated", lambda frame: addresses.append(frame.url))
    page.goto(place.service)
    page.screenshot(path=tmp_path / "signed-out.png")
    page.get_by_role("link", name="S’identifier avec ProConnect").click()
    identify(page, "camille")

    question = page.get_by_placeholder("Posez votre question…")
    question.wait_for()
    assert page.url.rstrip("/") == place.service
    page.screenshot(path=tmp_path / "signed-in.png")
    sessions = page.request.get(f"{place.service}/api/v1/sessions").json()
    assert [each["device"] for each in sessions] == ["Chrome sur Linux"]
    me = page.request.get(f"{place.service}/api/v1/me").json()
    assert (me["name"], me["roles"]) == ("camille", ["agent"])

    page.get_by_role("button", name="Se déconnecter").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("heading", name="Vous êtes déconnecté")).to_be_visible()
    page.screenshot(path=tmp_path / "gone.png")
    assert page.request.get(f"{place.service}/api/v1/me").status == 401
    own = [url for url in addresses if url.startswith(place.service)]
    assert [url for url in own if "token" in url] == []


def test_signing_out_at_the_provider_ends_the_session_here(page: Page, place: Place) -> None:
    page.goto(f"{place.service}/api/auth/sign-in")
    page.get_by_role("link", name="S’identifier avec ProConnect", exact=True).click()
    identify(page, "dominique")
    page.wait_for_url(f"{place.service}/")
    assert page.request.get(f"{place.service}/api/v1/me").status == 200

    page.goto(f"{place.provider}/session/end")
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_url(f"{place.provider}/session/end/success")

    assert page.request.get(f"{place.service}/api/v1/me").status == 401


def test_a_person_without_siret_is_told_what_to_do(
    page: Page, place: Place, tmp_path: Path
) -> None:
    page.goto(f"{place.service}/api/auth/sign-in")
    page.screenshot(path=tmp_path / "sign-in.png")
    page.get_by_role("link", name="S’identifier avec ProConnect", exact=True).click()
    identify(page, "sans-siret")

    heading = page.get_by_role("heading", name="Accès non rattaché")
    expect(heading).to_be_visible()
    page.screenshot(path=tmp_path / "not-attached.png")
    assert page.request.get(f"{place.service}/api/v1/me").status == 401


def test_a_person_whom_nobody_invited_is_told_to_ask(page: Page, place: Place) -> None:
    page.goto(f"{place.service}/api/auth/sign-in")
    page.get_by_role("link", name="S’identifier avec ProConnect", exact=True).click()
    identify(page, "inconnue")

    heading = page.get_by_role("heading", name="Accès sur invitation")
    expect(heading).to_be_visible()
    assert page.request.get(f"{place.service}/api/v1/me").status == 401
