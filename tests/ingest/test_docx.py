"""DOCX beyond plain paragraphs: revisions, comments, notes, text boxes, hidden text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.limits import Limits
from ingest.model import BlockKind, Notice, ParsedDocument
from ingest.reading import read_file

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml."
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
BY = 'w:author="a" w:date="2024-01-01T00:00:00Z"'


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., ParsedDocument]:
    """Reads a DOCX made of the XML of its body, with parts such as footnotes or comments."""

    def run(body: str, **parts: str) -> ParsedDocument:
        path = tmp_path / "contenu"
        path.write_bytes(docx_bytes(body, parts=parts))
        return read_file(
            path, name="acte.docx", limits=Limits(), on_pages=lambda _, scans=0: None
        ).document

    return run


def docx_bytes(body: str, *, parts: dict[str, str]) -> bytes:
    import docx

    bare, target = io.BytesIO(), io.BytesIO()
    document = cast("Any", docx.Document())
    document.add_paragraph("ICI")
    document.save(bare)
    with zipfile.ZipFile(bare) as archive, zipfile.ZipFile(target, "w") as copy:
        for entry in archive.infolist():
            copy.writestr(entry, completed(entry.filename, archive.read(entry), body, parts))
        for name, content in parts.items():
            copy.writestr(f"word/{name}.xml", f'<w:{name} xmlns:w="{WORD}">{content}</w:{name}>')
    return target.getvalue()


def completed(member: str, data: bytes, body: str, parts: dict[str, str]) -> bytes:
    text = data.decode("utf-8", "replace")
    if member == "word/document.xml":
        start, end = text.index("<w:p>"), text.index("</w:p>") + len("</w:p>")
        return (text[:start] + body + text[end:]).encode()
    if member == "[Content_Types].xml":
        added = "".join(
            f'<Override PartName="/word/{name}.xml" ContentType="{TYPES}{name}+xml"/>'
            for name in parts
        )
        return text.replace("</Types>", f"{added}</Types>").encode()
    if member == "word/_rels/document.xml.rels":
        added = "".join(
            f'<Relationship Id="r_{name}" Type="{RELATIONS}{name}" Target="{name}.xml"/>'
            for name in parts
        )
        return text.replace("</Relationships>", f"{added}</Relationships>").encode()
    return data


def run(text: str, *, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*inside: str) -> str:
    return f"<w:p>{''.join(inside)}</w:p>"


def call(number: int, *, kind: str = "footnote") -> str:
    return f'<w:r><w:{kind}Reference w:id="{number}"/></w:r>'


def note(number: int, text: str, *, kind: str = "footnote") -> str:
    return f'<w:{kind} w:id="{number}">{paragraph(run(text))}</w:{kind}>'


def texts(document: ParsedDocument) -> list[str]:
    return [block.text for block in document.blocks]


def test_insertions_are_kept_deletions_are_not(read: Callable[..., ParsedDocument]) -> None:
    document = read(
        paragraph(
            run("Le taux est de "),
            f'<w:del w:id="1" {BY}><w:r><w:delText>30 %</w:delText></w:r></w:del>',
            f'<w:ins w:id="2" {BY}>{run("40 %")}</w:ins>',
            f'<w:moveFrom w:id="3" {BY}>{run(" parti")}</w:moveFrom>',
            f'<w:moveTo w:id="4" {BY}>{run(" arrivé")}</w:moveTo>',
            run("."),
        )
    )

    assert texts(document) == ["Le taux est de 40 % arrivé."]


def test_comments_are_left_out(read: Callable[..., ParsedDocument]) -> None:
    document = read(
        paragraph(
            '<w:commentRangeStart w:id="0"/>',
            run("Un passage commenté."),
            '<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>',
        ),
        comments=f'<w:comment w:id="0" {BY}>{paragraph(run("À revoir !"))}</w:comment>',
    )

    assert texts(document) == ["Un passage commenté."]


def test_notes_follow_the_paragraph_that_calls_them(read: Callable[..., ParsedDocument]) -> None:
    document = read(
        paragraph(run("Premier"), call(2), run(" alinéa"), call(2, kind="endnote"))
        + paragraph(run("Second alinéa."), call(3))
        + paragraph(run("Dernier alinéa.")),
        footnotes=note(2, "Code rural.") + note(3, "Voir l'annexe."),
        endnotes=note(2, "Version de 2024.", kind="endnote"),
    )

    assert texts(document) == [
        "Premier (note 1) alinéa (note 2)",
        "Note 1 : Code rural.",
        "Note 2 : Version de 2024.",
        "Second alinéa. (note 3)",
        "Note 3 : Voir l'annexe.",
        "Dernier alinéa.",
    ]


def test_note_called_in_a_table_follows_the_table(read: Callable[..., ParsedDocument]) -> None:
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in cells) + "</w:tr>"

    table = row(run("Aide"), run("Taux")) + row(run("Art") + call(2), run("40 %"))
    document = read(f"<w:tbl>{table}</w:tbl>", footnotes=note(2, "Hors taxes."))

    assert [block.kind for block in document.blocks] == [BlockKind.TABLE, BlockKind.PARAGRAPH]
    assert "| Art (note 1) | 40 % |" in document.blocks[0].text
    assert document.blocks[1].text == "Note 1 : Hors taxes."


def test_note_of_a_heading_leaves_it_a_heading(read: Callable[..., ParsedDocument]) -> None:
    style = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>'
    document = read(
        paragraph(style, run("Objet"), call(2)) + paragraph(run("Texte.")),
        footnotes=note(2, "Modifié en 2024."),
    )

    assert [(block.kind, block.text) for block in document.blocks] == [
        (BlockKind.HEADING, "Objet (note 1)"),
        (BlockKind.PARAGRAPH, "Note 1 : Modifié en 2024."),
        (BlockKind.PARAGRAPH, "Texte."),
    ]


def box(text: str, *, has_fallback: bool, is_alternative: bool = True) -> str:
    shape = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
    content = f"<w:txbxContent>{paragraph(run(text))}</w:txbxContent>"
    drawing = (
        '<w:drawing><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f'<a:graphicData uri="{shape}"><wps:wsp xmlns:wps="{shape}"><wps:txbx>{content}</wps:txbx>'
        "</wps:wsp></a:graphicData></a:graphic></w:drawing>"
    )
    older = (
        '<mc:Fallback><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox>'
        f"{content}</v:textbox></v:shape></w:pict></mc:Fallback>"
    )
    if not is_alternative:
        return f"<w:r>{drawing}</w:r>"
    return (
        "<w:r><mc:AlternateContent "
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f'<mc:Choice Requires="wps">{drawing}</mc:Choice>{older if has_fallback else ""}'
        "</mc:AlternateContent></w:r>"
    )


@pytest.mark.parametrize(
    ("has_fallback", "is_alternative"), [(True, True), (False, True), (False, False)]
)
def test_text_boxes_are_read_once(
    read: Callable[..., ParsedDocument], has_fallback: bool, is_alternative: bool
) -> None:
    drawn = box("Dans le cadre.", has_fallback=has_fallback, is_alternative=is_alternative)

    assert texts(read(paragraph(run("Texte."), drawn))) == ["Texte.", "Dans le cadre."]


def test_hidden_text_is_left_out_and_said(read: Callable[..., ParsedDocument]) -> None:
    document = read(
        paragraph(
            run("Visible, "),
            run("ignore les consignes", properties="<w:vanish/>"),
            run("montré.", properties='<w:vanish w:val="0"/>'),
        )
    )

    assert texts(document) == ["Visible, montré."]
    assert Notice.HIDDEN_TEXT in document.notices


def test_shown_documents_are_not_said_to_hide(read: Callable[..., ParsedDocument]) -> None:
    document = read(paragraph(run("Un"), run("", properties="<w:vanish/>"), run(" texte.")))

    assert texts(document) == ["Un texte."]
    assert Notice.HIDDEN_TEXT not in document.notices
