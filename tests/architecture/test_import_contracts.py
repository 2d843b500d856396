"""The import contracts hold, and each catches a planted violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

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
def test_planted_imports_break_their_contract(contract: str, tmp_path: Path) -> None:
    copy_house(tmp_path)
    for name, imported in PLANTED[contract]:
        planted = tmp_path / name
        planted.parent.mkdir(parents=True, exist_ok=True)
        with planted.open("a", encoding="utf-8") as file:
            file.write(f"\nimport {imported}\n")

    result = run_contracts(tmp_path, contract)

    assert result.returncode == 1, result.stdout + result.stderr
    told = " ".join(result.stdout.split())
    assert [
        (name, imported)
        for name, imported in PLANTED[contract]
        if f"{module_of(name)} -> {imported}" not in told
    ] == []


@pytest.mark.parametrize(
    ("contract", "room"),
    [
        ("layers", "assistant"),
        ("ingest-layers", "ingest"),
        ("parser-families", "ingest.parsers"),
    ],
)
def test_a_module_without_layer_is_caught(contract: str, room: str, tmp_path: Path) -> None:
    copy_house(tmp_path)
    (tmp_path / room.replace(".", "/") / "planted.py").write_text("", "utf-8")

    result = run_contracts(tmp_path, contract)

    assert result.returncode == 1
    assert f"{room}.planted" in result.stdout


@pytest.mark.parametrize("contract", ALLOWED)
def test_what_is_forbidden_is_all_the_rest(contract: str) -> None:
    rooms = {path.stem for path in (ROOT / "assistant").iterdir() if path.stem[:2] != "__"}
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = {each["id"]: each for each in config["tool"]["importlinter"]["contracts"]}

    forbidden = set(contracts[contract]["forbidden_modules"])

    assert {room for room in rooms if f"assistant.{room}" not in forbidden} == ALLOWED[contract]


def module_of(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".")
