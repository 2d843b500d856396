from __future__ import annotations

from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest
import structlog
from typer.main import get_command

from tests.api.site import Site, open_site


@pytest.fixture(scope="session", autouse=True)
def built_commands() -> Generator[None]:
    """The commands are built once, as in the program, and not by each of hundreds of calls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command))
        yield


@pytest.fixture(autouse=True)
def own_logs() -> Generator[None]:
    """What a command makes of the logs of its process ends with its test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the hour: no comparison of the night begins by itself."""
    monkeypatch.setattr("assistant.services.reconciliation._NIGHT", ())


@pytest.fixture
def site(tmp_path: Path, database_url: str, by_day: None) -> Generator[Site]:
    del by_day
    opened = open_site(tmp_path / "data", database_url=database_url)
    yield opened
    opened.close()
