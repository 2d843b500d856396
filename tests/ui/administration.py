"""What the tests of the administration pages share: the page alone, and what it says."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.scripted_organisation import OrganisingClient


def _script(client: object, module: str) -> None:
    from functools import partial
    from importlib import import_module
    from typing import cast

    from assistant.client import AssistantClient
    from ui.failures import guarded, show_failed_attempt

    api = cast("AssistantClient", client)
    show_failed_attempt()
    guarded(partial(import_module(f"ui.{module}").show, api, api.me()))


def opened(api: OrganisingClient, module: str) -> AppTest:
    """A page of that module, run once."""
    page = AppTest.from_function(_script, default_timeout=20, args=(api, module)).run()
    assert not page.exception, page.exception
    return page


def click(page: AppTest, key: str) -> AppTest:
    """Click a button; the page must not break."""
    page.button(key).click().run()
    assert not page.exception, page.exception
    return page


def said(page: AppTest) -> str:
    """Everything that the page says in sentences and lines."""
    parts = [
        *page.markdown,
        *page.success,
        *page.error,
        *page.warning,
        *page.info,
        *page.caption,
        *page.code,
        *page.subheader,
    ]
    lines = [each.proto.body for each in page.get("html")]
    return "\n".join([*(str(part.value) for part in parts), *lines])


def keys(page: AppTest) -> list[str]:
    """Keys of the buttons on the page."""
    return [button.key or "" for button in page.button]
