"""What a person does on the pages of administration."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.browser import WAIT_MS

_ASKED_MS = 120
"""Within which a page asks for a run after an act."""


def context_of(browser: Browser) -> BrowserContext:
    """A browser of its own for one person."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="fr-FR")
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    return context


def go(page: Page, name: str) -> None:
    """Open a page of the menu."""
    page.get_by_role("link", name=name, exact=True).first.click()


def settle(page: Page) -> None:
    """Wait until the page has run for what was done on it: what is typed or pressed amid a run may be lost."""
    page.wait_for_timeout(_ASKED_MS)
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=WAIT_MS)


def dialog(page: Page, button: str) -> None:
    """Press the button that ends the open dialog, and wait for it to close."""
    within = page.get_by_role("dialog")
    within.wait_for()
    settle(page)
    within.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def fill(page: Page, label: str, value: str) -> None:
    """Write in a field and leave it."""
    box = page.get_by_label(label, exact=True)
    box.wait_for()
    settle(page)
    box.fill(value)
    box.press("Tab")
    settle(page)


def choose(page: Page, label: str, option: str) -> None:
    """Take an option of a list."""
    box = page.get_by_role("combobox", name=label)
    box.wait_for()
    settle(page)
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)
