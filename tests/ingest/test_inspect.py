from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.__main__ import EXIT_REFUSED, main


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "Note du 3 mai 2024.md"
    path.write_text(
        "# Note de cadrage\n\n## Budget\n\nLe budget est de 3 000 €.\n", encoding="utf-8"
    )
    return path


def test_inspect_prints_what_a_file_becomes(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(note)]) == 0

    printed = capsys.readouterr().out
    for expected in (
        "Note de cadrage",
        "2024-05-03",
        "markdown",
        "sans pagination",
        "Budget",
        "jetons",
        "3 000 €",
    ):
        assert expected in printed


def test_inspect_prints_json(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(note), "--json"]) == 0

    plain = json.loads(capsys.readouterr().out)
    assert plain["document"]["date"] == "2024-05-03"
    assert plain["chunks"][0]["locator"]["section"] == ["Note de cadrage", "Budget"]


def test_inspect_refuses_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "vide.pdf"
    empty.touch()

    assert main(["inspect", str(empty)]) == EXIT_REFUSED
    assert "Le fichier est vide." in capsys.readouterr().err
    assert main(["inspect", str(empty), "--json"]) == EXIT_REFUSED
    assert json.loads(capsys.readouterr().out)["code"] == "file_empty"


def test_import_is_light() -> None:
    heavy = (
        "llama_index",
        "kreuzberg",
        "pdfplumber",
        "pypdfium2",
        "liteparse",
        "trafilatura",
        "PIL",
        "bs4",
    )
    script = f"import sys, ingest.reader, ingest.__main__; print([n for n in {heavy!r} if n in sys.modules])"

    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == "[]"


def test_splitting_reaches_for_no_download(note: Path) -> None:
    """LlamaIndex is used, its tokenizers and corpora are not."""
    script = (
        "import sys; from ingest.splitting import split_text; split_text('Un mot. ' * 900, budget=64);"
        "print([n for n in ('tiktoken', 'nltk.data') if n in sys.modules])"
    )

    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == "[]"
