"""What stands at the head or the foot of every page of a word processor's file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.limits import Limits
from ingest.model import ParsedDocument
from ingest.reading import read_file

BODY = "Les remarques sont notées ligne par ligne et accompagnées d'une proposition."
HEAD = "Remarques à rendre à la direction des routes avant le 30 juin 2024"
FOOT = "Copie au service des assemblées, bureau 214"
SPACE = "urn:oasis:names:tc:opendocument:xmlns:"


def docx_file(prepare: Callable[[Any], None]) -> bytes:
    import docx

    document = cast("Any", docx.Document())
    document.add_paragraph(BODY)
    prepare(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def odt_file(pages: str, *, styles: str = "") -> bytes:
    spaces = (
        f'xmlns:office="{SPACE}office:1.0" xmlns:style="{SPACE}style:1.0" '
        f'xmlns:text="{SPACE}text:1.0" xmlns:fo="{SPACE}xsl-fo-compatible:1.0"'
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:text><text:p>{BODY}</text:p>"
            "</office:text></office:body></office:document-content>",
        )
        archive.writestr(
            "styles.xml",
            f"<office:document-styles {spaces}><office:master-styles>{pages}"
            "</office:master-styles></office:document-styles>",
        )
    return target.getvalue()


def odt_page(name: str, head: str, *, display: str = "true") -> str:
    return (
        f'<style:master-page style:name="{name}"><style:header style:display="{display}">'
        f"<text:p>{head}</text:p></style:header></style:master-page>"
    )


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., ParsedDocument]:
    def run(data: bytes, *, name: str = "note.docx") -> ParsedDocument:
        path = tmp_path / "contenu"
        path.write_bytes(data)
        return read_file(
            path, name=name, limits=Limits(), on_pages=lambda _, scans=0: None
        ).document

    return run


def texts(document: ParsedDocument) -> list[str]:
    return [block.text for block in document.blocks]


def test_heads_and_feet_are_read_once_and_stand_first(read: Callable[..., ParsedDocument]) -> None:
    def prepare(document: Any) -> None:
        document.sections[0].header.paragraphs[0].text = HEAD
        document.sections[0].footer.paragraphs[0].text = FOOT
        document.add_section().header.is_linked_to_previous = True

    assert texts(read(docx_file(prepare))) == [f"{HEAD}\n{FOOT}", BODY]


def test_head_is_no_title_and_gives_its_table_too(read: Callable[..., ParsedDocument]) -> None:
    def prepare(document: Any) -> None:
        table = document.sections[0].header.add_table(1, 2, 5_000_000)
        table.cell(0, 1).text = HEAD
        document.add_heading("Règlement de la voirie départementale", 1)

    document = read(docx_file(prepare))
    assert texts(document)[0] == HEAD
    assert document.title == "Règlement de la voirie départementale"


def test_what_the_body_says_and_numbers_of_pages_are_not_said_again(
    read: Callable[..., ParsedDocument],
) -> None:
    def prepare(document: Any) -> None:
        document.sections[0].header.paragraphs[0].text = BODY.upper()
        document.sections[0].footer.paragraphs[0].text = "Page 1 sur 3"

    assert texts(read(docx_file(prepare))) == [BODY]


def test_what_no_page_shows_is_left_out(read: Callable[..., ParsedDocument]) -> None:
    def prepare(document: Any) -> None:
        section = document.sections[0]
        section.different_first_page_header_footer = True
        section.first_page_header.paragraphs[0].text = HEAD
        section.different_first_page_header_footer = False
        section.even_page_header.paragraphs[0].text = HEAD
        section.header.paragraphs[0].add_run(HEAD).font.hidden = True

    assert texts(read(docx_file(prepare))) == [BODY]


def test_head_of_a_first_page_of_its_own_is_read(read: Callable[..., ParsedDocument]) -> None:
    def prepare(document: Any) -> None:
        section = document.sections[0]
        section.different_first_page_header_footer = True
        section.first_page_header.paragraphs[0].text = HEAD

    assert texts(read(docx_file(prepare))) == [HEAD, BODY]


def with_head(document: Any) -> None:
    document.sections[0].header.paragraphs[0].text = HEAD


def changed(data: bytes, *, member: str, change: Callable[[bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(target, "w") as copy:
        for entry in archive.infolist():
            content = archive.read(entry)
            is_meant = entry.filename.startswith(member)
            copy.writestr(entry, change(content) if is_meant else content)
    return target.getvalue()


def cut(part: bytes) -> bytes:
    return part[: len(part) // 2]


def with_link_to_nowhere(links: bytes) -> bytes:
    return links.replace(b"</Relationships>", b'<Relationship Type="x"/></Relationships>')


@pytest.mark.parametrize(
    ("name", "member", "change"),
    [
        ("note.docx", "word/header", cut),
        ("note.docx", "word/_rels/document", with_link_to_nowhere),
        ("note.odt", "styles.xml", cut),
    ],
    ids=["head", "link", "styles"],
)
def test_broken_head_costs_nothing_but_itself(
    read: Callable[..., ParsedDocument], name: str, member: str, change: Callable[[bytes], bytes]
) -> None:
    data = docx_file(with_head) if name.endswith("docx") else odt_file(odt_page("Standard", HEAD))
    assert texts(read(changed(data, member=member, change=change), name=name)) == [BODY]


def test_heads_of_the_pages_that_an_odt_asks_for_are_read(
    read: Callable[..., ParsedDocument],
) -> None:
    pages = odt_page("Standard", HEAD) + odt_page("Annexe", FOOT) + odt_page("Jamais", BODY[::-1])
    styles = '<style:style style:name="P1" style:master-page-name="Annexe"/>'
    document = read(odt_file(pages, styles=styles), name="note.odt")
    assert texts(document) == [f"{HEAD}\n{FOOT}", BODY]


def test_head_that_an_odt_does_not_show_is_left_out(read: Callable[..., ParsedDocument]) -> None:
    data = odt_file(odt_page("Standard", HEAD, display="false"))
    assert texts(read(data, name="note.odt")) == [BODY]
