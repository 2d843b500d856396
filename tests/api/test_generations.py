"""Who searches which generation, by the API and the command."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from typer.testing import CliRunner

from assistant.cli.app import app
from assistant.data_folder import prepare_data_folder
from assistant.domain.generations import GenerationState
from assistant.domain.ids import GenerationId
from assistant.domain.trials import Trial
from assistant.ownership import ServerAddress, announced, own
from tests.api.site import REGULATION, TOKEN, Site, served

pytestmark = pytest.mark.anyio

PATH = "/api/v1/generations"
WHY = "Essai voulu par la commune"


def evaluated(site: Site) -> GenerationId:
    """A second generation of the same model, whole, that was asked nothing."""
    container = site.container
    now = container.clock.now()
    with container.open_work() as work:
        first = work.generations.active()
        assert first is not None
        made = replace(
            first,
            id=GenerationId("g-2"),
            number=2,
            place=f"g2-{first.place}",
            state=GenerationState.EVALUATED,
            trial=Trial(first.number, now, asked=0, total=0, ended_at=now),
        )
        work.generations.add(made)
        work.commit()
    room = container.generations.room
    room.look()
    while room.is_behind(made.id):
        room.step()
    return made.id


def told(*words: str) -> str:
    """What a command of generations says, or is refused with."""
    done = CliRunner().invoke(app, ["generations", *words], standalone_mode=False)
    return str(done.exception) if done.exception else done.output


@pytest.mark.each_engine
async def test_one_tenant_is_switched_told_and_given_back(site: Site) -> None:
    await site.upload({"reglement.txt": REGULATION})
    made = await asyncio.to_thread(evaluated, site)
    async with site.owner() as owner:
        (tenant, *_) = (await owner.get("/api/v1/tenants")).json()
        asked: dict[str, Any] = {"reason": WHY, "tenants": [tenant["id"]]}
        nobody = await owner.post(f"{PATH}/{made}/switch", json={**asked, "tenants": []})
        unknown = await owner.post(f"{PATH}/{made}/switch", json={**asked, "tenants": ["x"]})
        without_reason = await owner.post(f"{PATH}/{made}/switch", json={**asked, "reason": ""})
        switched = await owner.post(f"{PATH}/{made}/switch", json=asked)
        found = await owner.post("/api/v1/search", json={"query": "aide"})
        listed = (await owner.get(PATH)).json()["generations"]
        removed = await owner.delete(f"{PATH}/{made}")
        (first,) = [each["id"] for each in listed if each["state"] == "active"]
        way = {"tenants": [tenant["id"]], "from_id": made, "to_id": first}
        back = await owner.post(f"{PATH}/rollback", json=way)
        again = await owner.post(f"{PATH}/rollback", json=way)
        after = (await owner.get(PATH)).json()["generations"]

    assert [each.status_code for each in (nobody, unknown, without_reason)] == [422, 404, 422]
    assert without_reason.json()["code"] == "generation_reason_no_questions"
    (by,) = switched.json()["tenants"]
    assert (by["id"], by["name"], by["overruled"]) == (tenant["id"], tenant["name"], WHY)
    assert found.status_code == 200
    assert [(each["number"], len(each["tenants"])) for each in listed] == [(2, 1), (1, 0)]
    assert (removed.status_code, removed.json()["code"]) == (409, "generation_searched")
    assert back.json()["number"] == 1
    assert (again.status_code, again.json()["code"]) == (409, "generation_rollback_changed")
    assert not any(each["tenants"] for each in after)


@pytest.fixture
def commands(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restored_logs: None
) -> Generator[None]:
    """Commands of this process find the site as the running service of their data folder."""
    del restored_logs
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "propre"))
    run = prepare_data_folder(tmp_path / "propre").run
    with (
        served(site) as url,
        own(run, command="serve"),
        announced(run, ServerAddress(url, os.getpid(), TOKEN)),
    ):
        yield


@pytest.mark.usefixtures("commands")
async def test_the_command_goes_on_with_what_is_being_built(site: Site) -> None:
    def begin() -> None:
        service, principal = site.container.generations.service, site.container.access
        made = service.plan("", principal=principal.local_principal())
        service.build(made.id, principal=principal.local_principal())

    await asyncio.to_thread(begin)
    again = await anyio.to_thread.run_sync(told, "build", "2")

    assert "génération 2 : en construction" in again


@pytest.mark.usefixtures("commands")
async def test_the_command_names_a_tenant_by_its_name(site: Site) -> None:
    await asyncio.to_thread(evaluated, site)
    async with site.owner() as owner:
        (tenant, *_) = (await owner.get("/api/v1/tenants")).json()
    asked = ("switch", "2", "--reason", WHY, "--tenant")
    unknown = await anyio.to_thread.run_sync(told, *asked, "Nulle part")
    switched = await anyio.to_thread.run_sync(told, *asked, tenant["name"])
    listed = await anyio.to_thread.run_sync(told, "list")
    way_back = ("rollback", "1", "--tenant", tenant["id"])
    back = await anyio.to_thread.run_sync(told, *way_back)
    again = await anyio.to_thread.run_sync(told, *way_back)

    assert unknown == "Il n'y a pas d'organisme « Nulle part »."
    assert f"interrogée par {tenant['name']}" in switched
    assert f"motif de la bascule de {tenant['name']} : {WHY}" in switched
    assert f"interrogée par {tenant['name']}" in listed
    assert "génération 1 : en service" in back
    assert "il est déjà fait" in again
