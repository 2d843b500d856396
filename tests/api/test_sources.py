from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from assistant.domain.sources import RunState
from assistant.settings import SourceFolder, SourceServer, SourcesSettings
from ingest.sources.folder import FolderSource
from tests.api.site import Site, open_site

pytestmark = pytest.mark.anyio
SECRET = "un-mot-de-passe-d-application"
WEBDAV = {
    "kind": "webdav",
    "name": "Nuage",
    "address": "https://nuage.exemple.fr/remote.php/dav/files/lecture/Actes",
    "user": "lecture",
    "password": SECRET,
    "exclude": ["*.tmp"],
    "schedule": {"rhythm": "weekly", "at": "06:30", "weekday": 2},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "partage"
    folder.mkdir()
    (folder / "a.txt").write_text("Règlement A")
    return folder


@pytest.fixture
def placed(tmp_path: Path, folder: Path) -> Generator[Site]:
    settings = SourcesSettings(
        folders=(SourceFolder(path=str(folder)),), webdav_hosts=("nuage.exemple.fr",)
    )
    site = open_site(tmp_path / "data", sources=settings)
    yield site
    site.close()


async def made(site: Site, body: dict[str, Any]) -> Any:
    async with site.owner() as http:
        response = await http.post("/api/v1/sources", json=body)
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_source_tells_all_but_its_password(placed: Site) -> None:
    site = placed
    source = await made(site, WEBDAV)

    async with site.owner() as http:
        listed = await http.get("/api/v1/sources")
        audit = await http.get("/api/v1/audit")
    assert source["has_password"] is True
    assert source["schedule"] == WEBDAV["schedule"]
    assert listed.json() == [source]
    for told in (str(source), listed.text, audit.text):
        assert SECRET not in told


async def test_places_are_told_and_tried(placed: Site, folder: Path) -> None:
    site = placed
    async with site.owner() as http:
        places = (await http.get("/api/v1/sources/places")).json()
        tried = await http.post(
            "/api/v1/sources/test", json={"kind": "folder", "address": str(folder)}
        )
        missing = await http.post(
            "/api/v1/sources/test", json={"kind": "folder", "address": f"{folder}/absent"}
        )
        elsewhere = await http.post(
            "/api/v1/sources/test", json={"kind": "folder", "address": "/etc"}
        )
    assert places == {"folders": [str(folder)], "webdav_hosts": ["nuage.exemple.fr"]}
    assert tried.json() == {"names": ["a.txt"]}
    assert (missing.status_code, missing.json()["code"]) == (503, "folder_missing")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "source_place_refused")


async def test_servers_and_folders_of_others_are_neither_told_nor_spoken_to(tmp_path: Path) -> None:
    site = open_site(tmp_path / "data")
    other = site.foreigner()
    site.close()
    servers = (
        SourceServer(host="commune.exemple.fr", tenants=(other.tenant_id,)),
        SourceServer(host="region.exemple.fr"),
    )
    settings = SourcesSettings(webdav_hosts=("nuage.exemple.fr",), servers=servers)
    site = open_site(tmp_path / "data", sources=settings)
    async with site.owner() as own, site.person(other) as theirs:
        told = [
            (await http.get("/api/v1/sources/places")).json()["webdav_hosts"]
            for http in (own, theirs)
        ]
        asked = {**WEBDAV, "address": "https://nuage.exemple.fr/dav"}
        made = await theirs.post("/api/v1/sources", json=asked)
        tried = await theirs.post(
            "/api/v1/sources/test",
            json={key: asked[key] for key in ("kind", "address", "user", "password")},
        )
    site.close()

    assert told == [["nuage.exemple.fr", "region.exemple.fr"], ["commune.exemple.fr"]]
    assert {made.json()["code"], tried.json()["code"]} == {"source_host_refused"}


async def test_tests_of_connections_leave_room_for_everybody(
    placed: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def late(self: FolderSource, *, limit: int) -> tuple[str, ...]:
        answers.wait(20)
        return ()

    monkeypatch.setattr(FolderSource, "first_names", late)
    asked = {"kind": "folder", "address": str(folder)}
    async with placed.owner() as http:
        begun = [
            asyncio.create_task(http.post("/api/v1/sources/test", json=asked)) for _ in range(12)
        ]
        refused, waiting = await asyncio.wait(begun, timeout=5)
        assert (await http.get("/api/v1/sources")).status_code == 200
        answers.set()
        tried = [await each for each in waiting]
        later = await http.post("/api/v1/sources/test", json=asked)

    assert {each.result().json()["code"] for each in refused} == {"source_tests_busy"}
    assert {each.result().status_code for each in refused} == {429}
    assert [each.status_code for each in [*tried, later]] == [200] * 3


async def test_a_plan_and_a_run_are_asked_for_carried_out_and_told(
    placed: Site, folder: Path
) -> None:
    site = placed
    source = await made(site, {"kind": "folder", "name": "Partage", "address": str(folder)})
    path = f"/api/v1/sources/{source['id']}"
    async with site.owner() as http:
        asked = await http.post(f"{path}/plan")
        busy = await http.post(f"{path}/sync")
        assert site.worker.sources.run_once()
        planned = (await http.get(path)).json()["last_run"]
        await http.post(f"{path}/sync")
        assert site.worker.sources.run_once()
        runs = (await http.get(f"{path}/runs")).json()
        documents = (await http.get("/api/v1/documents")).json()["documents"]
    assert (asked.status_code, busy.status_code, busy.json()["code"]) == (202, 409, "source_busy")
    assert (planned["kind"], planned["counts"], planned["names"]) == (
        "plan",
        {"added": 1},
        {"added": ["a.txt"]},
    )
    assert [each["state"] for each in runs] == [RunState.DONE, RunState.DONE]
    assert [each["name"] for each in documents] == ["a.txt"]
    assert runs[0]["jobs"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"removal_percent": 101}, 422),
        ({"schedule": {"rhythm": "daily", "at": "24:00"}}, 422),
        ({"schedule": {"rhythm": "weekly", "weekday": 7}}, 422),
        ({"name": " "}, 422),
        ({"exclude": ["x" * 300]}, 422),
        ({"password": None}, 422),
        ({"address": "https://ailleurs.fr/"}, 422),
        ({"collection_id": "inconnue"}, 404),
        ({"kind": "ftp"}, 422),
    ],
)
async def test_what_cannot_be_a_source_is_refused_with_a_sentence(
    placed: Site, change: dict[str, Any], status: int
) -> None:
    async with placed.owner() as http:
        response = await http.post("/api/v1/sources", json={**WEBDAV, **change})
    assert response.status_code == status
    assert response.json()["detail"]
    assert SECRET not in response.text
