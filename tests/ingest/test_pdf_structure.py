"""In which order and under which headings a PDF is read, on files made on the spot and real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.model import Notice
from ingest.reader import ParserPool
from tests.ingest.drawn_pdfs import SENTENCES, body, read, text_of

DOCUMENTS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "admin_docs"
real = [
    pytest.mark.shared_data,
    pytest.mark.skipif(
        not DOCUMENTS.is_dir(), reason=f"the real documents are absent ({DOCUMENTS})"
    ),
]


def test_words_cut_at_the_end_of_a_line_are_joined(draw_pdf: Callable[..., Path]) -> None:
    lines = (
        "Le conseil communautaire approuve la convention de collabo-",
        "ration avec la ville voisine pour la gestion des équipements,",
        "et la \ufb01che de suivi des opérations \ufb01nancées par la Région.",
    )

    def page(canvas: Any) -> None:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont

        font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
        if not Path(font).is_file():
            pytest.skip("no font with ligatures is installed")
        cast("Any", pdfmetrics).registerFont(TTFont("DejaVu", font))
        canvas.setFont("DejaVu", 11)
        for index, line in enumerate(lines):
            canvas.drawString(72, 700 - 14 * index, line)

    text = text_of(read(draw_pdf(page))).replace("\n", " ")

    assert "collaboration avec la ville" in text
    assert "fiche de suivi" in text
    assert "financées" in text


def test_two_columns_are_read_one_after_the_other(draw_pdf: Callable[..., Path]) -> None:
    left = [f"gauche numéro {n} du texte de la première colonne" for n in range(30)]
    right = [f"droite numéro {n} du texte de la seconde colonne" for n in range(30)]

    def page(canvas: Any) -> None:
        canvas.setFont("Helvetica", 9)
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            canvas.drawString(50, 780 - 12 * index, one)
            canvas.drawString(320, 780 - 12 * index, other)

    text = text_of(read(draw_pdf(page)))

    assert text.index(left[-1]) < text.index(right[0])


def test_footnote_goes_behind_the_block_that_calls_it(draw_pdf: Callable[..., Path]) -> None:
    def page(canvas: Any) -> None:
        canvas.drawString(72, 700, "La commune adhère au syndicat intercommunal des eaux")
        canvas.setFont("Helvetica", 6)
        canvas.drawString(338, 704, "1")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(342, 700, "pour dix ans.")
        canvas.drawString(72, 640, "Un second paragraphe traite d'un autre point de l'ordre du")
        canvas.drawString(
            72, 626, "jour de la séance, sans rapport avec le premier, et finit sur une"
        )
        canvas.setFont("Helvetica", 5)
        canvas.drawString(72, 83, "1")
        canvas.setFont("Helvetica", 8)
        canvas.drawString(76, 80, "Créé par arrêté du préfet en 1954.")

    def following(canvas: Any) -> None:
        canvas.drawString(72, 760, "phrase qui continue à la page suivante du document.")

    blocks = [block.text for block in read(draw_pdf(page, following)).document.blocks]

    index = blocks.index("Note 1 : Créé par arrêté du préfet en 1954.")
    assert "dix ans" in blocks[index - 1]
    assert blocks[-1].startswith("phrase qui continue")
    assert blocks[-2].endswith("finit sur une")


def test_lines_printed_across_one_another_are_told(draw_pdf: Callable[..., Path]) -> None:
    def page(canvas: Any) -> None:
        body(canvas)
        for index, sentence in enumerate(reversed(SENTENCES)):
            canvas.drawString(75, 697 - 16 * index, sentence.upper())

    assert Notice.OVERLAPPING_TEXT in read(draw_pdf(page)).document.notices


def test_rows_of_a_ruled_table_are_placed_and_its_caption_stays(
    make_pdf: Callable[..., Path],
) -> None:
    rows = [["Poste", "Montant"], *([f"Opération {n}", f"{n} 000 €"] for n in range(1, 7))]
    path = make_pdf([[("p", "Dépenses engagées par la commune en 2024"), rows, ("p", "Fin.")]])

    blocks = read(path).document.blocks

    table = next(block.table for block in blocks if block.table is not None)
    tops = [box.top for box in table.row_boxes]
    assert len(table.row_boxes) == 7
    assert tops == sorted(set(tops))
    assert any("Dépenses engagées" in block.text for block in blocks)


def test_chunks_of_a_long_table_show_their_rows_and_the_header(
    make_pdf: Callable[..., Path],
) -> None:
    rows = [["Poste", "Description", "Montant"]]
    rows += [[f"Opération {n}", "Travaux de réfection", f"{n} 000 €"] for n in range(1, 31)]

    ingested = read(make_pdf([[rows]]))

    assert len(ingested.chunks) > 1
    last = ingested.chunks[-1].locator.boxes
    table = next(block.table for block in ingested.document.blocks if block.table is not None)
    assert last[0] == table.row_boxes[0]
    assert last[-1].bottom == table.row_boxes[-1].bottom
    assert last[-1].top > table.row_boxes[2].bottom


@pytest.mark.parametrize("pattern", [pytest.param("*SRU_niveau_1_V2024-02.pdf", marks=real)])
def test_tags_of_a_real_file_give_its_headings(pool: ParserPool, pattern: str) -> None:
    path = next(iter(DOCUMENTS.glob(pattern)))

    blocks = pool.read(path, name=path.name).document.blocks

    levels = {block.text.split()[0]: block.level for block in blocks if block.level}
    assert levels["1"] == 1
    assert levels["1.1"] == 2
    assert levels["3.3.2"] == 3
