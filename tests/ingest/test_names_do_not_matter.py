"""The same content under another name, or none, is read by the same parser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eval.datasets import SAMPLE
from ingest.limits import Limits
from ingest.model import IngestedFile
from ingest.reading import read_file


def read(path: Path) -> IngestedFile:
    return read_file(path, name="document", limits=Limits(), on_pages=lambda _, scans=0: None)


@pytest.mark.parametrize(
    "name",
    [
        "deliberation-2024-117.pdf",
        "reglement-commune-numerique.docx",
        "reglement-equipement-lyceens.odt",
        "guide-du-demandeur.html",
    ],
)
@pytest.mark.parametrize("other", ["0a1b2c3d", "contenu.xlsx"])
def test_another_name_changes_nothing(name: str, other: str, tmp_path: Path) -> None:
    original = SAMPLE / "documents" / name
    renamed = Path(shutil.copy(original, tmp_path / other))

    assert read(renamed) == read(original)
