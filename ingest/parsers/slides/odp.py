"""ODP to blocks, read from its content stream slide by slide, as ODT files are."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from ingest.cleaning import one_line
from ingest.draft import Draft, Work, table_block
from ingest.errors import ParseFailed
from ingest.guards import check_pages
from ingest.model import Block, Notice
from ingest.parsers.office.odf_hidden import named_styles
from ingest.parsers.office.opendocument import (
    CHART,
    DRAW,
    OFFICE,
    PRESENTATION,
    STYLE,
    SVG,
    TABLE,
    TEXT,
    check_not_encrypted,
    declared_title,
    member,
    rows_of,
    text_of,
)
from ingest.parsers.office.xml import XmlElement, parse_xml
from ingest.parsers.slides.blocks import Frame, Slide, add_slides, paragraph_blocks, reading_order
from ingest.parsers.slides.odp_boxes import corner, length, slide_size
from ingest.parsers.slides.odp_hidden import drop_unseen

_HREF = "{http://www.w3.org/1999/xlink}href"
_FURNITURE = frozenset({"header", "footer", "date-time", "page-number"})
_MAX_DEPTH = 20


def read_odp(path: Path, work: Work) -> Draft:
    """The blocks of an ODP file, slide by slide: title, texts, tables, charts, notes.

    Hidden slides, what is not seen of the others, comments, footers, dates and slide numbers are left out.

    Raises:
        RefusedFile: It has too many slides.
        ParseFailed: It is damaged or encrypted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_not_encrypted(archive)
            root = parse_xml(member(archive, "content.xml"))
            pages = list(root.iter(f"{DRAW}page"))
            check_pages(len(pages), limits=work.limits)
            work.on_pages(len(pages))
            draft = Draft(engine="odp", declared_title=declared_title(archive))
            if drop_unseen(root, archive):
                draft.notices.append(Notice.HIDDEN_TEXT)
            _, height = slide_size(next(iter(named_styles(archive)), None))
            add_slides(draft, _slides(root, pages=pages, archive=archive, height=height))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, RecursionError) as error:
        raise ParseFailed("file_damaged") from error
    return draft


def _slides(
    root: XmlElement, *, pages: list[XmlElement], archive: zipfile.ZipFile, height: float
) -> Iterator[Slide]:
    hidden = {
        style.get(f"{STYLE}name", "")
        for style in root.iter(f"{STYLE}style")
        for properties in style.iter(f"{STYLE}drawing-page-properties")
        if properties.get(f"{PRESENTATION}visibility", "") == "hidden"
    }
    for number, page in enumerate(pages, start=1):
        slide = Slide(number=number, height=height)
        slide.is_hidden = page.get(f"{DRAW}style-name", "") in hidden
        if not slide.is_hidden:
            _SlideReader(slide, archive=archive).read(page)
        yield slide


class _SlideReader:
    def __init__(self, slide: Slide, *, archive: zipfile.ZipFile) -> None:
        self._slide = slide
        self._archive = archive

    def read(self, page: XmlElement) -> None:
        self._slide.frames.extend(self._frames(page, depth=0))
        for notes in page.iter(f"{PRESENTATION}notes"):
            self._slide.notes = "\n".join(
                text_of(paragraph)
                for frame in notes
                if frame.get(f"{PRESENTATION}class", "") == "notes"
                for paragraph in frame.iter(f"{TEXT}p")
            )

    def _frames(self, parent: XmlElement, *, depth: int) -> list[Frame]:
        found = (
            self._frame(element, depth=depth)
            for element in parent
            if str(element.tag).startswith(DRAW)
        )
        return [frame for frame in found if frame is not None and frame.blocks]

    def _frame(self, element: XmlElement, *, depth: int) -> Frame | None:
        role = element.get(f"{PRESENTATION}class", "")
        if role in _FURNITURE:
            return None
        if element.tag == f"{DRAW}g":
            return self._group(element, depth=depth)
        if role == "title" and not self._slide.title:
            self._slide.title = one_line("\n".join(map(text_of, element.iter(f"{TEXT}p"))))
            return None
        left, top = corner(element)
        right = left + length(element.get(f"{SVG}width", ""))
        bottom = top + length(element.get(f"{SVG}height", ""))
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
        table = element.find(f"{TABLE}table")
        if table is not None:
            return _present(table_block(rows_of(table)))
        drawn = element.find(f"{DRAW}object")
        if drawn is not None:
            return self._chart_blocks(drawn.get(_HREF, ""))
        if element.find(f"{DRAW}image") is not None:
            self._slide.has_picture = True
            return ()
        return paragraph_blocks(_paragraphs(element))

    def _chart_blocks(self, link: str) -> tuple[Block, ...]:
        """The values of a chart, kept in a document of its own inside the archive."""
        content = member(self._archive, f"{link.removeprefix('./')}/content.xml")
        root = parse_xml(content) if content else None
        chart = root.find(f".//{CHART}chart") if root is not None else None
        table = chart.find(f"{TABLE}table") if chart is not None else None
        if chart is None or table is None:
            return ()
        title = chart.find(f"{CHART}title")
        return (
            *paragraph_blocks(_paragraphs(title) if title is not None else ()),
            *_present(table_block(rows_of(table))),
        )


def _present(block: Block | None) -> tuple[Block, ...]:
    return (block,) if block is not None else ()


def _paragraphs(element: XmlElement) -> Iterator[tuple[str, bool]]:
    for paragraph in element.iter(f"{TEXT}p"):
        if next(paragraph.iterancestors(f"{OFFICE}annotation"), None) is None:
            is_item = next(paragraph.iterancestors(f"{TEXT}list-item"), None) is not None
            yield text_of(paragraph), is_item
