"""No transaction is open while the model is waited for, nor while an answer streams; on each engine."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from assistant.testing.chat import Pause, ScriptedChatModel
from tests.api.site import REGULATION, open_site

pytestmark = pytest.mark.each_engine
ASKED = {"question": "Le transport scolaire est-il gratuit ?"}
CALM_S = 0.6
"""Longer than the keeper of answers takes between two commits, far shorter than the model stalls."""


class Connections:
    """Counts the connections that are out of their pools, whatever their engine."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self.out = 0

    def taken(self, *_: Any) -> None:
        with self._lock:
            self.out += 1

    def returned(self, *_: Any) -> None:
        with self._lock:
            self.out -= 1

    def idle_in_transaction(self) -> int:
        """Transactions that the server sees waiting for their client."""
        if not self._url:
            return 0
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
        )
        with psycopg.connect(self._url) as connection:
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    async def are_calm(self, *, within_s: float = 5) -> bool:
        """True once no connection was out for a while."""
        deadline = time.monotonic() + within_s
        since = time.monotonic()
        while time.monotonic() < deadline:
            if self.out or await asyncio.to_thread(self.idle_in_transaction):
                since = time.monotonic()
            elif time.monotonic() - since > CALM_S:
                return True
            await asyncio.sleep(0.02)
        return False


@pytest.fixture
def connections(database_url: str) -> Generator[Connections]:
    watched = Connections(database_url)
    event.listen(Pool, "checkout", watched.taken)
    event.listen(Pool, "checkin", watched.returned)
    yield watched
    event.remove(Pool, "checkout", watched.taken)
    event.remove(Pool, "checkin", watched.returned)


@pytest.mark.anyio
@pytest.mark.parametrize("script", [[Pause(60)], ["Gratuit pour ", Pause(60)]])
async def test_no_transaction_is_open_while_the_model_stalls(
    connections: Connections, database_url: str, tmp_path: Path, script: list[Any]
) -> None:
    model = ScriptedChatModel(script)
    site = open_site(tmp_path / "data", model=model, database_url=database_url)
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as http:
        headers = {"Accept": "text/event-stream"}
        streaming = asyncio.create_task(http.post("/api/v1/answers", json=ASKED, headers=headers))
        while not model.open_streams:
            assert not streaming.done(), streaming.result().text
            await asyncio.sleep(0.02)

        assert await connections.are_calm()
        assert model.open_streams == 1
        with site.container.open_work() as work:
            work.tenancy.list_tenants()
            assert connections.out == 1
            assert not await connections.are_calm(within_s=1.5)

        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)
        await site.container.aclose()
    site.close()
