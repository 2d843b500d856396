"""Browsers of persons that are used again once a person has left: what they have loaded stays loaded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, BrowserContext, Error

from tests.e2e.forms import context_of

Seat = Callable[[], BrowserContext]


class Desks:
    """Gives contexts of one Chromium that know nobody; a new one reads all scripts of the pages anew."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: list[BrowserContext] = []

    @contextmanager
    def seat(self) -> Generator[BrowserContext]:
        """A browser of its own for one person, until the block ends."""
        context = self._free.pop() if self._free else context_of(self._browser)
        yield context
        for page in context.pages:
            with suppress(Error):  # an empty page has no storage
                page.evaluate("() => localStorage.clear()")
            page.close()
        context.clear_cookies()
        context.unroute_all()
        self._free.append(context)
