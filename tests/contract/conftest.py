"""What contract suites need from the outside."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def qdrant_url() -> str:
    """Address of a real Qdrant server; the test is skipped without one."""
    url = os.environ.get("QDRANT_URL")  # noqa: TID251 - names a server for these tests only
    if not url:
        pytest.skip("QDRANT_URL names no Qdrant server")
    return url
