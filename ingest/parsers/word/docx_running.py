"""Heads and feet of the pages of a DOCX file, as far as they are shown."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any, cast

from ingest.parsers.office.xml import parse_xml
from ingest.parsers.word.docx_hidden import drop_hidden
from ingest.parsers.word.docx_source import (
    STYLES,
    drop_deleted,
    main_part,
    parts_by_link,
    parts_of,
)

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_OFF = frozenset({"0", "false", "off"})


def running_lines(source: bytes) -> Iterator[str]:
    """Each paragraph of the heads and feet that the sections show, heads first; that of even pages left out.

    Raises:
        ParseFailed: A part is damaged.
        KeyError, OSError, zipfile.BadZipFile: It is no such archive.
    """
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        names = frozenset(archive.namelist())
        main = main_part(archive, names=names)
        styled = parts_of(main, archive=archive, names=names).get(STYLES, "")
        styles = cast("Any", parse_xml(archive.read(styled))) if styled else None
        linked = parts_by_link(main, archive=archive, names=names)
        sections = list(cast("Any", parse_xml(archive.read(main))).iter(f"{_WORD}sectPr"))
        for kind in ("header", "footer"):
            ids = dict.fromkeys(id for each in sections for id in _shown(each, kind=kind))
            for part in dict.fromkeys(linked[id] for id in ids if id in linked):
                root = cast("Any", parse_xml(archive.read(part)))
                drop_hidden(root, styles=styles)
                drop_deleted(root)
                yield from _paragraphs(root)


def _shown(section: Any, *, kind: str) -> Iterator[str]:
    """Ids of the links to what a section shows: that of a first page of its own only where it has one."""
    first = section.find(f"{_WORD}titlePg")
    has_first = first is not None and first.get(f"{_WORD}val", "1") not in _OFF
    for reference in section.iter(f"{_WORD}{kind}Reference"):
        pages = reference.get(f"{_WORD}type", "default")
        if pages == "default" or (pages == "first" and has_first):
            yield reference.get(_ID, "")


def _paragraphs(root: Any) -> Iterator[str]:
    for paragraph in root.iter(f"{_WORD}p"):
        if next(paragraph.iterancestors(_FALLBACK), None) is None:
            yield "".join(_pieces(paragraph))


def _pieces(paragraph: Any) -> Iterator[str]:
    """Text of a paragraph without that of the text boxes that hang on it."""
    for element in paragraph.iter(f"{_WORD}t", f"{_WORD}tab", f"{_WORD}br"):
        if next(element.iterancestors(f"{_WORD}p"), None) is paragraph:
            yield (element.text or "") if element.tag == f"{_WORD}t" else " "
