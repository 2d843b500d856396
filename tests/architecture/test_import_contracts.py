"""The import contracts hold, and each catches a planted violation."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import PACKAGES, ROOT

PLANTED = {
    "packages": [("ingest/planted.py", "assistant.domain.ids")],
    "ingest-layers": [
        ("ingest/handle.py", "ingest.reader"),
        ("ingest/child.py", "ingest.handle"),
        ("ingest/reading.py", "ingest.protocol"),
        ("ingest/chunking.py", "ingest.reading"),
        ("ingest/parsers/planted.py", "ingest.chunking"),
        ("ingest/formats.py", "ingest.parsers.text.plain"),
        ("ingest/headings.py", "ingest.titles"),
        ("ingest/cleaning.py", "ingest.draft"),
        ("ingest/model.py", "ingest.cleaning"),
    ],
    "parser-families": [
        ("ingest/parsers/ocr/planted.py", "ingest.parsers.pdf.text"),
        ("ingest/parsers/word/planted.py", "ingest.parsers.sheets.intake"),
        ("ingest/parsers/pages/planted.py", "ingest.parsers.ocr.page"),
        ("ingest/parsers/text/planted.py", "ingest.parsers.office.xml"),
        ("ingest/parsers/mail/planted.py", "ingest.parsers.pdf.document"),
    ],
    "assistant-below": [("assistant/services/planted.py", "eval.sample")],
    "ui-through-client": [
        ("ui/planted.py", "assistant.services"),
        ("ui/planted.py", "assistant.data_folder"),
    ],
    "layers": [
        ("assistant/domain/planted.py", "assistant.ports.index"),
        ("assistant/ports/planted.py", "assistant.answering.terms"),
        ("assistant/answering/planted.py", "assistant.services.access"),
        ("assistant/services/planted.py", "assistant.adapters.files.folder"),
        ("assistant/adapters/planted.py", "assistant.logs"),
        ("assistant/data_folder.py", "assistant.settings"),
        ("assistant/ownership.py", "assistant.data_folder"),
        ("assistant/logs.py", "assistant.settings"),
        ("assistant/settings.py", "assistant.settings_sources"),
        ("assistant/settings_checks.py", "assistant.containers"),
        ("assistant/settings_sources.py", "assistant.settings_checks"),
        ("assistant/containers.py", "assistant.bootstrap"),
        ("assistant/indexes.py", "assistant.bootstrap"),
        ("assistant/bootstrap.py", "assistant.schemas.wire"),
        ("assistant/schemas/planted.py", "assistant.api.app"),
        ("assistant/api/planted.py", "assistant.worker"),
        ("assistant/worker.py", "assistant.supervisor"),
        ("assistant/supervisor.py", "assistant.server"),
        ("assistant/server.py", "assistant.doctor"),
        ("assistant/doctor.py", "assistant.client.client"),
        ("assistant/settings_doc.py", "assistant.cli.app"),
        ("assistant/client/planted.py", "assistant.cli.app"),
        ("assistant/cli/planted.py", "assistant.testing.clock"),
    ],
    "adapters-at-the-edge": [
        ("assistant/adapters/files/planted.py", "assistant.services"),
        ("assistant/testing/planted.py", "assistant.data_folder"),
    ],
    "adapters-wired-once": [("assistant/services/planted.py", "assistant.adapters.files")],
    "adapters-apart": [("assistant/adapters/files/planted.py", "assistant.adapters.sql")],
    "wire-apart": [
        ("assistant/schemas/planted.py", "assistant.domain.ids"),
        ("assistant/client/planted.py", "assistant.ownership"),
    ],
    "domain-pure": [("assistant/ports/planted.py", "sqlalchemy")],
}
ALLOWED = {
    "ui-through-client": {"client", "schemas"},
    "adapters-at-the-edge": {"domain", "ports", "adapters", "testing"},
    "wire-apart": {"client", "schemas"},
}
"""What the contracts that forbid the rest of `assistant` leave open."""


WITHOUT_LAYER = {
    "layers": "assistant",
    "ingest-layers": "ingest",
    "parser-families": "ingest.parsers",
}
"""Where each contract that lists all modules of a room is broken by one more."""


def copy_house(target: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, target / package, ignore=lambda folder, names: [
                name for name in names
                if (Path(folder) / name).is_file() and not name.endswith(".py")
            ],
        )  # fmt: skip
    shutil.copy(ROOT / "pyproject.toml", target)


def run_contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "COLUMNS": "500"},
        timeout=120,
    )


def test_every_contract_has_a_planted_violation() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    declared = {line.split('"')[1] for line in text.splitlines() if line.startswith('id = "')}

    assert declared == set(PLANTED)


def test_the_house_keeps_its_contracts() -> None:
    result = run_contracts(ROOT)

    assert result.returncode == 0, result.stdout


def contracts() -> list[dict[str, Any]]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return config["tool"]["importlinter"]["contracts"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each contract in a house with all the violations, which is looked at once."""
    house = tmp_path_factory.mktemp("house")
    copy_house(house)
    for name, imported in {each for planted in PLANTED.values() for each in planted}:
        planted = house / name
        planted.parent.mkdir(parents=True, exist_ok=True)
        with planted.open("a", encoding="utf-8") as file:
            file.write(f"\nimport {imported}\n")
    for room in WITHOUT_LAYER.values():
        (house / room.replace(".", "/") / "unlayered.py").write_text("", "utf-8")

    result = run_contracts(house)

    assert result.returncode == 1, result.stdout + result.stderr
    names = {each["name"]: each["id"] for each in contracts()}
    _, *parts = re.split(rf"(?m)^({'|'.join(map(re.escape, names))})\n-+$", result.stdout)
    return {
        names[name]: " ".join(said.split())
        for name, said in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.mark.parametrize("contract", PLANTED)
def test_planted_imports_break_their_contract(told: dict[str, str], contract: str) -> None:
    assert [
        (name, imported)
        for name, imported in PLANTED[contract]
        if f"{module_of(name)} -> {imported}" not in told[contract]
    ] == []


@pytest.mark.parametrize("contract", WITHOUT_LAYER)
def test_a_module_without_layer_is_caught(told: dict[str, str], contract: str) -> None:
    assert f"{WITHOUT_LAYER[contract]}.unlayered" in told[contract]


@pytest.mark.parametrize("contract", ALLOWED)
def test_what_is_forbidden_is_all_the_rest(contract: str) -> None:
    rooms = {path.stem for path in (ROOT / "assistant").iterdir() if path.stem[:2] != "__"}
    (found,) = [each for each in contracts() if each["id"] == contract]

    forbidden = set(found["forbidden_modules"])

    assert {room for room in rooms if f"assistant.{room}" not in forbidden} == ALLOWED[contract]


def module_of(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".")
