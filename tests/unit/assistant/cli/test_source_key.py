from __future__ import annotations

from pathlib import Path

import pytest

from assistant.cli.source_key import rotate
from assistant.domain.errors import ConfigurationError
from assistant.domain.ids import SourceId
from assistant.domain.sources import SourceKind
from assistant.services.source_drafts import SourceDraft
from assistant.settings import Settings
from assistant.source_places import sealer_of
from tests.house import House, open_house
from tests.sources import Desk


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path)


def add(desk: Desk) -> SourceId:
    draft = SourceDraft("Nuage", "https://nuage.fr/dav", user="lecture", password="mot-secret")
    return desk.sources.add(
        draft,
        kind=SourceKind.WEBDAV,
        collection_id=None,
        principal=desk.house.principal,
        scope=desk.house.scope,
    ).source.id


def sealed_of(desk: Desk, source_id: SourceId) -> str:
    with desk.house.open_work() as work:
        return work.source_queue.sealed(source_id)


def test_passwords_are_sealed_with_the_new_key_alone(house: House, tmp_path: Path) -> None:
    desk = Desk(house, tmp_path / "partage", hosts=("nuage.fr",))
    source_id = add(desk)
    before, key = sealed_of(desk, source_id), (tmp_path / "sources.key").read_text()

    assert rotate(Settings(data_dir=tmp_path)) == 1

    after = sealed_of(desk, source_id)
    assert after != before
    assert desk.sealer.open(after, owner=source_id) == "mot-secret"
    assert key not in (tmp_path / "sources.key").read_text()
    with pytest.raises(ConfigurationError):
        desk.sealer.open(before, owner=source_id)
    house.close()


def test_a_lost_key_is_told_and_nothing_changes(house: House, tmp_path: Path) -> None:
    desk = Desk(house, tmp_path / "partage", hosts=("nuage.fr",))
    source_id = add(desk)
    before = sealed_of(desk, source_id)
    (tmp_path / "sources.key").unlink()
    desk.sealer.prepare()
    other = (tmp_path / "sources.key").read_text()

    with pytest.raises(ConfigurationError) as error:
        rotate(Settings(data_dir=tmp_path))

    assert error.value.code == "sealing_key_wrong"
    assert sealed_of(desk, source_id) == before
    assert (tmp_path / "sources.key").read_text() == other
    house.close()


def test_the_key_may_lie_elsewhere(tmp_path: Path) -> None:
    from assistant.data_folder import DataFolder
    from assistant.settings import SourcesSettings

    named = Settings(data_dir=tmp_path, sources=SourcesSettings(key_file=str(tmp_path / "k")))
    sealer_of(named, DataFolder(tmp_path)).prepare()

    assert (tmp_path / "k").is_file()
    assert not (tmp_path / "sources.key").exists()
