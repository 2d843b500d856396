"""The description of the API: kept in `docs/openapi.json`, complete, in step with the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assistant.api.app import openapi_text

KEPT = Path(__file__).parents[2] / "docs" / "openapi.json"


def operations() -> list[tuple[str, dict[str, Any]]]:
    paths = json.loads(openapi_text())["paths"]
    return [
        (f"{method} {path}", operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


def test_the_kept_description_is_that_of_the_code() -> None:
    """Renew it by `python -m assistant.api > docs/openapi.json`."""
    assert KEPT.read_text("utf-8") == openapi_text()


def test_every_route_describes_its_problems() -> None:
    for name, operation in operations():
        content = operation["responses"]["default"]["content"]
        assert "application/problem+json" in content, name
        assert "422" not in operation["responses"], name


def test_every_route_says_what_it_does() -> None:
    assert [name for name, operation in operations() if not operation.get("description")] == []
