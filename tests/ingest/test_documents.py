"""Documents made on the spot, read by the real engines in a real child."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pytest

from ingest.model import Block, BlockKind, DocumentKind, FileFormat, IngestedFile, Notice
from ingest.reader import ParserPool

SENTENCE = "La Région accompagne les communes rurales dans leurs projets d'investissement durable. "
ARTICLES = [("h2", f"Article {n} : Dispositions diverses numéro {n}") for n in range(1, 4)]


def headings(ingested: IngestedFile) -> list[tuple[str, int]]:
    return [(b.text, b.level) for b in ingested.document.blocks if b.kind is BlockKind.HEADING]


def tables(ingested: IngestedFile) -> list[Block]:
    return [block for block in ingested.document.blocks if block.table is not None]


def all_text(ingested: IngestedFile) -> str:
    return "\n".join(block.text for block in ingested.document.blocks)


def text_of(ingested: IngestedFile) -> str:
    return " ".join(all_text(ingested).split())


def act(pages: int = 4) -> list[list[tuple[str, str] | list[list[str]]]]:
    first: list[tuple[str, str] | list[list[str]]] = [
        ("h1", "Règlement d'intervention en faveur des communes rurales"),
        ("p", "Adopté par la commission permanente du 12 avril 2024."),
    ]
    body: list[list[tuple[str, str] | list[list[str]]]] = [
        [
            ("h2", f"Article {n} : Objet numéro {n}"),
            ("p", SENTENCE * 8),
            ("p", f"Le plafond est de {n} 000 euros."),
        ]
        for n in range(1, pages)
    ]
    return [first, *body]


def test_pdf_gives_title_date_kind_headings_and_pages(
    pool: ParserPool, make_pdf: Callable[..., Path]
) -> None:
    ingested = pool.read(make_pdf(act()), name="sans_rapport.docx")

    document = ingested.document
    assert document.format is FileFormat.PDF
    assert document.title == "Règlement d'intervention en faveur des communes rurales"
    assert document.date == date(2024, 4, 12)
    assert document.kind is DocumentKind.REGLEMENT
    assert document.page_count == 4
    assert [text for text, _ in headings(ingested)][1:] == [
        f"Article {n} : Objet numéro {n}" for n in (1, 2, 3)
    ]
    plafond = next(chunk for chunk in ingested.chunks if "2 000 euros" in chunk.text)
    assert plafond.locator.pages == (3,)
    assert plafond.locator.section[-1] == "Article 2 : Objet numéro 2"


def test_pdf_boxes_cover_every_word_of_their_page(
    pool: ParserPool, make_pdf: Callable[..., Path]
) -> None:
    import pdfplumber

    path = make_pdf(act())
    ingested = pool.read(path, name="x.pdf")

    with pdfplumber.open(path) as document:
        for number, page in enumerate(document.pages, start=1):
            boxes = [
                box
                for chunk in ingested.chunks
                for box in chunk.locator.boxes
                if box.page == number
            ]
            for word in page.extract_words():
                x = (word["x0"] + word["x1"]) / 2 / float(page.width)
                y = (word["top"] + word["bottom"]) / 2 / float(page.height)
                assert any(b.left <= x <= b.right and b.top <= y <= b.bottom for b in boxes), word[
                    "text"
                ]


def test_pdf_running_headers_and_page_numbers_are_dropped(
    pool: ParserPool, make_pdf: Callable[..., Path]
) -> None:
    path = make_pdf(act(6), header="Région Val-de-Brume - Recueil des actes", footer="Page")

    text = all_text(pool.read(path, name="x.pdf"))

    assert "Recueil des actes" not in text
    assert "Page 3" not in text
    assert "5 000 euros" in text


def test_pdf_ruled_table_is_a_table_that_goes_on_over_pages(
    pool: ParserPool, make_pdf: Callable[..., Path]
) -> None:
    rows = [
        ["Commune", "Population", "Aide"],
        *([f"Ville {n}", f"{n}00", f"{n} 000 €"] for n in range(60)),
    ]

    ingested = pool.read(make_pdf([[("h1", "Répartition des aides"), rows]]), name="x.pdf")

    found = tables(ingested)
    assert len(found) >= 2
    assert {block.table.header for block in found if block.table} == {
        ("Commune", "Population", "Aide")
    }
    read = [row for block in found if block.table for row in block.table.rows]
    assert read == [tuple(row) for row in rows[1:]]
    assert all(
        "| Commune | Population | Aide |" in chunk.text
        for chunk in ingested.chunks
        if "Ville" in chunk.text
    )


def test_page_image_is_small_and_of_the_page(
    pool: ParserPool, make_pdf: Callable[..., Path]
) -> None:
    from PIL import Image

    path = make_pdf(act())

    data = pool.render_page(path, page=2)

    assert len(data) <= 150_000
    assert data[:4] == b"RIFF"
    import io

    with Image.open(io.BytesIO(data)) as image:
        assert image.width >= 800
        assert image.height > image.width


def test_docx_gives_styled_headings_lists_and_tables(
    pool: ParserPool, make_docx: Callable[..., Path]
) -> None:
    path = make_docx(
        [
            ("Title", "Guide des aides aux lycées"),
            ("Normal", "Mis à jour le 3 mars 2023"),
            ("Heading 1", "Bénéficiaires"),
            ("List Bullet", "les lycées publics"),
            ("List Bullet", "les centres de formation"),
            ("Heading 2", "Montants"),
            [["Type", "Plafond"], ["Transport", "300 €"]],
        ]
    )

    ingested = pool.read(path, name="x.bin")

    assert (ingested.document.title, ingested.document.kind) == (
        "Guide des aides aux lycées",
        DocumentKind.GUIDE,
    )
    assert ingested.document.date == date(2023, 3, 3)
    assert ("Montants", 2) in headings(ingested)
    assert [b.kind for b in ingested.document.blocks].count(BlockKind.LIST_ITEM) == 2
    assert tables(ingested)[0].text == "| Type | Plafond |\n| --- | --- |\n| Transport | 300 € |"
    assert ingested.document.page_count == 0
    assert all(chunk.locator.pages == () for chunk in ingested.chunks)


def test_odt_gives_headings_tables_notes_and_no_deleted_text(
    pool: ParserPool, make_odt: Callable[..., Path]
) -> None:
    body = (
        "<text:tracked-changes><text:p>texte supprimé</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Délibération n° 24-07 du 4 juillet 2024</text:h>'
        '<text:h text:outline-level="2">Article 1er</text:h>'
        "<text:p>L'aide<text:s/>est<text:tab/>de <text:span>300 €</text:span>"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Hors taxes.</text:p>"
        "</text:note-body></text:note>.</text:p>"
        "<text:list><text:list-item><text:p>les communes</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>Poste</text:p></table:table-cell>"
        "<table:table-cell><text:p>Taux</text:p></table:table-cell></table:table-row>"
        "<table:table-row><table:table-cell><text:p>Travaux</text:p></table:table-cell>"
        "<table:table-cell><text:p>50 %</text:p></table:table-cell></table:table-row></table:table>"
    )

    ingested = pool.read(make_odt(body), name="x.odt")

    assert ingested.document.title == "Délibération n° 24-07 du 4 juillet 2024"
    assert ingested.document.date == date(2024, 7, 4)
    assert ingested.document.kind is DocumentKind.DELIBERATION
    text = text_of(ingested)
    assert "L'aide est de 300 €" in text
    assert "Hors taxes." in text
    assert "supprimé" not in text
    assert "| Travaux | 50 % |" in text


HIDING = '<style:text-properties text:display="none"/>'


@pytest.mark.parametrize(
    ("hidden", "styles", "named"),
    [
        (
            '<text:p>Vu le code.<text:span text:style-name="T1">SECRET</text:span></text:p>',
            f'<style:style style:name="T1" style:family="text">{HIDING}</style:style>',
            "",
        ),
        (
            '<text:p text:style-name="P1">SECRET</text:p>',
            '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="N"/>',
            f'<style:style style:name="N" style:family="paragraph">{HIDING}</style:style>',
        ),
        ('<text:section text:display="none"><text:p>SECRET</text:p></text:section>', "", ""),
        ('<text:p>SECRET<text:hidden-paragraph text:is-hidden="true"/></text:p>', "", ""),
        (
            '<text:p><text:hidden-text text:is-hidden="true">SECRET</text:hidden-text></text:p>',
            "",
            "",
        ),
    ],
    ids=["words", "inherited", "section", "paragraph", "field"],
)
def test_odt_leaves_out_what_is_hidden_and_tells(
    pool: ParserPool, make_odt: Callable[..., Path], hidden: str, styles: str, named: str
) -> None:
    body = f"<text:p>La subvention est accordée.</text:p>{hidden}<text:p>Article final.</text:p>"

    ingested = pool.read(make_odt(body, styles=styles, named_styles=named), name="x.odt")

    text = text_of(ingested)
    assert "SECRET" not in text
    assert "La subvention est accordée." in text
    assert "Article final." in text
    assert Notice.HIDDEN_TEXT in ingested.document.notices


def test_odt_style_of_another_family_hides_nothing(
    pool: ParserPool, make_odt: Callable[..., Path]
) -> None:
    styles = f'<style:style style:name="P1" style:family="text">{HIDING}</style:style>'
    body = '<text:p text:style-name="P1">La subvention est accordée.</text:p>'

    ingested = pool.read(make_odt(body, styles=styles), name="x.odt")

    assert "La subvention est accordée." in text_of(ingested)
    assert Notice.HIDDEN_TEXT not in ingested.document.notices


def test_odt_table_inside_a_cell_comes_once(
    pool: ParserPool, make_odt: Callable[..., Path]
) -> None:
    def table(*cells: str) -> str:
        rows = "".join(
            f"<table:table-row><table:table-cell>{left}</table:table-cell>"
            f"<table:table-cell>{right}</table:table-cell></table:table-row>"
            for left, right in zip(cells[::2], cells[1::2], strict=True)
        )
        return f"<table:table>{rows}</table:table>"

    words = [f"<text:p>{word}</text:p>" for word in ("Poste", "Détail", "Travaux")]
    inner = table("<text:p>Toiture</text:p>", "<text:p>1 200 €</text:p>")
    body = f"<text:p>Budget :<text:note>{table(*words, inner)}</text:note></text:p>"

    text = text_of(pool.read(make_odt(body), name="x.odt"))

    assert text.count("Toiture") == 1
    assert text.count("Travaux") == 1


def test_html_keeps_content_and_drops_menus_and_scripts(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(
        "<html><head><meta charset='iso-8859-1'><title>Aides – Région</title><script>vole()</script></head><body>"
        "<nav>Accueil Contact</nav><main><h1>Aide à la mobilité</h1><p>Réservée aux <b>étudiants</b> de "
        "<a href='https://ailleurs.fr'>la Région</a>.</p><h2>Montant</h2><table><tr><th>Année</th><th>€</th></tr>"
        "<tr><td>2024</td><td>300</td></tr></table></main><footer>Mentions légales</footer></body></html>".encode(
            "cp1252"
        )
    )

    ingested = pool.read(path, name="page.txt")

    assert ingested.document.format is FileFormat.HTML
    assert ingested.document.title == "Aide à la mobilité"
    text = text_of(ingested)
    assert "Réservée aux étudiants de la Région." in text
    assert "| 2024 | 300 |" in text
    for lost in ("Accueil", "vole", "Mentions", "ailleurs.fr"):
        assert lost not in text


def test_markdown_gives_outline_and_plain_words(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_text(
        "---\ntitle: Note de cadrage\n---\n# Note de *cadrage*\n\n## Budget\n\n"
        "Voir [la fiche](http://x) ![i](y).\n\n"
        "- un\n- deux\n\n| A | B |\n|---|---|\n| 1 | 2 |\n",
        encoding="utf-8",
    )

    ingested = pool.read(path, name="note.md")

    assert ingested.document.format is FileFormat.MARKDOWN
    assert headings(ingested) == [("Note de cadrage", 1), ("Budget", 2)]
    assert "Voir la fiche" in text_of(ingested)
    assert "http" not in text_of(ingested)
    assert len(tables(ingested)) == 1


def test_text_in_an_old_encoding_keeps_paragraphs_and_articles(
    pool: ParserPool, tmp_path: Path
) -> None:
    path = tmp_path / "texte"
    content = (
        "ARRÊTÉ\n\nLe président de la région arrête :\n\n"
        "Article 1er : Durée\nL'aide est versée à l'été.\n\n- un\n- deux"
    )
    path.write_bytes(content.encode("cp1252"))

    ingested = pool.read(path, name="arrete.txt")

    assert [text for text, _ in headings(ingested)] == ["ARRÊTÉ", "Article 1er : Durée"]
    assert "L'aide est versée à l'été." in text_of(ingested)
    assert ingested.document.kind is DocumentKind.ARRETE


def test_document_without_title_takes_its_name_and_says_so(
    pool: ParserPool, tmp_path: Path
) -> None:
    path = tmp_path / "texte"
    path.write_text(
        "le texte commence sans rien annoncer, et se poursuit sans titre.", encoding="utf-8"
    )

    document = pool.read(path, name="dossier/Compte_rendu_du_18_mai_2021.txt").document

    assert document.title == "Compte rendu du 18 mai 2021"
    assert document.date == date(2021, 5, 18)
    assert Notice.NO_TITLE in document.notices


def test_reading_again_gives_the_same(pool: ParserPool, make_pdf: Callable[..., Path]) -> None:
    path = make_pdf(act())

    assert pool.read(path, name="x.pdf") == pool.read(path, name="x.pdf")


@pytest.mark.parametrize("extension", ["pdf", "docx", "odt", "html", "md", "txt", "xlsx", ""])
def test_extension_changes_nothing(
    pool: ParserPool, make_pdf: Callable[..., Path], extension: str
) -> None:
    assert pool.read(make_pdf(act(2)), name=f"x.{extension}").document.format is FileFormat.PDF


def words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in text.split()}


def test_chunks_hold_the_words_of_the_document(
    pool: ParserPool, make_pdf: Callable[..., Path]
) -> None:
    ingested = pool.read(make_pdf(act(8)), name="x.pdf")

    blocks = words(block.text for block in ingested.document.blocks)
    assert words(chunk.text for chunk in ingested.chunks) == blocks
