"""Clicks as of a browser, which draws the fragment of a button again alone; the test runner draws the page."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import RerunData
from streamlit.testing.v1 import AppTest, local_script_runner


def click_alone(page: AppTest, key: str) -> AppTest:
    """Click a button that is within a fragment; the page then holds what this run drew, and no more."""
    button = page.button(key)
    state: Any = page.session_state  # wraps the state of the session twice
    metadata = state._state._state._new_widget_state.widget_metadata[button.id]
    assert metadata.fragment_id, "not within a fragment"
    with pytest.MonkeyPatch.context() as patch:
        asked = partial(RerunData, fragment_id=metadata.fragment_id)
        patch.setattr(local_script_runner, "RerunData", asked)
        button.click().run()
    assert not page.exception, page.exception
    return page
