"""Files made on the spot, and a pool that reads them in real children."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.reader import Limits, ParserPool
from tests.ingest.drawn_pdfs import Draw

Pages = Sequence[Sequence[tuple[str, str] | list[list[str]]]]
ODT_MIME = "application/vnd.oasis.opendocument.text"
_ODT_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">'
)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a child is given; without it the engine's threads wait for each other at full speed."""
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserPool]:
    """One warm child with the default limits."""
    pool = ParserPool(Limits(), children=1, scratch=tmp_path_factory.mktemp("scratch"))
    yield pool
    pool.close()


@pytest.fixture
def make_pdf(tmp_path: Path) -> Callable[..., Path]:
    """Builds a PDF; each page is a list of ("h1" | "h2" | "p", text) or of table rows."""

    def build(
        pages: Pages, *, name: str = "document.pdf", header: str = "", footer: str = ""
    ) -> Path:
        from reportlab.lib import colors
        from reportlab.lib.pagesizes import A4
        from reportlab.lib.styles import getSampleStyleSheet
        from reportlab.platypus import (
            PageBreak,
            Paragraph,
            SimpleDocTemplate,
            Spacer,
            Table,
            TableStyle,
        )

        styles = cast("Any", getSampleStyleSheet())
        names = {"h1": "Heading1", "h2": "Heading2", "p": "BodyText"}
        story: list[Any] = []
        for page in pages:
            for item in page:
                if isinstance(item, list):
                    grid = TableStyle([("GRID", (0, 0), (-1, -1), 1, colors.black)])
                    story.append(Table(item, style=grid))
                else:
                    story.append(Paragraph(item[1], styles[names[item[0]]]))
                story.append(Spacer(1, 8))
            story.append(PageBreak())

        def furniture(canvas: Any, document: Any) -> None:
            canvas.setFont("Helvetica", 8)
            canvas.drawString(72, 820, header)
            canvas.drawString(72, 20, f"{footer} {document.page}" if footer else "")

        path = tmp_path / name
        SimpleDocTemplate(str(path), pagesize=A4).build(
            story, onFirstPage=furniture, onLaterPages=furniture
        )
        return path

    return build


@pytest.fixture
def make_odt(tmp_path: Path) -> Callable[..., Path]:
    """Builds an ODT from the XML of its body."""

    def build(
        body: str,
        *,
        name: str = "document.odt",
        mime: str = ODT_MIME,
        manifest: str = "",
        styles: str = "",
        named_styles: str = "",
    ) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", mime)
            archive.writestr(
                "content.xml",
                f"{_ODT_HEAD}<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
                f"<office:text>{body}</office:text></office:body></office:document-content>",
            )
            archive.writestr("styles.xml", f"{_ODT_HEAD}{named_styles}</office:document-content>")
            archive.writestr("META-INF/manifest.xml", manifest or "<manifest/>")
        return path

    return build


@pytest.fixture
def make_docx(tmp_path: Path) -> Callable[..., Path]:
    """Builds a DOCX from (style, text) pairs and tables of rows."""

    def build(
        items: Sequence[tuple[str, str] | list[list[str]]], *, name: str = "document.docx"
    ) -> Path:
        import docx

        document = cast("Any", docx.Document())
        for item in items:
            if isinstance(item, list):
                table = document.add_table(rows=0, cols=len(item[0]))
                for row in item:
                    cells = table.add_row().cells
                    for cell, text in zip(cells, row, strict=True):
                        cell.text = text
            else:
                document.add_paragraph(item[1], style=item[0])
        buffer = io.BytesIO()
        document.save(buffer)
        path = tmp_path / name
        path.write_bytes(buffer.getvalue())
        return path

    return build


@pytest.fixture
def draw_pdf(tmp_path: Path) -> Callable[..., Path]:
    """Builds a PDF whose pages are drawn by functions of a canvas."""

    def build(*pages: Draw) -> Path:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfgen.canvas import Canvas

        path = tmp_path / "document.pdf"
        canvas = cast("Any", Canvas(str(path), pagesize=A4))
        for draw in pages:
            canvas.setFont("Helvetica", 11)
            draw(canvas)
            canvas.showPage()
        canvas.save()
        return path

    return build


@pytest.fixture
def save_book(tmp_path: Path) -> Callable[[Any], Path]:
    def write(book: Any) -> Path:
        path = tmp_path / "classeur.bin"
        book.save(path)
        return path

    return write


@pytest.fixture
def change_book(tmp_path: Path) -> Callable[..., Path]:
    """Replaces text in a member of a workbook."""

    def rewrite(path: Path, member: str, old: str, new: str) -> Path:
        changed = tmp_path / "changé.bin"
        with zipfile.ZipFile(path) as source:
            members = {name: source.read(name) for name in source.namelist()}
        if old:
            members[member] = members[member].replace(old.encode(), new.encode())
        else:
            members[member] = new.encode()
        with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
            for name, data in members.items():
                target.writestr(name, data)
        return changed

    return rewrite
