from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import House, open_house


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    house = open_house(tmp_path, database_url=database_url)
    yield house
    house.close()
