"""PPTX to blocks, by python-pptx; kreuzberg when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.cleaning import one_line
from ingest.draft import Draft, Work, table_block
from ingest.errors import IngestError
from ingest.guards import check_pages
from ingest.model import Block, FileFormat, Notice
from ingest.parsers.office.kreuzberg import fallback_blocks
from ingest.parsers.slides.blocks import Frame, Slide, add_slides, paragraph_blocks, reading_order
from ingest.parsers.slides.pptx_chart import chart_blocks
from ingest.parsers.slides.pptx_hidden import drop_hidden

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TITLES = frozenset({"TITLE", "CENTER_TITLE", "VERTICAL_TITLE"})
_FURNITURE = frozenset({"DATE", "FOOTER", "HEADER", "SLIDE_NUMBER"})
_BODIES = frozenset({"BODY", "OBJECT", "VERTICAL_BODY", "VERTICAL_OBJECT"})
_FIELDS = ("slidenum", "datetime")
_BULLETS = ("buChar", "buAutoNum", "buBlip")
_MAX_DEPTH = 20
_DEFAULT_HEIGHT, _DEFAULT_WIDTH = 6858000, 9144000


def read_pptx(path: Path, work: Work) -> Draft:
    """The blocks of a PPTX file, slide by slide: title, texts, tables, charts, diagrams, notes.

    Hidden slides, what is not seen of the others, comments, footers, dates and slide numbers are left out.

    Raises:
        RefusedFile: It has too many slides.
        ParseFailed: Neither engine can read it.
    """
    draft = Draft(engine="python-pptx")
    try:
        deck = _open(path)
        count = len(deck.slides)
        check_pages(count, limits=work.limits)
        work.on_pages(count)
        draft.declared_title = one_line(deck.core_properties.title or "")
        add_slides(draft, _slides(deck))
    except (IngestError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - python-pptx lets errors of every library it uses through
        draft = Draft(engine="kreuzberg", notices=[Notice.FALLBACK_ENGINE])
        draft.blocks = fallback_blocks(path.read_bytes(), file_format=FileFormat.PPTX)
    return draft


def _open(path: Path) -> Any:
    """The presentation. Its package is opened directly: slide shows and templates come as well."""
    package = cast("Any", import_module("pptx.package")).Package.open(str(path))
    return package.main_document_part.presentation


def _slides(deck: Any) -> Iterator[Slide]:
    height = float(deck.slide_height or _DEFAULT_HEIGHT)
    width = float(deck.slide_width or _DEFAULT_WIDTH)
    for number, found in enumerate(deck.slides, start=1):
        slide = Slide(number=number, height=height)
        if found.element.get("show") in {"0", "false"}:
            slide.is_hidden = True
        else:
            _unwrap_alternatives(found.element)
            slide.is_hiding = drop_hidden(found, width=width, height=height)
            _SlideReader(slide).read(found.shapes)
            slide.notes = _notes(found)
        yield slide


def _notes(found: Any) -> str:
    frame = found.notes_slide.notes_text_frame if found.has_notes_slide else None
    return _line_breaks(frame.text) if frame is not None else ""


def _unwrap_alternatives(root: Any) -> None:
    """Put one of the alternatives of a drawing in its place: python-pptx sees neither."""
    for element in list(root.iter(f"{_COMPATIBILITY}AlternateContent")):
        parent = element.getparent()
        choices = [*element.iter(f"{_COMPATIBILITY}Choice", f"{_COMPATIBILITY}Fallback")]
        chosen = max(choices, key=_text_length, default=None)
        if parent is None:
            continue
        for child in list(chosen) if chosen is not None else []:
            element.addprevious(child)
        parent.remove(element)


def _text_length(element: Any) -> int:
    return sum(len((text.text or "").strip()) for text in element.iter(f"{_DRAWING}t"))


class _SlideReader:
    def __init__(self, slide: Slide) -> None:
        self._slide = slide

    def read(self, shapes: Any) -> None:
        self._slide.frames.extend(self._frames(shapes, depth=0))

    def _frames(self, shapes: Any, *, depth: int) -> list[Frame]:
        found = (self._frame(shape, depth=depth) for shape in shapes)
        return [frame for frame in found if frame is not None and frame.blocks]

    def _frame(self, shape: Any, *, depth: int) -> Frame | None:
        role = shape.placeholder_format.type.name if shape.is_placeholder else ""
        if role in _FURNITURE:
            return None
        if role in _TITLES and not self._slide.title:
            self._slide.title = one_line(_line_breaks(shape.text_frame.text))
            if self._slide.title:
                return None
        left, top = float(shape.left or 0), float(shape.top or 0)
        right, bottom = left + float(shape.width or 0), top + float(shape.height or 0)
        blocks = self._blocks(shape, is_body=role in _BODIES, depth=depth)
        return Frame(left=left, top=top, right=right, bottom=bottom, blocks=blocks)

    def _blocks(self, shape: Any, *, is_body: bool, depth: int) -> tuple[Block, ...]:
        if hasattr(shape, "shapes"):
            inside = self._frames(shape.shapes, depth=depth + 1) if depth < _MAX_DEPTH else []
            return tuple(block for frame in reading_order(inside) for block in frame.blocks)
        if shape.has_text_frame:
            paragraphs = shape.text_frame.paragraphs
            return paragraph_blocks(
                (_line_breaks(paragraph.text), _is_item(paragraph, is_body=is_body))
                for paragraph in paragraphs
                if not _is_field(paragraph)
            )
        if shape.has_table:
            return _table_blocks(shape.table)
        if shape.has_chart:
            return chart_blocks(shape.chart)
        self._slide.has_picture = self._slide.has_picture or hasattr(shape, "image")
        return _diagram_blocks(shape)


def _is_field(paragraph: Any) -> bool:
    """True for nothing but the number of the slide or the date of the day."""
    fields = paragraph._p.findall(f"{_DRAWING}fld")
    is_alone = paragraph._p.find(f"{_DRAWING}r") is None
    return is_alone and any(field.get("type", "").startswith(_FIELDS) for field in fields)


def _is_item(paragraph: Any, *, is_body: bool) -> bool:
    properties = paragraph._p.find(f"{_DRAWING}pPr")
    if properties is not None:
        if properties.find(f"{_DRAWING}buNone") is not None:
            return False
        if any(properties.find(f"{_DRAWING}{name}") is not None for name in _BULLETS):
            return True
    return is_body or paragraph.level > 0


def _table_blocks(table: Any) -> tuple[Block, ...]:
    rows = [
        ["" if cell.is_spanned else _line_breaks(cell.text) for cell in row.cells]
        for row in table.rows
    ]
    block = table_block(rows)
    return (block,) if block is not None else ()


def _diagram_blocks(shape: Any) -> tuple[Block, ...]:
    """The texts of a SmartArt diagram, in the order of its own outline."""
    relation = next(shape.element.iter(f"{_DIAGRAM}relIds"), None)
    if relation is None:
        return ()
    data = shape.part.related_part(relation.get(f"{_RELATIONS}dm")).blob
    root = cast("Any", import_module("pptx.oxml")).parse_xml(data)
    return paragraph_blocks(
        ("".join(text.text or "" for text in paragraph.iter(f"{_DRAWING}t")), True)
        for point in root.iter(f"{_DIAGRAM}pt")
        for paragraph in point.iter(f"{_DRAWING}p")
    )


def _line_breaks(text: str) -> str:
    return text.replace("\v", "\n")
