"""What a person does on the pages of administration."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.browser import WAIT_MS


def context_of(browser: Browser) -> BrowserContext:
    """A browser of its own for one person."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="fr-FR")
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    return context


def go(page: Page, name: str) -> None:
    """Open a page of the menu."""
    page.get_by_role("link", name=name, exact=True).first.click()


def dialog(page: Page, button: str) -> None:
    """Press the button that ends the open dialog, and wait for it to close."""
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def fill(page: Page, label: str, value: str) -> None:
    """Write in a field and leave it."""
    box = page.get_by_label(label, exact=True)
    box.fill(value)
    box.press("Tab")


def choose(page: Page, label: str, option: str) -> None:
    """Take an option of a list."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
