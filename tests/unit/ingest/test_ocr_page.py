from __future__ import annotations

import pytest

from ingest.model import BlockKind
from ingest.parsers.ocr.engine import Word
from ingest.parsers.ocr.image import Turned, find_skew, turned
from ingest.parsers.ocr.page import pieces_of
from ingest.parsers.ocr.score import is_well_formed, text_quality, text_worth
from ingest.parsers.pages.page import Rect

PROSE = (
    "Le conseil municipal, après en avoir délibéré à l'unanimité des membres présents, décide "
    "d'approuver la convention avec la région pour un montant de 12 500 € et autorise le maire."
)
TURNED_NOISE = "PIED) a] SUEP 6[-PIAO) SA sseid seouejeduoo J8AN8 sjueq1sissqnS 1ed nuuoo81 xjnu"


def line(
    text: str,
    *,
    top: float,
    paragraph: int = 1,
    number: int = 1,
    sure: float = 0.95,
    left: float = 100,
    high: float = 30,
) -> list[Word]:
    """Words of 20 pixels a letter on one line."""
    words: list[Word] = []
    for part in text.split():
        right = left + 20 * len(part)
        rect = Rect(left, top, right, top + high)
        words.append(Word(part, rect, sure, (1, paragraph, number)))
        left = right + 20
    return words


def test_hyphen_at_the_end_of_a_line_is_undone_and_each_line_keeps_its_place() -> None:
    words = [
        *line("la délibération porte sur l'admi-", top=0, number=1),
        *line("nistration de la commune", top=40, number=2),
    ]

    (piece,) = pieces_of(words)

    assert piece.text == "la délibération porte sur l'administration de la commune"
    assert [(printed.text, printed.rect.top) for printed in piece.lines] == [
        ("la délibération porte sur l'admi", 0),
        ("nistration de la commune", 40),
    ]


def test_hyphen_of_a_compound_word_stays() -> None:
    words = [*line("le sous-", top=0, number=1), *line("préfet de Vesoul", top=40, number=2)]

    assert pieces_of(words)[0].text == "le sous-préfet de Vesoul"


def test_short_line_ends_with_a_break() -> None:
    words = [
        *line("Le maire,", top=0, number=1),
        *line("Jean Petit, premier vice-président", top=40, number=2),
    ]

    assert pieces_of(words)[0].text == "Le maire,\nJean Petit, premier vice-président"


def test_items_articles_and_gaps_begin_new_pieces() -> None:
    words = [
        *line("Ordre du jour de la séance", top=0, number=1),
        *line("- Budget primitif", top=40, number=2),
        *line("- Questions diverses", top=80, number=3),
        *line("Article 2", top=120, number=4),
        *line("La présente décision sera publiée", top=160, number=5),
        *line("Fait à Vesoul", top=300, number=6),
    ]

    pieces = pieces_of(words)

    assert [piece.text for piece in pieces] == [
        "Ordre du jour de la séance",
        "- Budget primitif",
        "- Questions diverses",
        "Article 2",
        "La présente décision sera publiée",
        "Fait à Vesoul",
    ]
    assert [piece.kind for piece in pieces[1:3]] == [BlockKind.LIST_ITEM] * 2


def test_larger_letters_make_a_heading_unless_they_are_uncertain() -> None:
    body = line("Le conseil est réuni dans la salle de la mairie", top=200, paragraph=2)

    sure, _ = pieces_of([*line("Compte rendu", top=0, high=60), *body])
    unsure, _ = pieces_of([*line("Compte rendu", top=0, high=60, sure=0.6), *body])

    assert (sure.kind, sure.level) == (BlockKind.HEADING, 1)
    assert unsure.kind is BlockKind.PARAGRAPH


def test_noise_is_left_out_and_right_words_of_no_certainty_kept() -> None:
    words = [
        *line("Travaux de l'éclairage | public", top=0, sure=0.1),
        *line("pes Éuhté", top=100, paragraph=3, sure=0.2),
        *line("|] ~x{ jjkq", top=200, paragraph=2, sure=0.1),
    ]

    assert [piece.text for piece in pieces_of(words)] == ["Travaux de l'éclairage public"]


def test_french_scores_high_and_noise_low() -> None:
    assert text_quality(PROSE.split()) > 0.9
    assert text_quality(TURNED_NOISE.split()) < 0.7
    assert text_quality([]) == 0.0
    assert text_worth(PROSE.split()) > 2 * text_worth(TURNED_NOISE.split())
    assert text_worth(PROSE.split()) > text_worth(PROSE.split()[:10])


@pytest.mark.parametrize("word", ["l'éclairage", "2024-175", "CNIG", "(réunion)", "12,5%", "œuvre"])
def test_words_of_a_french_shape(word: str) -> None:
    assert is_well_formed(word)


@pytest.mark.parametrize("word", ["xqzrtk", "mAiRiE", "aaab", "|", "jk;e]"])
def test_words_of_no_french_shape(word: str) -> None:
    assert not is_well_formed(word)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rectangle_of_a_turned_image_finds_its_place_again(degrees: int) -> None:
    from PIL import Image

    image = Image.new("L", (200, 300), 255)
    image.paste(0, (20, 40, 60, 50))

    page = turned(image, degrees=degrees)

    dark = page.image.point(lambda value: 255 - value).getbbox()
    assert dark is not None
    assert page.original(Rect(*dark)) == Rect(20, 40, 60, 50)


def test_rectangle_of_a_straightened_image_finds_its_place_again() -> None:
    from PIL import Image

    image = Image.new("L", (400, 400), 255)
    image.paste(0, (300, 40, 340, 60))
    straight = image.rotate(3, fillcolor=255)
    dark = straight.point(lambda value: 255 - value).getbbox()
    assert dark is not None

    rect = Turned(straight, skew=3).original(Rect(*dark))

    for found, expected in zip(
        (rect.left, rect.top, rect.right, rect.bottom), (300, 40, 340, 60), strict=True
    ):
        assert found == pytest.approx(expected, abs=4)


@pytest.mark.parametrize("angle", [-2.0, 0.0, 1.5])
def test_skew_of_lines_is_measured(angle: float) -> None:
    from PIL import Image

    image = Image.new("L", (800, 800), 255)
    for top in range(100, 700, 40):
        image.paste(0, (100, top, 700, top + 12))

    assert find_skew(image.rotate(angle, fillcolor=255)) == pytest.approx(-angle, abs=0.2)
