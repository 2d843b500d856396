"""The commands that let a tenant leave and come: what they write and say."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import moving
from assistant.cli.connection import Connection
from assistant.domain.errors import Conflict
from assistant.domain.tenancy import Audience
from assistant.settings import Settings
from tests.house import House, open_house


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

    @contextmanager
    def connected(*_: Any, **__: Any) -> Generator[Connection]:
        yield Connection(None, elsewhere.settle)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(moving, "connect", connected)
    settings = settings_of(elsewhere.root)
    moving.load(settings, tmp_path / "a.zip", waits=True, as_json=False)
    with elsewhere.open_work() as work:
        assert work.estates.open_jobs(tenant.id) == []
    elsewhere.close()

    exported, *told = capsys.readouterr().out.splitlines()
    assert json.loads(exported)["documents"] == 2
    assert told[0].startswith(f"Organisme importé : Commune de Test ({tenant.id}), 1 collection")
    assert "partagées avec d'autres organismes : 1." in told[1]
