"""ODP: titles, reading order, tables, charts, notes, hidden slides, hostile files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.model import BlockKind, FileFormat, IngestedFile, Notice
from ingest.reader import ParserPool
from ingest.reading import read_file

ODP_MIME = "application/vnd.oasis.opendocument.presentation"
ODP_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("style", "style"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("svg", "svg-compatible"),
        ("presentation", "presentation"),
        ("chart", "chart"),
    )
)


@pytest.fixture
def odp(tmp_path: Path) -> Callable[..., IngestedFile]:
    """Reads an ODP made of the XML of its slides."""

    def run(body: str, **options: Any) -> IngestedFile:
        path = tmp_path / "contenu"
        path.write_bytes(odp_bytes(body, **options))
        return read_file(path, name="x", limits=Limits(), on_pages=lambda _, scans=0: None)

    return run


def odp_bytes(
    body: str,
    *,
    styles: str = "",
    manifest: str = "<m/>",
    head: str = "",
    others: Iterable[tuple[str, str]] = (),
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", ODP_MIME)
        archive.writestr(
            "content.xml",
            f'{head}<office:document-content {ODP_NAMES} xmlns:xlink="http://www.w3.org/1999/xlink">'
            f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
            f"<office:presentation>{body}</office:presentation></office:body>"
            "</office:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", manifest)
        for name, content in others:
            archive.writestr(name, content)
    return buffer.getvalue()


def odp_frame(
    inside: str, *, at: tuple[float, float] = (2, 8), role: str = "", size: float = 10
) -> str:
    kind = f'presentation:class="{role}"' if role else ""
    return (
        f'<draw:frame svg:x="{at[0]}cm" svg:y="{at[1]}cm" svg:width="{size}cm" svg:height="1cm" '
        f"{kind}>{inside}</draw:frame>"
    )


def odp_text(text: str, **options: Any) -> str:
    return odp_frame(f"<draw:text-box><text:p>{text}</text:p></draw:text-box>", **options)


def test_odp_slides(odp: Callable[..., IngestedFile]) -> None:
    body = (
        "<draw:page>"
        + odp_text("Deuxième<text:line-break/>ligne.", at=(2, 9))
        + odp_text("Pied", role="footer")
        + odp_text("Bilan <text:span>des aides</text:span>", at=(2, 1), role="title")
        + "<draw:g>"
        + odp_text("Groupé.", at=(2, 12))
        + "</draw:g>"
        + '<draw:custom-shape svg:x="2cm" svg:y="70mm"><office:annotation><text:p>Remarque</text:p>'
        "</office:annotation><text:list><text:list-item><text:p>Premier<text:s/>point</text:p>"
        "</text:list-item></text:list></draw:custom-shape>"
        "<presentation:notes>"
        + odp_text("À dire.", role="notes")
        + odp_text("Entête", role="header")
        + '</presentation:notes></draw:page><draw:page draw:style-name="dp9">'
        + odp_text("Secrète", role="title")
        + "</draw:page>"
    )
    styles = (
        '<style:style style:name="dp9" style:family="drawing-page"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style>'
    )

    ingested = odp(body, styles=styles)

    assert ingested.document.format is FileFormat.ODP
    assert [(block.kind, block.text) for block in ingested.document.blocks] == [
        (BlockKind.HEADING, "Bilan des aides"),
        (BlockKind.LIST_ITEM, "Premier point"),
        (BlockKind.PARAGRAPH, "Deuxième\nligne."),
        (BlockKind.PARAGRAPH, "Groupé."),
        (BlockKind.PARAGRAPH, "Notes : À dire."),
    ]
    assert {block.place.slide for block in ingested.document.blocks} == {1}
    assert ingested.document.notices == (Notice.HIDDEN_SLIDES,)


def test_odp_tables_and_charts(odp: Callable[..., IngestedFile]) -> None:
    def row(*cells: str) -> str:
        inside = "".join(
            f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells
        )
        return f"<table:table-row>{inside}</table:table-row>"

    table = f"<table:table>{row('Aide', 'Taux')}{row('Art', '40 %')}</table:table>"
    chart = (
        f"<office:document-content {ODP_NAMES}><office:body><office:chart><chart:chart>"
        "<chart:title><text:p>Parts</text:p></chart:title><table:table><table:table-rows>"
        f"{row('', 'Nord')}{row('2024', '12,5')}</table:table-rows></table:table>"
        "</chart:chart></office:chart></office:body></office:document-content>"
    )
    body = (
        "<draw:page>"
        + odp_text("Chiffres", role="title")
        + odp_frame(f'{table}<draw:image xlink:href="x"/>', at=(2, 5))
        + odp_frame('<draw:object xlink:href="./Object 1"/>', at=(2, 9))
        + odp_frame('<draw:object xlink:href="file:///etc/passwd"/>', at=(2, 12))
        + "</draw:page>"
    )

    ingested = odp(body, others=[("Object 1/content.xml", chart)])

    assert [block.text for block in ingested.document.blocks] == [
        "Chiffres",
        "| Aide | Taux |\n| --- | --- |\n| Art | 40 % |",
        "Parts",
        "|  | Nord |\n| --- | --- |\n| 2024 | 12,5 |",
    ]


@pytest.mark.parametrize(
    ("body", "manifest", "codes"),
    [
        ("<draw:page>", "<m/>", {"file_damaged"}),
        ("<draw:page/>", "<m><manifest:encryption-data/></m>", {"file_encrypted"}),
        ("<draw:page/>", "<m/>", {"no_text"}),
        ("<draw:page/>" * 2001, "<m/>", {"too_many_pages"}),
        (
            "<draw:page>" + "<draw:g>" * 20_000 + "</draw:g>" * 20_000 + "</draw:page>",
            "<m/>",
            {"no_text", "file_damaged", "parser_crashed"},
        ),
        (
            "<draw:page><draw:frame><text:p>"
            + "<text:span>" * 20_000
            + "</text:span>" * 20_000
            + "</text:p></draw:frame></draw:page>",
            "<m/>",
            {"no_text", "file_damaged", "parser_crashed"},
        ),
    ],
)
def test_broken_odp_are_refused(
    pool: ParserPool, tmp_path: Path, body: str, manifest: str, codes: set[str]
) -> None:
    path = tmp_path / "contenu"
    path.write_bytes(odp_bytes(body, manifest=manifest))

    with pytest.raises(IngestError) as caught:
        pool.read(path, name="x.odp")

    assert caught.value.code in codes


def test_hidden_words_are_left_out_and_told(odp: Callable[..., IngestedFile]) -> None:
    hiding = (
        '<style:style style:name="T1" style:family="text">'
        '<style:text-properties text:display="none"/></style:style>'
    )
    body = (
        "<draw:page><draw:frame><draw:text-box><text:p>La subvention est accordée."
        '<text:span text:style-name="T1">SECRET</text:span> Elle est versée.</text:p>'
        "</draw:text-box></draw:frame></draw:page>"
    )

    found = odp(body, styles=hiding)

    text = "\n".join(chunk.text for chunk in found.chunks)
    assert "La subvention est accordée. Elle est versée." in text
    assert "SECRET" not in text
    assert Notice.HIDDEN_TEXT in found.document.notices
