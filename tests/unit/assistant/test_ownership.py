from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.domain.errors import ConfigurationError
from assistant.ownership import ServerAddress, announced, find_owner, find_server, is_owned, own

ADDRESS = ServerAddress("http://127.0.0.1:1", os.getpid(), "jeton")


def test_a_free_folder_has_no_owner(tmp_path: Path) -> None:
    assert not is_owned(tmp_path)
    assert find_owner(tmp_path) is None
    assert find_server(tmp_path) is None


def test_the_owner_tells_who_it_is_until_it_ends(tmp_path: Path) -> None:
    with own(tmp_path, command="ingest"):
        owner = find_owner(tmp_path)

    assert owner is not None
    assert (owner.pid, owner.command) == (os.getpid(), "ingest")
    assert not is_owned(tmp_path)


def test_a_second_owner_is_refused(tmp_path: Path) -> None:
    with (
        own(tmp_path, command="ingest"),
        pytest.raises(ConfigurationError) as caught,
        own(tmp_path, command="search"),
    ):
        pass

    assert caught.value.code == "data_dir_in_use"
    assert "assistant ingest" in caught.value.sentence


def test_a_second_owner_is_told_the_address_of_the_server(tmp_path: Path) -> None:
    with (
        own(tmp_path, command="serve"),
        announced(tmp_path, ADDRESS),
        pytest.raises(ConfigurationError) as caught,
        own(tmp_path, command="serve"),
    ):
        pass

    assert caught.value.code == "data_dir_served"
    assert ADDRESS.url in caught.value.sentence
    assert ADDRESS.token not in caught.value.sentence


def test_a_server_is_found_while_it_runs_by_its_owner_only(tmp_path: Path) -> None:
    with own(tmp_path, command="serve"), announced(tmp_path, ADDRESS):
        mode = stat.S_IMODE((tmp_path / "server.json").stat().st_mode)

        assert find_server(tmp_path) == ADDRESS
        assert mode == 0o600
    assert find_server(tmp_path) is None


def test_the_address_of_a_dead_server_is_not_believed(tmp_path: Path) -> None:
    with own(tmp_path, command="serve"), announced(tmp_path, ADDRESS):
        left_behind = (tmp_path / "server.json").read_bytes()
    (tmp_path / "server.json").write_bytes(left_behind)

    assert find_server(tmp_path) is None
    with own(tmp_path, command="ingest"):
        assert find_server(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"url": 1', b'{"url": "x", "pid": "y"}'])
def test_a_damaged_address_is_no_address(tmp_path: Path, content: bytes) -> None:
    with own(tmp_path, command="serve"):
        (tmp_path / "server.json").write_bytes(content)

        assert find_server(tmp_path) is None


def test_a_killed_process_frees_the_folder(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from assistant.ownership import own\n"
        f"with own(Path({str(tmp_path)!r}), command='serve'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        was_owned = is_owned(tmp_path)
        process.kill()

    assert was_owned
    assert not is_owned(tmp_path)
