"""PPTX: titles, reading order, tables, charts, diagrams, notes, hidden slides, hostile files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm

from ingest.limits import Limits
from ingest.model import Block, BlockKind, FileFormat, IngestedFile, Notice, Place
from ingest.parsers.slides.blocks import Frame, reading_order
from ingest.reader import ParserPool
from ingest.reading import read_file

TITLE_ONLY, BLANK, TITLE_AND_BODY = 5, 6, 1
SLIDE_NAMES = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


@pytest.fixture
def deck() -> Any:
    return Presentation()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., IngestedFile]:
    """Reads a presentation, or the bytes of one, in this process."""

    def run(source: Any, *, limits: Limits | None = None, name: str = "diapos") -> IngestedFile:
        path = tmp_path / "contenu"
        if isinstance(source, bytes):
            path.write_bytes(source)
        else:
            source.save(path)
        return read_file(
            path, name=name, limits=limits or Limits(), on_pages=lambda _, scans=0: None
        )

    return run


def add_slide(deck: Any, title: str = "", *, layout: int = TITLE_ONLY) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    if title:
        slide.shapes.title.text = title
    return slide


def add_text(shapes: Any, text: str, *, at: tuple[float, float], size: float = 4) -> Any:
    box = shapes.add_textbox(Cm(at[0]), Cm(at[1]), Cm(size), Cm(1))
    box.text_frame.text = text
    return box


def blocks_of(ingested: IngestedFile) -> list[Block]:
    return list(ingested.document.blocks)


def texts(ingested: IngestedFile) -> list[str]:
    return [block.text for block in ingested.document.blocks]


def test_each_slide_has_its_title_its_place_and_its_chunks(
    deck: Any, read: Callable[..., IngestedFile]
) -> None:
    add_text(add_slide(deck, "Bilan des aides").shapes, "Premier\vpoint.", at=(2, 6))
    add_text(add_slide(deck, "Perspectives").shapes, "Second point.", at=(2, 6))

    ingested = read(deck)

    assert ingested.document.format is FileFormat.PPTX
    assert ingested.document.title == "Bilan des aides"
    assert ingested.document.engine == "python-pptx"
    assert ingested.document.page_count == 0
    assert [(block.kind, block.text, block.place) for block in blocks_of(ingested)] == [
        (BlockKind.HEADING, "Bilan des aides", Place(slide=1)),
        (BlockKind.PARAGRAPH, "Premier\npoint.", Place(slide=1)),
        (BlockKind.HEADING, "Perspectives", Place(slide=2)),
        (BlockKind.PARAGRAPH, "Second point.", Place(slide=2)),
    ]
    assert [(chunk.locator.place.slide, chunk.locator.section) for chunk in ingested.chunks] == [
        (1, ("Bilan des aides",)),
        (2, ("Perspectives",)),
    ]


def test_texts_come_from_top_to_bottom_and_columns_whole(
    deck: Any, read: Callable[..., IngestedFile]
) -> None:
    shapes = add_slide(deck, "Colonnes").shapes
    add_text(shapes, "Bas de la page.", at=(2, 16), size=20)
    add_text(shapes, "Droite 1.", at=(14, 5.5))
    add_text(shapes, "Gauche 2.", at=(2, 6.2))
    add_text(shapes, "Gauche 1.", at=(2, 5))
    add_text(shapes, "Droite 2.", at=(14, 7))

    assert texts(read(deck))[1:] == [
        "Gauche 1.",
        "Gauche 2.",
        "Droite 1.",
        "Droite 2.",
        "Bas de la page.",
    ]


def test_reading_order_of_many_frames_is_bounded() -> None:
    frames = [Frame(i, i * 2, i + 5, i * 2 + 3, ()) for i in range(3000, 0, -1)]

    assert reading_order(frames) == frames[::-1]


def test_groups_keep_their_texts_together(deck: Any, read: Callable[..., IngestedFile]) -> None:
    shapes = add_slide(deck, "Groupes").shapes
    add_text(shapes, "Après.", at=(2, 15))
    group = shapes.add_group_shape()
    add_text(group.shapes, "Dedans 2.", at=(2, 8))
    add_text(group.shapes, "Dedans 1.", at=(2, 6))
    add_text(group.shapes.add_group_shape().shapes, "Au fond.", at=(2, 10))

    assert texts(read(deck))[1:] == ["Dedans 1.", "Dedans 2.", "Au fond.", "Après."]


def test_bullets_are_list_items(deck: Any, read: Callable[..., IngestedFile]) -> None:
    slide = add_slide(deck, "Liste", layout=TITLE_AND_BODY)
    slide.placeholders[1].text_frame.text = "Un\nDeux"

    kinds = [block.kind for block in blocks_of(read(deck))]

    assert kinds == [BlockKind.HEADING, BlockKind.LIST_ITEM, BlockKind.LIST_ITEM]


def test_tables_are_tables(deck: Any, read: Callable[..., IngestedFile]) -> None:
    table = add_slide(deck, "Tableau").shapes.add_table(3, 2, Cm(2), Cm(6), Cm(10), Cm(3)).table
    for row, cells in enumerate((("Aide", "Taux"), ("Artisanat", "40 %"), ("Total", ""))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(2, 0).merge(table.cell(2, 1))

    found = blocks_of(read(deck))[1].table

    assert found is not None
    assert found.header == ("Aide", "Taux")
    assert found.rows == (("Artisanat", "40 %"), ("Total", ""))


def test_charts_are_small_tables(deck: Any, read: Callable[..., IngestedFile]) -> None:
    data = cast("Any", CategoryChartData)(number_format="0%")
    data.categories = ["2023", "2024"]
    data.add_series("Nord", (0.25, 0.5))
    data.add_series("Sud", (0.125, None))
    where = (Cm(2), Cm(6), Cm(10), Cm(6))
    frame = add_slide(deck, "Graphique").shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, *where, data
    )
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "Part des dossiers"
    points = cast("Any", XyChartData)()
    series = points.add_series("Mesures")
    series.add_data_point(1.5, 20)
    add_slide(deck, "Nuage").shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *where, points)

    ingested = read(deck)

    assert ingested.document.format is FileFormat.PPTX
    assert texts(ingested) == [
        "Graphique",
        "Part des dossiers",
        "| Catégorie | Nord | Sud |\n| --- | --- | --- |\n| 2023 | 25 % | 12,5 % |\n| 2024 | 50 % |  |",
        "Nuage",
        "| Série | X | Y |\n| --- | --- | --- |\n| Mesures | 1,5 | 20 |",
    ]


def test_diagrams_give_their_texts(deck: Any, read: Callable[..., IngestedFile]) -> None:
    from pptx.opc.package import Part
    from pptx.opc.packuri import PackURI
    from pptx.oxml import parse_xml

    slide = add_slide(deck, "Schéma")
    names = 'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
    points = "".join(
        f"<dgm:pt><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>"
        for text in ("Dépôt", "Instruction")
    )
    data = f"<dgm:dataModel {names} {SLIDE_NAMES}><dgm:ptLst>{points}</dgm:ptLst></dgm:dataModel>"
    part = Part(
        PackURI("/ppt/diagrams/data1.xml"),
        "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml",
        deck.part.package,
        data.encode(),
    )
    relation = slide.part.relate_to(part, "http://example.invalid/diagramData")
    slide.shapes._spTree.append(
        parse_xml(
            f'<p:graphicFrame {SLIDE_NAMES} {names}><p:nvGraphicFramePr><p:cNvPr id="9" name="d"/>'
            "<p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x='0' y='0'/>"
            "<a:ext cx='9' cy='9'/></p:xfrm><a:graphic><a:graphicData "
            'uri="http://schemas.openxmlformats.org/drawingml/2006/diagram">'
            f'<dgm:relIds r:dm="{relation}"/></a:graphicData></a:graphic></p:graphicFrame>'
        )
    )

    assert texts(read(deck)) == ["Schéma", "Dépôt", "Instruction"]


def test_shapes_in_two_versions_are_read_once(deck: Any, read: Callable[..., IngestedFile]) -> None:
    from pptx.oxml import parse_xml

    slide = add_slide(deck, "Versions")
    box = add_text(slide.shapes, "Formule lisible.", at=(2, 6))._element
    both = cast("Any", parse_xml)(
        f"<mc:AlternateContent {SLIDE_NAMES} "
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        '<mc:Choice Requires="a14"/><mc:Fallback/></mc:AlternateContent>'
    )
    box.addprevious(both)
    both[0].append(box)

    assert texts(read(deck)) == ["Versions", "Formule lisible."]


def test_notes_follow_their_slide(deck: Any, read: Callable[..., IngestedFile]) -> None:
    slide = add_slide(deck, "Titre seul")
    slide.notes_slide.notes_text_frame.text = "À dire\nà l'oral."

    found = blocks_of(read(deck))

    assert found[1].text == "Notes : À dire\nà l'oral."
    assert found[1].place == Place(slide=1)


def test_hidden_slides_are_left_out_and_said(deck: Any, read: Callable[..., IngestedFile]) -> None:
    add_slide(deck, "Visible")
    add_slide(deck, "Secrète").element.set("show", "0")
    add_slide(deck, "Dernière")

    ingested = read(deck)

    assert Notice.HIDDEN_SLIDES in ingested.document.notices
    assert [(block.text, block.place.slide) for block in blocks_of(ingested)] == [
        ("Visible", 1),
        ("Dernière", 3),
    ]


def test_footers_numbers_and_hidden_shapes_are_left_out(
    deck: Any, read: Callable[..., IngestedFile]
) -> None:
    from pptx.oxml import parse_xml

    slide = add_slide(deck, "Pieds de page")
    for kind in ("ftr", "sldNum", "dt"):
        box = add_text(slide.shapes, f"meuble {kind}", at=(2, 18))
        box._element.nvSpPr.nvPr.append(parse_xml(f'<p:ph {SLIDE_NAMES} type="{kind}"/>'))
    number = add_text(slide.shapes, "", at=(2, 10)).text_frame.paragraphs[0]._p
    number.append(
        parse_xml(f'<a:fld {SLIDE_NAMES} id="{{0}}" type="datetime1"><a:t>25/11/2026</a:t></a:fld>')
    )
    hidden = add_text(slide.shapes, "invisible", at=(2, 8))
    hidden._element.nvSpPr.cNvPr.set("hidden", "1")

    assert texts(read(deck)) == ["Pieds de page"]


def test_feet_written_as_plain_texts_are_left_out(
    deck: Any, read: Callable[..., IngestedFile]
) -> None:
    for number in range(1, 5):
        shapes = add_slide(deck, f"Partie {'ABCD'[number - 1]}").shapes
        add_text(shapes, f"Direction des aides – {number}", at=(2, 18))
        add_text(shapes, "25/11/2026", at=(9, 18))
        add_text(shapes, "Même phrase.", at=(2, 8))
        if number == 4:
            add_text(shapes, "Source : Insee.", at=(14, 18))

    assert texts(read(deck))[-3:] == ["Partie D", "Même phrase.", "Source : Insee."]


def test_slide_without_title_is_called_by_its_top_line_or_its_number(
    deck: Any, read: Callable[..., IngestedFile]
) -> None:
    first = add_slide(deck, layout=BLANK).shapes
    add_text(first, "Ligne du haut", at=(2, 1))
    add_text(first, "Une phrase.", at=(2, 9))
    add_text(add_slide(deck, layout=BLANK).shapes, "Une phrase seule.", at=(2, 9))

    assert texts(read(deck)) == [
        "Ligne du haut",
        "Une phrase.",
        "Diapositive 2",
        "Une phrase seule.",
    ]


def test_number_of_a_slide_is_no_title_of_the_document(
    deck: Any, read: Callable[..., IngestedFile]
) -> None:
    add_text(add_slide(deck, layout=BLANK).shapes, "Une phrase seule.", at=(2, 9))

    assert read(deck, name="Bilan 2024.pptx").document.title == "Bilan 2024"


def test_slide_that_is_an_image_is_said(deck: Any, read: Callable[..., IngestedFile]) -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (20, 20)).save(picture, "PNG")
    picture.seek(0)
    add_slide(deck, "Couverture de la présentation aux élus")
    add_slide(deck, layout=BLANK).shapes.add_picture(picture, 0, 0)

    ingested = read(deck)

    assert texts(ingested) == ["Couverture de la présentation aux élus"]
    assert Notice.PAGES_WITHOUT_TEXT in ingested.document.notices


def test_slides_cross_the_process_border(deck: Any, pool: ParserPool, tmp_path: Path) -> None:
    add_text(add_slide(deck, "Bilan").shapes, "Un point.", at=(2, 6))
    path = tmp_path / "contenu"
    deck.save(path)

    chunk = cast("Any", pool.read(path, name="x").chunks[0])

    assert chunk.locator.place == Place(slide=1)
