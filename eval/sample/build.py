"""Makes the documents of the sample corpus from their Markdown sources: `python -m eval.sample.build`.

Separate from the product: it needs writers (PDF, DOCX, ODT) that only this corpus uses.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

HERE = Path(__file__).parent
SOURCES = HERE / "sources"
DOCUMENTS = HERE / "documents"


@dataclass(frozen=True, slots=True)
class Source:
    """One Markdown source and what its front matter says."""

    title: str
    header: str
    """Running header of the PDF pages, empty for none."""
    output: str
    """Name of the document to make; its extension decides the format."""
    body: str

    def blocks(self) -> list[str]:
        """Paragraphs, headings, lists and tables, in order; `<!-- page -->` is a page break."""
        return [block for block in re.split(r"\n\s*\n", self.body.strip()) if block.strip()]


def read_source(path: Path) -> Source:
    """Read one source.

    Raises:
        ValueError: It has no front matter.
    """
    match = re.fullmatch(r"---\n(.*?)\n---\n(.*)", path.read_text("utf-8"), re.DOTALL)
    if match is None:
        raise ValueError(f"no front matter in {path.name}")
    fields = dict(line.split(": ", 1) for line in match[1].splitlines())
    return Source(
        title=fields["title"].strip('"'),
        header=fields.get("header", ""),
        output=fields["output"],
        body=match[2],
    )


def table_rows(block: str) -> list[list[str]]:
    """Cells of a Markdown table, header first; the ruler line is left out."""
    lines = [line for line in block.splitlines() if not re.fullmatch(r"[|\s:-]+", line)]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


def list_items(block: str) -> list[str]:
    """Items of a Markdown list, without their marks."""
    return [re.sub(r"^(-|\d+\.)\s+", "", line) for line in block.splitlines()]


def is_list(block: str) -> bool:
    """True when every line is a list item."""
    return all(re.match(r"(-|\d+\.)\s", line) for line in block.splitlines())


def heading(block: str) -> tuple[int, str] | None:
    """Level and text of a heading, None for another block."""
    match = re.fullmatch(r"(#+) (.*)", block)
    return (len(match[1]), match[2]) if match else None


def write_pdf(source: Source, path: Path) -> None:
    """Write a PDF with a running header and page numbers."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    def furniture(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(57, A4[1] - 36, source.header)
        canvas.drawRightString(A4[0] - 57, 30, f"Page {document.page}")

    document = cast(
        "Any",
        SimpleDocTemplate(
            str(path), pagesize=A4, title=source.title, author="Région du Val-d'Aubrec",
            leftMargin=57, rightMargin=57, topMargin=64, bottomMargin=57, invariant=1,
        ),
    )  # fmt: skip
    flowables = [flowable for block in source.blocks() for flowable in _pdf_block(block)]
    document.build(flowables, onFirstPage=furniture, onLaterPages=furniture)


def _pdf_block(block: str) -> list[Any]:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, Spacer

    styles = cast("Any", getSampleStyleSheet())
    if block.startswith("<!--"):
        return [PageBreak()]
    titled = heading(block)
    if titled:
        level, text = titled
        style = {1: "Title", 2: "Heading2"}.get(level, "Heading3")
        return [Paragraph(html.escape(text), styles[style])]
    if block.startswith("|"):
        return [_pdf_table(block), Spacer(1, 8)]
    items = [f"• {item}" for item in list_items(block)] if is_list(block) else [block]
    return [
        flowable
        for item in items
        for flowable in (Paragraph(html.escape(item), styles["BodyText"]), Spacer(1, 4))
    ]


def _pdf_table(block: str) -> Any:
    from reportlab.lib import colors
    from reportlab.platypus import Table, TableStyle

    style = TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
            ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
            ("FONTSIZE", (0, 0), (-1, -1), 9),
        ]
    )
    return Table(table_rows(block), style=style, hAlign="LEFT")


def write_docx(source: Source, path: Path) -> None:
    """Write a Word document with real heading styles, lists and tables."""
    import docx

    document = cast("Any", docx.Document())
    document.core_properties.title = source.title
    for block in source.blocks():
        titled = heading(block)
        if titled:
            document.add_heading(titled[1], level=titled[0] - 1)
        elif block.startswith("|"):
            rows = table_rows(block)
            table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    table.cell(number, column).text = cell
        elif is_list(block):
            for item in list_items(block):
                document.add_paragraph(item, style="List Bullet")
        else:
            document.add_paragraph(block)
    document.save(str(path))


def write_odt(source: Source, path: Path) -> None:
    """Write an OpenDocument text with headings, lists and tables."""
    import odfdo

    document = odfdo.Document("text")
    body = cast("Any", document.body)
    body.clear()
    cast("Any", document.meta).title = source.title
    for number, block in enumerate(source.blocks()):
        titled = heading(block)
        if titled:
            body.append(odfdo.Header(titled[0], titled[1]))
        elif block.startswith("|"):
            table = odfdo.Table(f"Tableau {number}")
            for row in table_rows(block):
                cells = odfdo.Row()
                cells.set_values(row)
                table.append(cells)
            body.append(table)
        elif is_list(block):
            body.append(odfdo.List(list_items(block)))
        else:
            body.append(odfdo.Paragraph(block))
    document.save(str(path), pretty=False)


def write_html(source: Source, path: Path) -> None:
    """Write a web page with a menu and a footer around the text, as real sites have."""
    parts = [_html_block(block) for block in source.blocks()]
    page = (
        f'<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8">'
        f"<title>{html.escape(source.title)}</title></head><body>"
        '<nav><a href="/">Accueil</a> <a href="/aides">Aides</a></nav><main>\n'
        + "\n".join(parts)
        + "\n</main><footer>Région du Val-d'Aubrec</footer></body></html>\n"
    )
    path.write_text(page, "utf-8")


def _html_block(block: str) -> str:
    titled = heading(block)
    if titled:
        return f"<h{titled[0]}>{html.escape(titled[1])}</h{titled[0]}>"
    if block.startswith("|"):
        header, *rows = table_rows(block)
        cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
        lines = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"
    if is_list(block):
        return "<ul>" + "".join(f"<li>{html.escape(i)}</li>" for i in list_items(block)) + "</ul>"
    return f"<p>{html.escape(block)}</p>"


def write_text(source: Source, path: Path) -> None:
    """Write the body as it is, for Markdown and plain text."""
    path.write_text(source.body.lstrip(), "utf-8")


WRITERS = {
    ".pdf": write_pdf,
    ".docx": write_docx,
    ".odt": write_odt,
    ".html": write_html,
    ".md": write_text,
    ".txt": write_text,
}
"""Writer of each format, by extension of the output."""


def build(folder: Path = DOCUMENTS) -> list[Path]:
    """Make every document into a folder, created when absent.

    Returns:
        The files written, by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for path in sorted(SOURCES.glob("*.md")):
        source = read_source(path)
        target = folder / source.output
        WRITERS[target.suffix](source, target)
        written.append(target)
    return sorted(written)


if __name__ == "__main__":
    for made in build():
        print(f"{made.name}  {made.stat().st_size} octets")
