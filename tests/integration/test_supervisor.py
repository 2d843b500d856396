from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from assistant.data_folder import prepare_data_folder
from assistant.readers import own_reader
from assistant.server import scratch_of_its_own
from assistant.settings import ModelSettings, Settings
from assistant.settings_access import OidcProvider, OidcSettings
from assistant.supervisor import WorkerSupervisor, revealed
from assistant.worker import EXIT_FAILED, EXIT_REFUSED

ROOT = Path(__file__).parents[2]
STUBBORN = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
settings = json.loads(sys.stdin.readline())
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
log = Path(settings["data_dir"]) / "log"
with log.open("a") as file:
    key = settings["model"]["api_key"]
    file.write(json.dumps({"pid": os.getpid(), "child": child.pid, "key": key}) + "\\n")
signal.signal(signal.SIGTERM, signal.SIG_IGN) if "stubborn" in sys.argv else None
time.sleep(600)
"""


def until(condition: Callable[[], bool], *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def lives(folder: Path) -> list[dict[str, object]]:
    log = folder / "log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, model=ModelSettings(api_key=SecretStr("s3cret")))


def test_settings_reach_the_worker_with_secrets_in_clear(settings: Settings) -> None:
    provider = OidcProvider(
        id="region",
        label="Région",
        issuer="https://id.exemple.fr",
        client_id="assistant",
        client_secret=SecretStr("un secret assez long"),
        scopes=("openid", "email"),
    )
    settings = settings.model_copy(update={"oidc": OidcSettings(providers=(provider,))})

    again = Settings.model_validate(json.loads(json.dumps(revealed(settings))))

    assert again == settings
    assert again.model.api_key.get_secret_value() == "s3cret"


def test_a_worker_that_cannot_read_its_settings_is_not_started_again(settings: Settings) -> None:
    garbled = json.dumps({**revealed(settings), "limits": "beaucoup"}) + "\n"
    command = [sys.executable, "-m", "assistant.worker"]

    ended = subprocess.run(command, input=garbled, text=True, capture_output=True, check=False)

    assert ended.returncode == EXIT_REFUSED


def test_dead_worker_is_started_again_and_its_children_are_gone(
    settings: Settings, tmp_path: Path
) -> None:
    supervisor = WorkerSupervisor(
        settings, command=(sys.executable, "-c", STUBBORN), first_pause_s=0.05
    )
    supervisor.start()
    until(lambda: len(lives(tmp_path)) == 1)
    first = lives(tmp_path)[0]
    assert first["key"] == "s3cret"
    assert supervisor.is_alive

    os.kill(int(str(first["pid"])), signal.SIGKILL)
    until(lambda: len(lives(tmp_path)) == 2)

    until(lambda: is_gone(int(str(first["child"]))))
    supervisor.close()
    supervisor.close()
    second = lives(tmp_path)[1]
    until(lambda: is_gone(int(str(second["pid"]))) and is_gone(int(str(second["child"]))))
    assert not supervisor.is_alive


def test_stubborn_worker_is_killed_with_its_children(settings: Settings, tmp_path: Path) -> None:
    supervisor = WorkerSupervisor(
        settings, command=(sys.executable, "-c", STUBBORN, "stubborn"), grace_s=0.2
    )
    supervisor.start()
    until(lambda: len(lives(tmp_path)) == 1)

    supervisor.close()

    life = lives(tmp_path)[0]
    until(lambda: is_gone(int(str(life["pid"]))) and is_gone(int(str(life["child"]))))


def test_worker_that_refuses_to_start_is_not_started_again(settings: Settings) -> None:
    """The real worker entry, on a data folder without a database."""
    supervisor = WorkerSupervisor(settings, first_pause_s=0.05)
    supervisor.start()

    until(lambda: supervisor.is_refused)

    assert not supervisor.is_alive
    supervisor.close()


def test_worker_that_fails_to_start_is_started_again(settings: Settings, tmp_path: Path) -> None:
    script = (
        "import pathlib, sys\n"
        f"log = pathlib.Path({str(tmp_path)!r}) / 'starts'\n"
        "log.open('a').write('x')\n"
        f"sys.exit({EXIT_FAILED})\n"
    )
    command = (sys.executable, "-c", script)
    supervisor = WorkerSupervisor(settings, command=command, first_pause_s=0.05)
    supervisor.start()

    until(lambda: (tmp_path / "starts").exists() and len((tmp_path / "starts").read_text()) > 1)

    assert not supervisor.is_refused
    supervisor.close()


def test_worker_dies_with_its_parent(settings: Settings, tmp_path: Path) -> None:
    """The parent is killed; the real worker entry ends by itself."""
    from assistant.adapters.sql.database import open_database

    open_database(tmp_path / "assistant.sqlite3", migrate=True).close()
    script = (
        "import sys, time, json\n"
        "from assistant.settings import Settings\n"
        "from assistant.supervisor import WorkerSupervisor\n"
        f"supervisor = WorkerSupervisor(Settings(data_dir={str(tmp_path)!r}))\n"
        "supervisor.start()\n"
        "while supervisor.pid is None: time.sleep(0.01)\n"
        "print(supervisor.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    until(lambda: psutil.Process(pid).nice() == 10)

    parent.kill()
    parent.wait()
    parent.stdout.close()

    until(lambda: is_gone(pid))


def test_the_folder_of_a_living_worker_is_left_alone(settings: Settings) -> None:
    with own_reader(settings) as reader:
        folder = prepare_data_folder(settings.data_dir)
        path = folder.root / "a.txt"
        path.write_text("Texte A", "utf-8")
        assert reader.read(path, name="a.txt").chunks
        homes = set(folder.scratch.rglob("child-*"))

        with scratch_of_its_own(folder.scratch):
            assert set(folder.scratch.rglob("child-*")) == homes
            assert reader.read(path, name="a.txt").chunks
        reader.close()

    assert homes
    assert not [*folder.scratch.iterdir()]
