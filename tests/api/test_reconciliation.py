"""The comparison of database, index and files by the API and the command, on a real server and a stopped one."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from typer.testing import CliRunner

from assistant.adapters.files.folder import FolderFileStore
from assistant.adapters.sql.database import open_database
from assistant.cli.app import app
from assistant.data_folder import prepare_data_folder
from assistant.domain.ids import ChunkId
from assistant.domain.reconciliation import Defect, Reconciliation
from assistant.ownership import ServerAddress, announced, own
from assistant.services.reconciliation import Reconciler
from assistant.services.reconciling_tally import Tally
from assistant.testing.clock import FrozenClock
from tests.api.site import REGULATION, TOKEN, Site, open_site, served

pytestmark = pytest.mark.anyio

PATH = "/api/v1/index/verification"


async def ended(site: Site) -> dict[str, Any]:
    await asyncio.to_thread(site.container.reconciliation.wait)
    async with site.owner() as owner:
        return (await owner.get(PATH)).json()


def lose_a_point(site: Site) -> ChunkId:
    (page,) = site.container.index.iter_points(page=500)
    site.container.index.remove_points([page[0].chunk_id])
    return page[0].chunk_id


@pytest.mark.each_engine
async def test_it_is_begun_looked_at_and_mends(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    async with site.owner() as owner:
        before = (await owner.get(PATH)).json()
        lost = lose_a_point(site)
        begun = await owner.post(PATH, json={"repair": False})
        seen = await ended(site)
        await owner.post(PATH, json={"repair": True})
        mended = await ended(site)
        await owner.post(PATH, json={})
        clean = await ended(site)

    assert before == {"is_running": False, "compared": {}, "failure": "", "report": None}
    assert begun.status_code == 202
    report = seen["report"]
    assert report["compared"] == {"chunks": 4, "points": 3, "files": 1}
    assert (report["is_clean"], report["is_settled"], report["is_repair"]) == (False, False, False)
    (finding,) = report["findings"]
    assert (finding["code"], finding["count"], finding["mended"]) == (Defect.POINT_MISSING, 1, 0)
    assert finding["examples"] == [lost]
    assert "manquent dans l'index" in finding["detail"]
    assert "remet dans l'index" in finding["remedy"]
    after = mended["report"]
    assert (after["is_clean"], after["is_settled"], after["is_repair"]) == (False, True, True)
    last = clean["report"]
    assert (last["is_clean"], last["findings"]) == (True, [])


async def test_one_at_a_time_and_only_by_the_platform(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.upload({"reglement.txt": REGULATION})
    keeper, go_on, run = site.container.reconciliation, threading.Event(), Reconciler.run

    def slow(reconciler: Reconciler, tally: Tally, *, is_repair: bool) -> Reconciliation:
        assert go_on.wait(20)
        return run(reconciler, tally, is_repair=is_repair)

    monkeypatch.setattr(Reconciler, "run", slow)
    async with site.person(site.foreigner()) as other, site.owner() as owner:
        refused = [await other.get(PATH), await other.post(PATH, json={"repair": True})]
        await owner.post(PATH, json={})
        second = await owner.post(PATH, json={})
    go_on.set()
    keeper.wait()

    assert [each.status_code for each in refused] == [403, 403]
    assert refused[0].json()["code"] == "platform_forbidden"
    assert second.status_code == 409


async def test_every_night_once(tmp_path: Path) -> None:
    clock = FrozenClock()
    site = open_site(tmp_path, clock=clock)
    keeper = site.container.reconciliation

    def looked_at(hours: float) -> bool:
        clock.advance(timedelta(hours=hours).total_seconds())
        before = keeper.is_running or _reports(site)
        keeper.look()
        keeper.wait()
        return _reports(site) != before

    to_midnight = (24 - clock.now().hour) % 24
    assert looked_at(to_midnight + 1)
    assert not looked_at(1)
    assert not looked_at(12)
    assert looked_at(11)
    assert not looked_at(40)
    assert looked_at(9)
    assert looked_at(-240)  # the clock was put back
    assert not looked_at(1)
    site.close()


def _reports(site: Site) -> object:
    with site.container.open_work() as work:
        return work.reconciliation.last_report()


def verify(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["index", "verify", *words], standalone_mode=False)
    assert done.exception is None, done.exception
    return int(done.return_value), done.stdout


async def test_the_command_finds_the_running_server(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restored_logs: None
) -> None:
    del restored_logs
    await site.upload({"reglement.txt": REGULATION})
    lost = lose_a_point(site)
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "propre"))
    run = prepare_data_folder(tmp_path / "propre").run
    with (
        served(site) as url,
        own(run, command="serve"),
        announced(run, ServerAddress(url, os.getpid(), TOKEN)),
    ):
        seen = await anyio.to_thread.run_sync(verify)
        mended = await anyio.to_thread.run_sync(verify, "--repair")
        clean = await anyio.to_thread.run_sync(verify)

    assert (seen[0], mended[0], clean[0]) == (4, 0, 0)
    assert "point_missing (1) :" in seen[1]
    assert lost in seen[1]
    assert "assistant index verify --repair" in seen[1]
    assert "point_missing (1, dont 1 réparés)" in mended[1]
    assert "s'accordent : 4 passages en base, 4 dans l'index, 1 fichiers" in clean[1]


async def test_the_command_serves_itself_without_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restored_logs: None
) -> None:
    del restored_logs
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    folder = prepare_data_folder(tmp_path / "data")
    open_database(folder.database, migrate=True).close()
    place = folder.files / "ab" / ("ab" * 32)
    place.parent.mkdir(parents=True)
    place.write_text("oublié")
    os.utime(place, (1, 1))
    files = FolderFileStore(folder.files)
    claimed, _ = files.put(io.BytesIO(b"on va s'en servir"), max_bytes=99, claimant="somebody")
    os.utime(files.path(claimed), (1, 1))

    code, told = await anyio.to_thread.run_sync(verify, "--repair", "--json")

    assert code == 0
    assert '"file_orphan"' in told
    assert not place.exists()
    assert files.has(claimed)
