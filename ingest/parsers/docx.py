"""DOCX to blocks: mammoth, then markdownify; kreuzberg when mammoth fails or loses the text."""

from __future__ import annotations

import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.cleaning import one_line
from ingest.errors import ParseFailed
from ingest.model import Block, Notice
from ingest.parsers.draft import Draft, Work
from ingest.parsers.html import html_blocks
from ingest.parsers.markdown import markdown_blocks
from ingest.parsers.xml import parse_xml

_STYLES = "\n".join(
    [
        *(f"p[style-name='{name}'] => h1:fresh" for name in ("Title", "Titre", "Titre principal")),
        *(f"p[style-name='{name}'] => h2:fresh" for name in ("Subtitle", "Sous-titre")),
        *(f"p[style-name='Titre {level}'] => h{level}:fresh" for level in range(1, 7)),
        *(f"p[style-name='Heading {level}'] => h{level}:fresh" for level in range(1, 7)),
    ]
)
_MIN_LETTERS = 20


def read_docx(path: Path, work: Work) -> Draft:
    """The blocks of a DOCX file; headings come from its styles, images are dropped.

    Raises:
        ParseFailed: Neither engine can read it.
    """
    del work
    draft = Draft(engine="mammoth", declared_title=_core_title(path))
    try:
        draft.blocks = _mammoth_blocks(path)
    except Exception:  # noqa: BLE001 - mammoth lets errors of every library it uses through
        draft.blocks = []
    if draft.letters < _MIN_LETTERS:
        blocks = _kreuzberg_blocks(path)
        if sum(len(block.text) for block in blocks) > sum(
            len(block.text) for block in draft.blocks
        ):
            draft.blocks, draft.engine = blocks, "kreuzberg"
            draft.notices.append(Notice.FALLBACK_ENGINE)
    return draft


def _mammoth_blocks(path: Path) -> list[Block]:
    untyped = cast("Any", import_module("mammoth"))
    with path.open("rb") as stream:
        result = untyped.convert_to_html(
            stream,
            style_map=_STYLES,
            convert_image=untyped.images.img_element(_no_image),
        )
    return html_blocks(cast("str", result.value))


def _no_image(image: object) -> dict[str, str]:
    del image
    return {}


def _kreuzberg_blocks(path: Path) -> list[Block]:
    import kreuzberg

    mime = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    try:
        result = kreuzberg.extract_file_sync(str(path), mime)
    except Exception as error:
        raise ParseFailed("file_damaged") from error
    return markdown_blocks(result.content)


def _core_title(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("docProps/core.xml") as stream:
            root = parse_xml(stream.read(1_000_000))
    except (KeyError, zipfile.BadZipFile, OSError, ParseFailed):
        return ""
    found = root.find("{http://purl.org/dc/elements/1.1/}title")
    return one_line(found.text or "") if found is not None else ""
