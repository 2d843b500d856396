from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import pytest

from assistant.data_folder import prepare_data_folder
from assistant.domain.errors import ConfigurationError
from assistant.server import loopback_address, pass_over_start, temporary_service
from assistant.settings import Settings


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1"), ("127.9.0.1",) * 2],
)
def test_this_machine_is_listened_on(host: str, address: str) -> None:
    assert loopback_address(host) == address


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.4", "example.org"])  # noqa: S104
def test_a_network_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loopback_address(host)

    assert caught.value.code == "host_not_loopback"
    assert "authentification" in caught.value.sentence


def test_short_lived_files_stay_in_the_data_folder_of_their_owner(tmp_path: Path) -> None:
    usual = tempfile.gettempdir()
    scratch = prepare_data_folder(tmp_path / "data").scratch
    left = scratch / "child-abandoned" / "tmp"
    left.mkdir(parents=True)
    (left / "result").write_text("texte d'un document", "utf-8")
    settings = Settings(data_dir=tmp_path / "data")

    with temporary_service(settings, command="test"):
        spooled = Path(tempfile.gettempdir())
        kept = list(scratch.glob("child-*"))

    assert (spooled, kept) == (scratch, [])
    assert tempfile.gettempdir() == usual


def test_what_the_start_made_is_passed_over_by_the_collector() -> None:
    before = len(gc.get_objects())
    try:
        pass_over_start()
        assert len(gc.get_objects()) < before / 10
        assert gc.get_freeze_count() > before / 2
    finally:
        gc.unfreeze()
