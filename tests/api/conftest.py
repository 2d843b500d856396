from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.api.site import Site, open_site


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Generator[Site]:
    opened = open_site(tmp_path / "data", database_url=database_url)
    yield opened
    opened.close()
