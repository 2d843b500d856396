from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
import structlog

from tests.api.site import Site, open_site


@pytest.fixture(autouse=True)
def own_logs() -> Generator[None]:
    """What a command makes of the logs of its process ends with its test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Generator[Site]:
    opened = open_site(tmp_path / "data", database_url=database_url)
    yield opened
    opened.close()
