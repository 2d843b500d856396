from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from assistant.services.scratch import own_scratch, sweep_scratch

DYING = """
import os, signal, sys
from pathlib import Path
from assistant.services.scratch import own_scratch

with own_scratch(Path(sys.argv[1])) as own:
    (own / "original").write_text("Texte effacé")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_with_scratch(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DYING, str(folder)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.read_text() for path in folder.glob("*/original")] == ["Texte effacé"]


def test_what_a_killed_process_left_goes_when_another_begins(tmp_path: Path) -> None:
    killed_with_scratch(tmp_path)

    with own_scratch(tmp_path) as living, own_scratch(tmp_path) as second:
        assert living != second
        assert living.is_dir()
        assert not list(tmp_path.glob("*/original"))
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_leaves_what_a_living_process_holds(tmp_path: Path) -> None:
    killed_with_scratch(tmp_path)

    with own_scratch(tmp_path) as living:
        (living / "original").touch()
        sweep_scratch(tmp_path)
        assert (living / "original").exists()


def test_a_removal_cut_short_is_ended(tmp_path: Path) -> None:
    killed_with_scratch(tmp_path)
    (folder,) = tmp_path.iterdir()
    (folder / "lock").unlink()

    sweep_scratch(tmp_path)

    assert list(tmp_path.iterdir()) == []
