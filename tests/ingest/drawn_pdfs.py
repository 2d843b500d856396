"""PDFs drawn on the spot, and how their tests read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.limits import Limits
from ingest.model import IngestedFile
from ingest.reading import read_file

SENTENCES = (
    "Le conseil municipal examine le budget de la commune pour l'année à venir.",
    "Les travaux de la salle des fêtes commenceront au printemps prochain.",
    "La subvention de la Région couvre la moitié de la dépense engagée.",
    "Le marché est attribué à l'entreprise la mieux disante du canton.",
)
Draw = Callable[[Any], None]


def body(canvas: Any) -> None:
    for index, sentence in enumerate(SENTENCES):
        canvas.drawString(72, 700 - 16 * index, sentence)


def no_pages(*args: Any, **kwargs: Any) -> None:
    """Nobody waits for the number of pages."""


def read(path: Path) -> IngestedFile:
    return read_file(path, name=path.name, limits=Limits(), on_pages=no_pages)


def text_of(ingested: IngestedFile) -> str:
    return "\n".join(block.text for block in ingested.document.blocks)
