from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.__main__ import EXIT_REFUSED, main
from tests.ingest.made_messages import attach, mail


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


def test_inspect_places_each_passage(
    tmp_path: Path, make_pdf: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    page = make_pdf([[("p", "Le conseil décide. " * 20)]])
    made = mail("Le corps du message.")
    attach(made, b"Texte de la note.", name="note.txt", mime="text/plain")
    message = tmp_path / "message.eml"
    message.write_bytes(bytes(made))

    heads = {
        path: _heads(path, capsys) for path in (page, _deck(tmp_path), _book(tmp_path), message)
    }

    said = ["p. 1", "diapositive 2", "feuille « Aides », plage A2:B3", "pièce « note.txt »"]
    for (path, found), expected in zip(heads.items(), said, strict=True):
        assert any(f", {expected}" in head for head in found), (path, found)
    assert "corps du message" in heads[message][0]


def _heads(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The line above each passage."""
    assert main(["inspect", str(path)]) == 0
    return [line for line in capsys.readouterr().out.split("\n") if " jetons" in line]


def _deck(folder: Path) -> Path:
    from pptx import Presentation

    deck: Any = Presentation()
    for title in ("Bilan des aides", "Calendrier"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = "Quarante dossiers soutenus."
    path = folder / "bilan.pptx"
    deck.save(path)
    return path


def _book(folder: Path) -> Path:
    from openpyxl import Workbook

    book: Any = Workbook()
    book.active.title = "Aides"
    for row in (("Commune", "Montant"), ("Lens", 1200), ("Arras", 900)):
        book.active.append(row)
    path = folder / "aides.xlsx"
    book.save(path)
    return path


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
