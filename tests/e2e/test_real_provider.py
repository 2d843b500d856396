"""A person signs in through a real OpenID provider, in a real browser, and signs out of both."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant.schemas.people import InvitationIn
from assistant.schemas.tenants import TenantChangeIn
from tests.e2e.browser import WAIT_MS, chromium, running_product

pytestmark = pytest.mark.timeout(300)

HERE = Path(__file__).parent / "provider"
SIRET = "12345678200010"
SECRET = "un-secret-de-client-assez-long-pour-hs256"
_START_S = 60


@dataclass(frozen=True)
class Place:
    """The service and the provider that it speaks to."""

    service: str
    provider: str


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def node_provider(port: int, *, service: str) -> Generator[None]:
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("Node.js with npm is not installed, or the test provider is not (make test)")
    command = [node, str(HERE / "provider.mjs"), str(port), service]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/.well-known/openid-configuration", process)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - of this machine
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the provider does not start")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    ours, theirs = free_port(), free_port()
    place = Place(f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{theirs}")
    provider = {
        "id": "proconnect",
        "kind": "proconnect",
        "issuer": place.provider,
        "client_id": "assistant",
        "client_secret": SECRET,
    }
    variables = {
        "ASSISTANT_SERVER_PORT": str(ours),
        "ASSISTANT_OIDC_PROVIDERS": json.dumps([provider]),
    }
    folder = tmp_path_factory.mktemp("provider")
    with (
        node_provider(theirs, service=place.service),
        running_product(folder, model_url="", model="aucun", variables=variables) as product,
    ):
        (tenant,) = product.client.list_tenants()
        product.client.change_tenant(tenant.id, TenantChangeIn(sirets=[SIRET]))
        for name in ("camille", "dominique"):
            product.client.invite(InvitationIn(name=name, email=f"{name}@region.example"))
        yield place


@pytest.fixture
def page() -> Generator[Page]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="fr-FR")
        # The provider's own pages ask a font server; nothing leaves this machine.
        page.route("**://fonts.googleapis.com/**", lambda route: route.abort())
        yield page


def identify(page: Page, login: str) -> None:
    """What the person does on the provider's pages."""
    page.get_by_placeholder("Enter any login").fill(login)
    page.get_by_placeholder("and password").fill("secret")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_sign_in_and_out_through_a_real_provider(page: Page, place: Place, tmp_path: Path) -> None:
    addresses: list[str] = []
    page.on("framenavigated", lambda frame: addresses.append(frame.url))
    page.goto(place.service)
    page.screenshot(path=tmp_path / "signed-out.png")
    page.get_by_role("link", name="S’identifier avec ProConnect").click(timeout=WAIT_MS)
    identify(page, "camille")

    question = page.get_by_placeholder("Posez votre question…")
    question.wait_for(timeout=WAIT_MS)
    assert page.url.rstrip("/") == place.service
    page.screenshot(path=tmp_path / "signed-in.png")
    sessions = page.request.get(f"{place.service}/api/v1/sessions").json()
    assert [each["device"] for each in sessions] == ["Chrome sur Linux"]
    me = page.request.get(f"{place.service}/api/v1/me").json()
    assert (me["name"], me["roles"]) == ("camille", ["agent"])

    page.get_by_role("button", name="Se déconnecter").click()
    page.get_by_role("button", name="Yes, sign me out").click(timeout=WAIT_MS)
    expect(page.get_by_role("heading", name="Vous êtes déconnecté")).to_be_visible(timeout=WAIT_MS)
    page.screenshot(path=tmp_path / "gone.png")
    assert page.request.get(f"{place.service}/api/v1/me").status == 401
    own = [url for url in addresses if url.startswith(place.service)]
    assert [url for url in own if "token" in url] == []


def test_signing_out_at_the_provider_ends_the_session_here(page: Page, place: Place) -> None:
    page.goto(f"{place.service}/api/auth/sign-in")
    page.get_by_role("link", name="S’identifier avec ProConnect", exact=True).click()
    identify(page, "dominique")
    page.wait_for_url(f"{place.service}/", timeout=WAIT_MS)
    assert page.request.get(f"{place.service}/api/v1/me").status == 200

    page.goto(f"{place.provider}/session/end")
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_url(f"{place.provider}/session/end/success", timeout=WAIT_MS)

    assert page.request.get(f"{place.service}/api/v1/me").status == 401


def test_a_person_without_siret_is_told_what_to_do(
    page: Page, place: Place, tmp_path: Path
) -> None:
    page.goto(f"{place.service}/api/auth/sign-in")
    page.screenshot(path=tmp_path / "sign-in.png")
    page.get_by_role("link", name="S’identifier avec ProConnect", exact=True).click()
    identify(page, "sans-siret")

    heading = page.get_by_role("heading", name="Accès non rattaché")
    expect(heading).to_be_visible(timeout=WAIT_MS)
    page.screenshot(path=tmp_path / "not-attached.png")
    assert page.request.get(f"{place.service}/api/v1/me").status == 401


def test_a_person_whom_nobody_invited_is_told_to_ask(page: Page, place: Place) -> None:
    page.goto(f"{place.service}/api/auth/sign-in")
    page.get_by_role("link", name="S’identifier avec ProConnect", exact=True).click()
    identify(page, "inconnue")

    heading = page.get_by_role("heading", name="Accès sur invitation")
    expect(heading).to_be_visible(timeout=WAIT_MS)
    assert page.request.get(f"{place.service}/api/v1/me").status == 401
