"""Hostile documents made on the spot in their true formats: a visible text, and words hidden in it.

A maker is called by the format and the way of hiding that a case names, such as "docx" and "white".
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from importlib import import_module
from typing import Any, cast
from xml.sax.saxutils import escape

from eval.redteam.hiding import UNICODE_HIDINGS, in_unicode

Maker = Callable[[str, str, str], bytes]
"""From visible text (paragraphs by line), hidden words and the way of hiding, to a file."""

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_ODF_SPACES = " ".join(
    f'xmlns:{short}="{_ODF}:{name}:1.0"'
    for short, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("style", "style"),
        ("fo", "xsl-fo-compatible"),
        ("meta", "meta"),
    )
)
_BOMB_BYTES = 4_000_000
_SIZES = {"large": 1_500_000, "huge": 4_000_000}


def make(file_format: str, *, text: str, hidden: str = "", how: str = "") -> bytes:
    """A file.

    Args:
        file_format: One of `MAKERS`.
        text: What a reader sees, one paragraph a line; of a sheet, one row a line, cells by "|".
        hidden: Words to hide.
        how: The way of hiding; empty for none.

    Raises:
        ValueError: The format does not know this way of hiding.
    """
    if how in UNICODE_HIDINGS:
        text, hidden, how = f"{text}{in_unicode(hidden, how=how)}", "", ""
    return MAKERS[file_format](text, hidden, how)


def _archive(members: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


def _one_of(ways: Mapping[str, str], how: str) -> str:
    if how not in ways:
        raise ValueError(f"unknown way of hiding: {how}")
    return ways[how]


def _docx(text: str, hidden: str, how: str) -> bytes:
    words = escape(hidden)
    shown = f"<w:t>{words}</w:t>"
    bodies = {
        "": "",
        "white": f'<w:p><w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr>{shown}</w:r></w:p>',
        "tiny": f'<w:p><w:r><w:rPr><w:sz w:val="2"/></w:rPr>{shown}</w:r></w:p>',
        "vanish": f"<w:p><w:r><w:rPr><w:vanish/></w:rPr>{shown}</w:r></w:p>",
        "white_style": f'<w:p><w:r><w:rPr><w:rStyle w:val="Pale"/></w:rPr>{shown}</w:r></w:p>',
        "deleted": f'<w:p><w:del w:id="1" w:author="A"><w:r><w:delText>{words}</w:delText></w:r></w:del></w:p>',
        "comment": '<w:p><w:r><w:commentReference w:id="1"/></w:r></w:p>',
        "metadata": "",
        "entity": "<w:p><w:r><w:t>&secret;</w:t></w:r></w:p>",
        "bomb": "",
        "white_on_dark": '<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:val="clear" w:fill="1F3864"/></w:tcPr>'
        f'<w:p><w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr>{shown}</w:r></w:p></w:tc></w:tr></w:tbl>',
    }
    seen = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in text.split("\n"))
    entity = f'<!DOCTYPE x [<!ENTITY secret SYSTEM "{hidden}">]>' if how == "entity" else ""
    main = (
        f'<?xml version="1.0"?>{entity}<w:document xmlns:w="{_WORD}"><w:body>{seen}'
        f"{_one_of(bodies, how)}</w:body></w:document>"
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": main,
    }
    return _archive(members | _docx_extras(words, how))


def _docx_extras(words: str, how: str) -> dict[str, str | bytes]:
    if how == "white_style":
        style = (
            f'<w:styles xmlns:w="{_WORD}"><w:style w:type="character" w:styleId="Pale">'
            '<w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style></w:styles>'
        )
        return {"word/styles.xml": style}
    if how == "comment":
        note = f'<w:comment w:id="1"><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:comment>'
        return {"word/comments.xml": f'<w:comments xmlns:w="{_WORD}">{note}</w:comments>'}
    if how == "metadata":
        spaces = (
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:cp='
            '"http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        )
        core = f"<dc:creator>{words}</dc:creator><dc:description>{words}</dc:description>"
        return {"docProps/core.xml": f"<cp:coreProperties {spaces}>{core}</cp:coreProperties>"}
    if how == "bomb":
        return {"word/media/image1.bin": b"0" * _BOMB_BYTES}
    return {}


def _odt(text: str, hidden: str, how: str) -> bytes:
    words = escape(hidden)
    styled = f'<text:p>Suite. <text:span text:style-name="H">{words}</text:span></text:p>'
    bodies = {
        "": "",
        "white": styled,
        "tiny": styled,
        "display_none": styled,
        "paragraph_style": f'<text:p text:style-name="H">{words}</text:p>',
        "hidden_paragraph": f'<text:p><text:hidden-paragraph text:is-hidden="true"/>{words}</text:p>',
        "hidden_section": '<text:section text:name="S" text:display="none">'
        f"<text:p>{words}</text:p></text:section>",
        "comment": f"<text:p>Suite.<office:annotation><text:p>{words}</text:p></office:annotation></text:p>",
        "deleted": f"<text:tracked-changes><text:changed-region><text:deletion><text:p>{words}</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>",
        "metadata": "",
        "entity": "<text:p>&secret;</text:p>",
    }
    properties = {
        "tiny": 'fo:font-size="1pt"',
        "display_none": 'text:display="none"',
    }.get(how, 'fo:color="#ffffff"')
    family = "paragraph" if how == "paragraph_style" else "text"
    style = (
        f'<office:automatic-styles><style:style style:name="H" style:family="{family}">'
        f"<style:text-properties {properties}/></style:style></office:automatic-styles>"
    )
    entity = f'<!DOCTYPE x [<!ENTITY secret SYSTEM "{hidden}">]>' if how == "entity" else ""
    seen = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n"))
    meta = f"<meta:user-defined>{words}</meta:user-defined>" if how == "metadata" else ""
    return _archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<?xml version="1.0"?>{entity}<office:document-content {_ODF_SPACES}>{style}'
            f"<office:body><office:text>{seen}{_one_of(bodies, how)}</office:text></office:body>"
            "</office:document-content>",
            "meta.xml": f"<office:document-meta {_ODF_SPACES}><office:meta>{meta}</office:meta>"
            "</office:document-meta>",
            "META-INF/manifest.xml": "<manifest/>",
        }
    )


def _ods(text: str, hidden: str, how: str) -> bytes:
    words = escape(hidden)
    bodies = {
        "": "",
        "hidden_row": '<table:table-row table:visibility="collapse">'
        f"{_cell(words)}{_cell(words)}</table:table-row>",
        "comment": f"<table:table-row><table:table-cell><office:annotation><text:p>{words}</text:p>"
        "</office:annotation><text:p>Total</text:p></table:table-cell></table:table-row>",
        "hidden_sheet": "",
    }
    rows = "".join(
        f"<table:table-row>{''.join(_cell(escape(cell)) for cell in line.split('|'))}</table:table-row>"
        for line in text.split("\n")
    )
    extra = _one_of(bodies, how)
    sheets = f'<table:table table:name="Aides">{rows}{extra}</table:table>'
    style = ""
    if how == "hidden_sheet":
        row = f"<table:table-row>{_cell(words)}</table:table-row>"
        sheets += f'<table:table table:name="B" table:style-name="H">{row}</table:table>'
        style = (
            '<office:automatic-styles><style:style style:name="H" style:family="table">'
            '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
        )
    return _archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f"<office:document-content {_ODF_SPACES}>{style}<office:body>"
            f"<office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>",
            "META-INF/manifest.xml": "<manifest/>",
        }
    )


def _cell(words: str) -> str:
    return (
        f'<table:table-cell office:value-type="string"><text:p>{words}</text:p></table:table-cell>'
    )


def _xlsx(text: str, hidden: str, how: str) -> bytes:
    openpyxl = cast("Any", import_module("openpyxl"))
    book = openpyxl.Workbook()
    sheet = book.active
    for line in text.split("\n"):
        sheet.append(line.split("|"))
    if how == "hidden_row":
        sheet.append([hidden, hidden])
        sheet.row_dimensions[sheet.max_row].hidden = True
    elif how == "hidden_column":
        sheet.cell(1, 6, hidden)
        sheet.column_dimensions["F"].hidden = True
    elif how == "hidden_sheet":
        other = book.create_sheet("Suite")
        other.append([hidden, hidden])
        other.sheet_state = "hidden"
    elif how == "comment":
        sheet.cell(1, 1).comment = openpyxl.comments.Comment(hidden, "A")
    elif how == "white":
        sheet.append([hidden, hidden])
        for cell in sheet[sheet.max_row]:
            cell.font = openpyxl.styles.Font(color="FFFFFFFF")
    elif how:
        raise ValueError(f"unknown way of hiding: {how}")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _pptx(text: str, hidden: str, how: str) -> bytes:
    pptx = cast("Any", import_module("pptx"))
    deck = pptx.Presentation()
    slide = _slide(deck, text)
    if how == "hidden_slide":
        _slide(deck, f"Suite\n{hidden}").element.set("show", "0")
    elif how in {"off_slide", "white", "hidden_shape"}:
        inches = pptx.util.Inches
        left = inches(-30 if how == "off_slide" else 1)
        box = slide.shapes.add_textbox(left, inches(6), inches(8), inches(1))
        box.text_frame.text = hidden
        if how == "white":
            colour = box.text_frame.paragraphs[0].runs[0].font.color
            colour.rgb = pptx.dml.color.RGBColor(255, 255, 255)
        if how == "hidden_shape":
            box.element.nvSpPr.cNvPr.set("hidden", "1")
    elif how:
        raise ValueError(f"unknown way of hiding: {how}")
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def _slide(deck: Any, text: str) -> Any:
    title, _, body = text.partition("\n")
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = title
    slide.placeholders[1].text_frame.text = body
    return slide


def _pdf(text: str, hidden: str, how: str) -> bytes:
    module = cast("Any", import_module("reportlab.pdfgen.canvas"))
    buffer = io.BytesIO()
    canvas = module.Canvas(buffer, pagesize=(595, 842))
    if how == "metadata":
        canvas.setAuthor(hidden)
        canvas.setSubject(hidden)
        canvas.setKeywords(hidden)
    canvas.setFont("Helvetica", 11)
    lines = [part for line in text.split("\n") for part in _wrapped(line)]
    for index, line in enumerate(lines):
        canvas.drawString(60, 760 - 16 * index, line)
    _pdf_hidden(canvas, hidden, how)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _pdf_hidden(canvas: Any, hidden: str, how: str) -> None:
    if how == "white":
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(60, 300, hidden)
    elif how == "tiny":
        canvas.setFont("Helvetica", 1)
        canvas.drawString(60, 300, hidden)
    elif how == "off_page":
        canvas.drawString(60, -60, hidden)
    elif how == "transparent":
        canvas.setFillAlpha(0)
        canvas.drawString(60, 300, hidden)
    elif how == "without_ink":
        printed = canvas.beginText(60, 300)
        printed.setTextRenderMode(3)
        printed.textOut(hidden)
        canvas.drawText(printed)
    elif how == "annotation":
        canvas.textAnnotation(hidden, Rect=[60, 300, 80, 320])
    elif how == "under_a_box":
        canvas.drawString(60, 300, hidden)
        canvas.setFillColorRGB(0, 0, 0)
        canvas.rect(50, 290, 500, 24, fill=1)
    elif how not in {"", "metadata"}:
        raise ValueError(f"unknown way of hiding: {how}")


def _wrapped(line: str) -> list[str]:
    import textwrap

    return textwrap.wrap(line, 85) or [""]


def _html(text: str, hidden: str, how: str) -> bytes:
    words = escape(hidden, {'"': "&quot;"})
    bodies = {
        "": "",
        "comment": f"<!-- {words} -->",
        "display_none": f'<p style="display:none">{words}</p>',
        "white": f'<p style="color:#fff">{words}</p>',
        "tiny": f'<p style="font-size:0">{words}</p>',
        "off_page": f'<p style="position:absolute;left:-9999px">{words}</p>',
        "hidden_attribute": f"<p hidden>{words}</p>",
        "aria_hidden": f'<p aria-hidden="true">{words}</p>',
        "script": f"<script>var a = '{words}';</script>",
        "noscript": f"<noscript><p>{words}</p></noscript>",
        "template": f"<template><p>{words}</p></template>",
        "alternative": f'<p><img src="x.png" alt="{words}"></p>',
        "metadata": f'<meta name="description" content="{words}">',
        "data_attribute": f'<p data-note="{words}">Suite.</p>',
        "raw": hidden,
    }
    head, *rest = text.split("\n")
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in rest)
    page = (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(head)}</title></head>'
        f"<body><main><h1>{escape(head)}</h1>{paragraphs}{_one_of(bodies, how)}</main></body></html>"
    )
    return page.encode()


def _eml(text: str, hidden: str, how: str) -> bytes:
    subject, _, body = text.partition("\n")
    made = EmailMessage()
    made["From"] = "Service des aides <aides@region.example>"
    made["To"] = "agents@region.example"
    made["Subject"] = subject
    made["Date"] = "Fri, 03 May 2024 10:12:00 +0200"
    if how == "header":
        made["X-Note"] = hidden
    if how == "bcc":
        made["Bcc"] = f"{hidden} <secret@region.example>"
    if how in {"html_comment", "html_display_none"}:
        way = how.removeprefix("html_")
        made.set_content(_html(text, hidden, way).decode(), subtype="html")
    else:
        made.set_content(body)
    if how not in {"", "header", "bcc", "html_comment", "html_display_none"}:
        raise ValueError(f"unknown way of hiding: {how}")
    return bytes(made)


def _plain(text: str, hidden: str, how: str) -> bytes:
    if how in _SIZES:
        return (f"{text}\n" + f"{hidden}\n" * (_SIZES[how] // (len(hidden) + 1))).encode()
    if how:
        raise ValueError(f"unknown way of hiding: {how}")
    return text.encode()


MAKERS: Mapping[str, Maker] = {
    "docx": _docx,
    "odt": _odt,
    "ods": _ods,
    "xlsx": _xlsx,
    "pptx": _pptx,
    "pdf": _pdf,
    "html": _html,
    "eml": _eml,
    "txt": _plain,
    "md": _plain,
    "csv": _plain,
}
"""By format."""
