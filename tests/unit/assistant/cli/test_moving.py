"""The commands that let a tenant leave and come: what they write and say."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from assistant.cli import moving, waiting
from assistant.cli.connection import Connection
from assistant.cli.failures import ExitCode
from assistant.client import AssistantClient
from assistant.domain.catalogue import sentence
from assistant.domain.errors import ConfigurationError, Conflict
from assistant.domain.tenancy import Audience
from assistant.settings import Settings
from tests.house import House, open_house
from tests.unit.assistant.cli.test_waiting import Service


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house(tmp_path / "first")
    house.ingest({"a.txt": "Le marché a lieu le samedi.", "b.txt": "Le stade ferme à 22 h."})
    yield house
    house.close()


def settings_of(folder: Path) -> Settings:
    return Settings(data_dir=folder)


def export(house: House, to: Path, *, as_json: bool = False) -> None:
    moving.export(
        settings_of(house.root),
        house.principal.tenant_id,
        to=to,
        with_conversations=False,
        as_json=as_json,
    )


def test_a_folder_gets_a_file_called_as_the_tenant(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sorties"
    folder.mkdir()
    export(house, folder)
    [made] = folder.iterdir()
    told = capsys.readouterr().out

    assert made.name.startswith("Organisme 20")
    assert str(made) in told
    assert "1 collection, 0 personne, 0 groupe, 2 documents, 2 originaux, 0 jeu." in told
    with pytest.raises(Conflict):
        export(house, folder)


def reach(
    monkeypatch: pytest.MonkeyPatch,
    *,
    start_worker: Callable[[], object],
    is_worker_refused: bool = False,
) -> None:
    """Connect the command to a service of which only a worker is there."""
    client = Service(worker_refused=is_worker_refused)

    def start() -> None:
        start_worker()

    @contextmanager
    def connected(*_: Any, **__: Any) -> Generator[Connection]:
        yield Connection(cast("AssistantClient", client), start)

    monkeypatch.setattr(moving, "connect", connected)
    monkeypatch.setattr(moving, "_POLL_S", 0.0)
    monkeypatch.setattr(waiting, "_PATIENCE_S", 0.0)


@pytest.fixture
def elsewhere(house: House, tmp_path: Path) -> Iterator[House]:
    """Where the archive `a.zip` of a commune goes, of which one file is damaged."""
    house.ingest({"a.txt": "Le marché a lieu le samedi.", "abîmé.txt": "damaged"})
    with house.open_work() as work:
        tenant = work.tenancy.find_tenant(house.principal.tenant_id)
        assert tenant is not None
        work.tenancy.update_tenant(replace(tenant, name="Commune de Test"))
        work.commit()
    export(house, tmp_path / "a.zip")
    elsewhere = open_house(tmp_path / "elsewhere")
    yield elsewhere
    elsewhere.close()


@pytest.mark.parametrize("as_json", [True, False])
def test_what_could_not_be_read_is_named(
    elsewhere: House,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    as_json: bool,
) -> None:
    reach(monkeypatch, start_worker=elsewhere.settle)
    capsys.readouterr()

    code = moving.load(settings_of(elsewhere.root), tmp_path / "a.zip", waits=True, as_json=as_json)

    assert code is ExitCode.SOME_FAILED
    reason = sentence("file_damaged")
    lines = capsys.readouterr().out.splitlines()
    if as_json:
        told = json.loads(lines[-1])["failed"]
        assert told == [{"file": "abîmé.txt", "code": "file_damaged", "reason": reason}]
    else:
        assert lines[-2:] == [
            "Documents qui n'ont pas pu être lus : 1.",
            f"  ✗ abîmé.txt : {reason}",
        ]


def test_a_reading_that_nobody_begins_ends_the_wait(
    elsewhere: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(monkeypatch, start_worker=lambda: None, is_worker_refused=True)

    with pytest.raises(ConfigurationError) as raised:
        moving.load(settings_of(elsewhere.root), tmp_path / "a.zip", waits=True, as_json=False)

    assert raised.value.code == "worker_refused"


def test_what_came_is_told_and_waited_for(
    house: House,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with house.open_work() as work:
        [owned] = work.tenancy.list_collections(tenant_id=house.principal.tenant_id)
        work.tenancy.update_collection(
            type(owned)(owned.id, owned.tenant_id, owned.name, audience=Audience.EVERYONE)
        )
        tenant = work.tenancy.find_tenant(house.principal.tenant_id)
        assert tenant is not None
        work.tenancy.update_tenant(type(tenant)(tenant.id, "Commune de Test"))
        work.commit()
    export(house, tmp_path / "a.zip", as_json=True)
    elsewhere = open_house(tmp_path / "elsewhere")
    reach(monkeypatch, start_worker=elsewhere.settle)
    settings = settings_of(elsewhere.root)
    code = moving.load(settings, tmp_path / "a.zip", waits=True, as_json=False)
    with elsewhere.open_work() as work:
        assert work.estates.open_jobs(tenant.id) == []
    elsewhere.close()

    assert code is ExitCode.OK
    exported, *told = capsys.readouterr().out.splitlines()
    assert json.loads(exported)["documents"] == 2
    assert told[0].startswith(f"Organisme importé : Commune de Test ({tenant.id}), 1 collection")
    assert "partagées avec d'autres organismes : 1." in told[1]
