"""ODP to blocks, read from its content stream slide by slide, as ODT files are."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ingest.cleaning import one_line
from ingest.errors import ParseFailed
from ingest.guards import check_pages
from ingest.model import Block
from ingest.parsers.draft import Draft, Work, table_block
from ingest.parsers.slides import Frame, Slide, add_slides, paragraph_blocks, reading_order
from ingest.parsers.xml import XmlElement, parse_xml

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:"
_TEXT = f"{_NAMESPACE}text:1.0}}"
_TABLE = f"{_NAMESPACE}table:1.0}}"
_OFFICE = f"{_NAMESPACE}office:1.0}}"
_DRAW = f"{_NAMESPACE}drawing:1.0}}"
_SVG = f"{_NAMESPACE}svg-compatible:1.0}}"
_STYLE = f"{_NAMESPACE}style:1.0}}"
_SHOW = f"{_NAMESPACE}presentation:1.0}}"
_CHART = f"{_NAMESPACE}chart:1.0}}"
_PAGE_HEIGHT = f"{_NAMESPACE}xsl-fo-compatible:1.0}}page-height"
_HREF = "{http://www.w3.org/1999/xlink}href"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_FURNITURE = frozenset({"header", "footer", "date-time", "page-number"})
_SKIPPED = frozenset(
    {f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_SVG}desc", f"{_SVG}title"}
)
_BLANKS = {f"{_TEXT}tab": " ", f"{_TEXT}s": " ", f"{_TEXT}line-break": "\n"}
_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)(cm|mm|in|pt)")
_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72}
_TRANSLATE = re.compile(r"translate\s*\(\s*(\S+?)[\s,]+(\S+?)\s*\)")
_HEIGHT_CM = 15.75
"""Height of a slide of a file that does not tell it."""
_MAX_DEPTH = 20
_MAX_REPEATED = 200


def read_odp(path: Path, work: Work) -> Draft:
    """The blocks of an ODP file, slide by slide: title, texts, tables, charts, notes.

    Hidden slides, comments, footers, dates and slide numbers are left out.

    Raises:
        RefusedFile: It has too many slides.
        ParseFailed: It is damaged or encrypted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if b"encryption-data" in _member(archive, "META-INF/manifest.xml"):
                raise ParseFailed("file_encrypted")
            root = parse_xml(_member(archive, "content.xml"))
            pages = list(root.iter(f"{_DRAW}page"))
            check_pages(len(pages), limits=work.limits)
            work.on_pages(len(pages))
            draft = Draft(engine="odp", declared_title=_declared_title(archive))
            height = _height(archive)
            add_slides(draft, _slides(root, pages=pages, archive=archive, height=height))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, RecursionError) as error:
        raise ParseFailed("file_damaged") from error
    return draft


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError:
        return b""


def _declared_title(archive: zipfile.ZipFile) -> str:
    try:
        found = parse_xml(_member(archive, "meta.xml")).find(f".//{_DC_TITLE}")
    except ParseFailed:
        return ""
    return one_line(found.text or "") if found is not None else ""


def _height(archive: zipfile.ZipFile) -> float:
    """Height of the slides, in centimetres, as their first master tells it."""
    try:
        styles = parse_xml(_member(archive, "styles.xml"))
    except ParseFailed:
        return _HEIGHT_CM
    master = styles.find(f".//{_STYLE}master-page")
    layout = master.get(f"{_STYLE}page-layout-name", "") if master is not None else ""
    for found in styles.iter(f"{_STYLE}page-layout"):
        properties = found.find(f"{_STYLE}page-layout-properties")
        if found.get(f"{_STYLE}name", "") == layout and properties is not None:
            return _length(properties.get(_PAGE_HEIGHT, "")) or _HEIGHT_CM
    return _HEIGHT_CM


def _slides(
    root: XmlElement, *, pages: list[XmlElement], archive: zipfile.ZipFile, height: float
) -> Iterator[Slide]:
    hidden = {
        style.get(f"{_STYLE}name", "")
        for style in root.iter(f"{_STYLE}style")
        for properties in style.iter(f"{_STYLE}drawing-page-properties")
        if properties.get(f"{_SHOW}visibility", "") == "hidden"
    }
    for number, page in enumerate(pages, start=1):
        slide = Slide(number=number, height=height)
        slide.is_hidden = page.get(f"{_DRAW}style-name", "") in hidden
        if not slide.is_hidden:
            _SlideReader(slide, archive=archive).read(page)
        yield slide


class _SlideReader:
    def __init__(self, slide: Slide, *, archive: zipfile.ZipFile) -> None:
        self._slide = slide
        self._archive = archive

    def read(self, page: XmlElement) -> None:
        self._slide.frames.extend(self._frames(page, depth=0))
        for notes in page.iter(f"{_SHOW}notes"):
            self._slide.notes = "\n".join(
                _text(paragraph)
                for frame in notes
                if frame.get(f"{_SHOW}class", "") == "notes"
                for paragraph in frame.iter(f"{_TEXT}p")
            )

    def _frames(self, parent: XmlElement, *, depth: int) -> list[Frame]:
        found = (
            self._frame(element, depth=depth)
            for element in parent
            if str(element.tag).startswith(_DRAW)
        )
        return [frame for frame in found if frame is not None and frame.blocks]

    def _frame(self, element: XmlElement, *, depth: int) -> Frame | None:
        role = element.get(f"{_SHOW}class", "")
        if role in _FURNITURE:
            return None
        if element.tag == f"{_DRAW}g":
            return self._group(element, depth=depth)
        if role == "title" and not self._slide.title:
            self._slide.title = one_line("\n".join(map(_text, element.iter(f"{_TEXT}p"))))
            return None
        left, top = _corner(element)
        right = left + _length(element.get(f"{_SVG}width", ""))
        bottom = top + _length(element.get(f"{_SVG}height", ""))
        blocks = self._blocks(element)
        return Frame(left=left, top=top, right=right, bottom=bottom, blocks=blocks)

    def _group(self, element: XmlElement, *, depth: int) -> Frame | None:
        inside = self._frames(element, depth=depth + 1) if depth < _MAX_DEPTH else []
        if not inside:
            return None
        return Frame(
            left=min(frame.left for frame in inside),
            top=min(frame.top for frame in inside),
            right=max(frame.right for frame in inside),
            bottom=max(frame.bottom for frame in inside),
            blocks=tuple(block for frame in reading_order(inside) for block in frame.blocks),
        )

    def _blocks(self, element: XmlElement) -> tuple[Block, ...]:
        table = element.find(f"{_TABLE}table")
        if table is not None:
            return _present(table_block(_rows(table)))
        drawn = element.find(f"{_DRAW}object")
        if drawn is not None:
            return self._chart_blocks(drawn.get(_HREF, ""))
        if element.find(f"{_DRAW}image") is not None:
            self._slide.has_picture = True
            return ()
        return paragraph_blocks(_paragraphs(element))

    def _chart_blocks(self, link: str) -> tuple[Block, ...]:
        """The values of a chart, kept in a document of its own inside the archive."""
        content = _member(self._archive, f"{link.removeprefix('./')}/content.xml")
        root = parse_xml(content) if content else None
        chart = root.find(f".//{_CHART}chart") if root is not None else None
        table = chart.find(f"{_TABLE}table") if chart is not None else None
        if chart is None or table is None:
            return ()
        title = chart.find(f"{_CHART}title")
        return (
            *paragraph_blocks(_paragraphs(title) if title is not None else ()),
            *_present(table_block(_rows(table))),
        )


def _present(block: Block | None) -> tuple[Block, ...]:
    return (block,) if block is not None else ()


def _corner(element: XmlElement) -> tuple[float, float]:
    moved = _TRANSLATE.search(element.get(f"{_DRAW}transform", ""))
    if moved is not None:
        return _length(moved.group(1)), _length(moved.group(2))
    return _length(element.get(f"{_SVG}x", "")), _length(element.get(f"{_SVG}y", ""))


def _length(text: str) -> float:
    found = _LENGTH.fullmatch(text)
    return float(found.group(1)) * _CENTIMETRES[found.group(2)] if found is not None else 0.0


def _paragraphs(element: XmlElement) -> Iterator[tuple[str, bool]]:
    for paragraph in element.iter(f"{_TEXT}p"):
        if next(paragraph.iterancestors(f"{_OFFICE}annotation"), None) is None:
            is_item = next(paragraph.iterancestors(f"{_TEXT}list-item"), None) is not None
            yield _text(paragraph), is_item


def _rows(table: XmlElement) -> list[list[str]]:
    return [list(_cells(row)) for row in table.iter(f"{_TABLE}table-row")]


def _cells(row: XmlElement) -> Iterator[str]:
    for cell in row:
        if cell.tag == f"{_TABLE}covered-table-cell":
            yield ""
        elif cell.tag == f"{_TABLE}table-cell":
            text = "\n".join(map(_text, cell.iter(f"{_TEXT}p")))
            repeated = cell.get(f"{_TABLE}number-columns-repeated", "1")
            yield from [text] * (min(int(repeated), _MAX_REPEATED) if repeated.isdigit() else 1)


def _text(element: XmlElement) -> str:
    return "".join(_pieces(element))


def _pieces(element: XmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if str(child.tag) in _BLANKS:
            yield _BLANKS[str(child.tag)]
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _pieces(child)
        yield child.tail or ""
