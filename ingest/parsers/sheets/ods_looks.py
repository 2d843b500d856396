"""How the cells of an ODS file look, as far as it tells whether anybody sees their words."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ingest.parsers.office.look import PLAIN, Look
from ingest.parsers.office.odf_hidden import looks_of, named_styles
from ingest.parsers.office.opendocument import STYLE, TEXT

_CELL = "table-cell"
_BREAKS = frozenset({f"{TEXT}line-break", f"{TEXT}tab", f"{TEXT}s"})
_CONDITIONS = b":conditional-format "
_PIECE_BYTES = 1 << 20


class CellLooks:
    """The looks of one file, by the names of its styles.

    Args:
        root: Of its content, as far as its styles.
        archive: The file.
    """

    def __init__(self, root: Any, archive: zipfile.ZipFile) -> None:
        roots = [root, *named_styles(archive)]
        self._looks = looks_of(roots)
        self._changing = {
            style.get(f"{STYLE}name", "")
            for found in roots
            for style in found.iter(f"{STYLE}style")
            if style.find(f"{STYLE}map") is not None
        }
        whites = (look for (family, _), look in self._looks.items() if family != "paragraph")
        self._may_be_coloured = any(look.is_white for look in whites) and _has_conditions(archive)
        """Where white may be seen after all: by a condition that colours cells."""
        self._cells: dict[str, Look] = {}

    def of_cell(self, name: str) -> Look:
        """The look of a cell by the name of its style, empty for none."""
        if name not in self._cells:
            look = self._looks.get((_CELL, name), PLAIN)
            has_ground = look.has_ground or self._may_be_coloured or name in self._changing
            self._cells[name] = replace(look, has_ground=has_ground)
        return self._cells[name]

    def seen_text(self, cell: Any, *, look: Look) -> tuple[str, bool]:
        """The words of a cell that are seen, and whether others are not.

        Drawings and tables laid over a cell are no part of it.
        """
        shown: list[str] = []
        is_hiding = False
        for paragraph in cell:
            if paragraph.tag == f"{TEXT}p":
                shown.append("\n")
                for text, is_hidden in self._pieces(paragraph, around=look):
                    shown.append("" if is_hidden else text)
                    is_hiding = is_hiding or (is_hidden and bool(text.strip()))
        return "".join(shown), is_hiding

    def _pieces(self, element: Any, *, around: Look) -> Iterator[tuple[str, bool]]:
        family = "text" if element.tag == f"{TEXT}span" else "paragraph"
        name = element.get(f"{TEXT}style-name", "")
        look = self._looks.get((family, name), PLAIN).over(around) if name else around
        yield element.text or "", look.is_hidden
        for child in element:
            if child.tag in _BREAKS:
                yield " ", False
            elif isinstance(child.tag, str):
                yield from self._pieces(child, around=look)
            yield child.tail or "", look.is_hidden


def _has_conditions(archive: zipfile.ZipFile) -> bool:
    end = b""
    with archive.open("content.xml") as stream:
        while piece := stream.read(_PIECE_BYTES):
            if _CONDITIONS in end + piece:
                return True
            end = piece[-len(_CONDITIONS) :]
    return False
