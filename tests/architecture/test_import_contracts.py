"""The import contracts hold, and each catches a planted violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT

PLANTED = {
    "packages": ("ingest/planted.py", "import assistant.domain.ids"),
    "assistant-below": ("assistant/services/planted.py", "import eval.sample"),
    "ui-through-client": ("ui/planted.py", "import assistant.services"),
    "layers": ("assistant/domain/planted.py", "import assistant.ports.index"),
    "adapters-at-the-edge": ("assistant/adapters/files/planted.py", "import assistant.services"),
    "adapters-wired-once": ("assistant/services/planted.py", "import assistant.adapters.files"),
    "adapters-apart": ("assistant/adapters/files/planted.py", "import assistant.adapters.sql"),
    "wire-apart": ("assistant/schemas/planted.py", "import assistant.domain.ids"),
    "domain-pure": ("assistant/ports/planted.py", "import sqlalchemy"),
}


def copy_house(target: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, target / package, ignore=lambda folder, names: [
                name for name in names
                if (Path(folder) / name).is_file() and not name.endswith(".py")
            ],
        )  # fmt: skip
    shutil.copy(ROOT / "pyproject.toml", target)


def run_contracts(folder: Path, *only: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    for contract in only:
        command += ["--contract", contract]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder)},
        timeout=120,
    )


def test_every_contract_has_a_planted_violation() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    declared = {line.split('"')[1] for line in text.splitlines() if line.startswith('id = "')}

    assert declared == set(PLANTED)


def test_the_house_keeps_its_contracts() -> None:
    result = run_contracts(ROOT)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_its_contract(contract: str, tmp_path: Path) -> None:
    name, line = PLANTED[contract]
    copy_house(tmp_path)
    planted = tmp_path / name
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(f"{line}\n", "utf-8")

    result = run_contracts(tmp_path, contract)

    assert result.returncode == 1, result.stdout + result.stderr
    assert "planted" in result.stdout
