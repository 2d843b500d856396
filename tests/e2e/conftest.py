"""What the walks share: one Chromium, one model, one service whose organisations are each a walk's own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from assistant.schemas.tenants import TenantChangeIn
from assistant.testing.mock_model import MockModel, running_mock_model
from tests.e2e.browser import Product, chromium, running_product
from tests.e2e.desks import Desks, Seat
from tests.e2e.providing import SIRET, Site, provided

REGION = TenantChangeIn(name="Région Exemple", kind="region", siren="123456782", sirets=[SIRET])
_STILL_MS = 300


@pytest.fixture(scope="package")
def browser() -> Generator[Browser]:
    """One Chromium; each walk has contexts of its own in it."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="package")
def desks(browser: Browser) -> Desks:
    """Browsers of the persons of walks."""
    return Desks(browser)


@pytest.fixture
def seat(desks: Desks) -> Generator[Seat]:
    """Gives a browser of its own to each person of a test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(desks.seat())


@pytest.fixture(scope="package")
def model() -> Generator[MockModel]:
    """A chat model and an embedder that take no time."""
    with running_mock_model() as running:
        yield running


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory, model: MockModel) -> Generator[Product]:
    """The product of a region; a walk adds its own organisation to it."""
    with running_product(tmp_path_factory.mktemp("service"), model=model) as started:
        _make_region(started)
        yield started


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    """The product of a region that people enter through a real provider, with its own embedder."""
    folder = tmp_path_factory.mktemp("site")
    with (
        provided() as place,
        running_product(folder, variables=place.variables()) as product,
    ):
        _make_region(product)
        yield Site(product, place)


def _make_region(product: Product) -> None:
    (tenant,) = product.client.list_tenants()
    product.client.change_tenant(tenant.id, REGION)


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Page, str], None]:
    """Takes a picture of what a person sees, whose width must hold all of the page."""

    def take(page: Page, name: str) -> None:
        page.mouse.move(*_bottom_right(page))
        page.wait_for_timeout(_STILL_MS)
        page.screenshot(path=tmp_path / f"{name}.png", animations="disabled")
        for place in page.locator("html, [data-testid=stMain]").all():
            assert place.evaluate("one => one.scrollWidth - one.clientWidth") <= 0, name

    return take


def _bottom_right(page: Page) -> tuple[int, int]:
    """Where the mouse rests on nothing."""
    size = page.viewport_size
    assert size is not None
    return size["width"] - 10, size["height"] - 10
