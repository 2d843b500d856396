"""DOCX to blocks: mammoth, then markdownify; kreuzberg when mammoth fails or loses the text."""

from __future__ import annotations

import io
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.cleaning import one_line
from ingest.draft import Draft, Work
from ingest.errors import ParseFailed
from ingest.model import Block, FileFormat, Notice
from ingest.parsers.office.kreuzberg import fallback_blocks
from ingest.parsers.office.xml import parse_xml
from ingest.parsers.text.html import html_blocks
from ingest.parsers.word.docx_notes import attach_notes
from ingest.parsers.word.docx_running import running_lines
from ingest.parsers.word.docx_source import visible_docx
from ingest.parsers.word.running import readable, running_blocks

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
    """The blocks of a DOCX file; headings come from its styles.

    Insertions are read as text and notes after what calls them, heads and feet of the pages once;
    deletions, comments, hidden text and images are dropped.

    Raises:
        ParseFailed: Neither engine can read it.
    """
    del work
    draft = Draft(engine="mammoth", declared_title=_core_title(path))
    source = path.read_bytes()
    try:
        source, is_hiding = visible_docx(path)
        if is_hiding:
            draft.notices.append(Notice.HIDDEN_TEXT)
        draft.blocks = _mammoth_blocks(source)
    except Exception:  # noqa: BLE001 - mammoth lets errors of every library it uses through
        draft.blocks = []
    if draft.letters < _MIN_LETTERS:
        blocks = fallback_blocks(source, file_format=FileFormat.DOCX)
        if sum(len(block.text) for block in blocks) > sum(
            len(block.text) for block in draft.blocks
        ):
            draft.blocks, draft.engine = blocks, "kreuzberg"
            draft.notices.append(Notice.FALLBACK_ENGINE)
    heads = readable(lambda: running_lines(source))
    draft.running = running_blocks(heads, body=draft.blocks)
    return draft


def _mammoth_blocks(source: bytes) -> list[Block]:
    untyped = cast("Any", import_module("mammoth"))
    result = untyped.convert_to_html(
        io.BytesIO(source),
        style_map=_STYLES,
        convert_image=untyped.images.img_element(_no_image),
    )
    return html_blocks(attach_notes(cast("str", result.value)))


def _no_image(image: object) -> dict[str, str]:
    del image
    return {}


def _core_title(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("docProps/core.xml") as stream:
            root = parse_xml(stream.read(1_000_000))
    except (KeyError, zipfile.BadZipFile, OSError, ParseFailed):
        return ""
    found = root.find("{http://purl.org/dc/elements/1.1/}title")
    return one_line(found.text or "") if found is not None else ""
