from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.adapters.sealing.keyfile import KeyFileSealer
from assistant.domain.errors import ConfigurationError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sources.key"


def code_of(sealer: KeyFileSealer, sealed: str, *, owner: str = "source") -> str:
    with pytest.raises(ConfigurationError) as error:
        sealer.open(sealed, owner=owner)
    assert str(error.value)
    return error.value.code


def test_what_was_sealed_opens_for_its_owner_alone(path: Path) -> None:
    sealer = KeyFileSealer(path)
    sealed = sealer.seal("mot de passe é", owner="source")

    assert sealer.open(sealed, owner="source") == "mot de passe é"
    assert KeyFileSealer(path).open(sealed, owner="source") == "mot de passe é"
    assert code_of(sealer, sealed, owner="autre") == "sealing_key_wrong"
    assert "mot" not in sealed
    assert sealer.seal("mot de passe é", owner="source") != sealed


def test_the_key_is_made_once_for_its_owner_only(path: Path) -> None:
    KeyFileSealer(path).prepare()
    before = path.read_text()
    KeyFileSealer(path).prepare()

    assert path.read_text() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_processes_that_start_together_have_one_key(path: Path) -> None:
    def seal(_: int) -> str:
        return KeyFileSealer(path).seal("x", owner="source")

    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(seal, range(16)))

    assert {KeyFileSealer(path).open(each, owner="source") for each in sealed} == {"x"}


def test_another_key_is_told_and_so_is_a_change_of_the_text(path: Path, tmp_path: Path) -> None:
    sealer = KeyFileSealer(path)
    sealed = sealer.seal("x", owner="source")
    other = KeyFileSealer(tmp_path / "autre.key")

    assert code_of(other, sealed) == "sealing_key_wrong"
    for changed in (sealed[:-4], sealed[:-2] + "==", "", "1:", "2" + sealed[1:], "n'importe quoi"):
        assert code_of(sealer, changed) == "sealing_key_wrong"


@pytest.mark.parametrize("content", ["", "pas une clé", "c2hvcnQ=", "é"])
def test_a_file_that_is_no_key_is_told_and_left_alone(path: Path, content: str) -> None:
    path.write_text(content)

    assert code_of(KeyFileSealer(path), "1:a:b") == "sealing_key_unusable"
    assert path.read_text() == content


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        KeyFileSealer(tmp_path / "absent" / "clé").prepare()
    assert error.value.code == "sealing_key_unusable"


def test_a_key_is_changed_in_three_steps(path: Path) -> None:
    sealer = KeyFileSealer(path)
    old = sealer.seal("x", owner="source")
    sealer.add_key()

    assert (sealer.open(old, owner="source"), sealer.is_current(old)) == ("x", False)
    new = sealer.seal("x", owner="source")
    assert sealer.is_current(new)
    sealer.drop_old_keys()
    assert sealer.open(new, owner="source") == "x"
    assert code_of(sealer, old) == "sealing_key_wrong"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
