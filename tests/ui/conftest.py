"""Pages run by Streamlit's own test runner, against an API in memory."""

from __future__ import annotations

from collections.abc import Generator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.ui.scripted import ScriptedClient
from tests.ui.scripted_evaluations import EvaluatingClient


@pytest.fixture(scope="package", autouse=True)
def components_of_packages() -> Generator[None]:
    """Look once for components that installed packages bring: every page of the test runner does."""
    with pytest.MonkeyPatch.context() as patch:
        found = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


def _script(client: object) -> None:
    from typing import cast

    from assistant.client import AssistantClient
    from ui.shell import show

    show(cast("AssistantClient", client))


@pytest.fixture
def api() -> ScriptedClient:
    """The API, with one live document."""
    return ScriptedClient()


@pytest.fixture
def page(api: ScriptedClient) -> AppTest:
    """The application, not yet run."""
    return AppTest.from_function(_script, default_timeout=20, args=(api,))


def _documents_script(client: object) -> None:
    from typing import cast

    from assistant.client import AssistantClient
    from ui import documents

    api = cast("AssistantClient", client)
    documents.show(api, api.me())


@pytest.fixture
def documents_page(api: ScriptedClient) -> AppTest:
    """The documents page alone, not yet run."""
    return AppTest.from_function(_documents_script, default_timeout=20, args=(api,))


def _evaluation_script(client: object) -> None:
    from typing import cast

    from assistant.client import AssistantClient
    from ui import question_sets

    api = cast("AssistantClient", client)
    question_sets.show(api, api.me())


@pytest.fixture
def evaluating() -> EvaluatingClient:
    """The API, with one question set that was evaluated once."""
    return EvaluatingClient()


@pytest.fixture
def evaluation_page(evaluating: EvaluatingClient) -> AppTest:
    """The evaluation page alone, not yet run."""
    return AppTest.from_function(_evaluation_script, default_timeout=20, args=(evaluating,))
