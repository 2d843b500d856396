"""The boxes of a passage cover its words on the page, and hardly any others, as another engine sees them.

Every passage of the pages named here is judged, none is left out.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ingest.limits import Limits
from ingest.model import Chunk
from ingest.parsers.pdf import document as pdf
from ingest.reader import ParserPool
from ingest.reading import read_file

DOCUMENTS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "admin_docs"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(
        not DOCUMENTS.is_dir(), reason=f"the real documents are absent ({DOCUMENTS})"
    ),
]
MIN_COVERED = 0.9
MAX_OTHERS = 0.1
MARGIN = 0.002
LONG_MATCH = 3
LONG_MATCH_CHARS = 8
ChunksOf = Callable[[Path], Sequence[Chunk]]


@pytest.fixture(scope="module")
def chunks_of(pool: ParserPool) -> ChunksOf:
    """The passages of a document, which is read once."""

    @cache
    def read(path: Path) -> Sequence[Chunk]:
        return pool.read(path, name=path.name).chunks

    return read


@dataclass(frozen=True)
class Word:
    page: int
    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Score:
    covered: float
    """Share of the passage's words inside its boxes."""
    others: float
    """Share of other words among all words inside its boxes."""
    others_of_page: float
    """Share of the other words of the pages that lie inside its boxes."""


@pytest.mark.parametrize(
    ("pattern", "pages", "least"),
    [
        pytest.param("*ElaborationEAIP*", (2, 3, 4, 7, 8), 10, id="two columns of a turned page"),
        pytest.param("*V2024-02.pdf", (17, 18, 20, 21), 5, id="rows of ruled tables"),
        pytest.param("*compte-rendu-04-04-2016*", (5, 8), 4, id="tables of figures"),
        pytest.param("*CM-01-MARS-2022*", (1, 2, 3), 8, id="lists"),
        pytest.param("*CM-13-JANVIER-2022*", (2, 3, 5), 8, id="long paragraphs cut in two"),
        pytest.param("*SPP-24-079*", (1, 2), 4, id="minutes"),
        pytest.param("*covid-Avril-2021*", (3, 4), 8, id="articles"),
        pytest.param("*alerte_renforc*2022.pdf", (2,), 2, id="cells of many lines"),
    ],
)
def test_boxes_of_every_passage_of_a_page(
    chunks_of: ChunksOf, pattern: str, pages: Sequence[int], least: int
) -> None:
    path = next(iter(DOCUMENTS.glob(pattern)))

    assert_highlighted(path, chunks_of(path), pages=pages, least=least)


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        pytest.param("*ElaborationEAIP*", 9, id="lists"),
        pytest.param("*20250306-PV*", 3, id="minutes with tables"),
        pytest.param("flaux__methodologie_002*", 1, id="a letter and its form"),
    ],
)
def test_each_page_of_a_passage_over_several_holds_its_part(
    chunks_of: ChunksOf, pattern: str, least: int
) -> None:
    path = next(iter(DOCUMENTS.glob(pattern)))
    over_several = [chunk for chunk in chunks_of(path) if len(chunk.locator.pages) > 1]

    shares: list[float] = []
    for chunk in over_several:
        bounds = pairwise([*chunk.locator.page_starts, len(chunk.text)])
        for page, (start, end) in zip(chunk.locator.pages, bounds, strict=True):
            printed = {word.text for word in words_of_pages(path, pages=(page,))}
            said = [text for text in map(letters, chunk.text[start:end].split()) if text]
            shares.append(sum(text in printed for text in said) / len(said))

    assert len(over_several) >= least
    assert min(shares) >= MIN_COVERED


def test_boxes_of_the_second_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*args: Any, **kwargs: Any) -> bool:
        return True

    monkeypatch.setattr(pdf, "loses_words", always)
    path = next(iter(DOCUMENTS.glob("*CM-01-MARS-2022*")))

    ingested = read_file(path, name=path.name, limits=Limits(), on_pages=no_pages)

    assert ingested.document.engine == "pypdfium2"
    assert_highlighted(path, ingested.chunks, pages=(2, 3), least=4)


def no_pages(*args: Any, **kwargs: Any) -> None:
    """Nobody waits for the number of pages."""


def assert_highlighted(
    path: Path, chunks: Sequence[Chunk], *, pages: Sequence[int], least: int
) -> None:
    words = words_of_pages(path, pages=pages)
    passages = [chunk for chunk in chunks if set(chunk.locator.pages) <= set(pages)]
    scores = [(chunk.ordinal, judge(chunk, words=words)) for chunk in passages]
    bad = [
        (ordinal, score)
        for ordinal, score in scores
        if score.covered < MIN_COVERED
        or score.others > MAX_OTHERS
        or score.others_of_page > MAX_OTHERS
    ]

    assert len(passages) >= least
    assert bad == []


def words_of_pages(path: Path, *, pages: Sequence[int]) -> list[Word]:
    import pdfplumber

    found: list[Word] = []
    with pdfplumber.open(path) as document:
        for number in pages:
            page = document.pages[number - 1]
            for word in page.extract_words(x_tolerance_ratio=0.15, use_text_flow=True):
                text = letters(word["text"])
                x = (word["x0"] + word["x1"]) / 2 / float(page.width)
                y = (word["top"] + word["bottom"]) / 2 / float(page.height)
                if text:
                    found.append(Word(number, text, x, y))
    return found


def judge(chunk: Chunk, *, words: list[Word]) -> Score:
    """Words of the passage are those that match it in order, and within its boxes those it still lacks."""
    said = [text for text in map(letters, chunk.text.split()) if text]
    near = [word for word in words if word.page in chunk.locator.pages]
    matcher = difflib.SequenceMatcher(None, [word.text for word in near], said, autojunk=False)
    own: set[int] = set()
    for start, _, size in matcher.get_matching_blocks():
        block = range(start, start + size)
        if size >= LONG_MATCH or sum(len(near[i].text) for i in block) >= LONG_MATCH_CHARS:
            own.update(block)
    lacking = Counter(said) - Counter(near[index].text for index in own)
    inside = {index for index, word in enumerate(near) if is_inside(word, chunk)}
    for index in sorted(inside - own):
        if lacking[near[index].text] > 0:
            lacking[near[index].text] -= 1
            own.add(index)
    assert len(own) >= 0.8 * len(said), "the judge does not find the passage on its pages"
    strangers = inside - own
    return Score(
        covered=len(own & inside) / len(own),
        others=len(strangers) / max(len(inside), 1),
        others_of_page=len(strangers) / max(len(near) - len(own), 1),
    )


def is_inside(word: Word, chunk: Chunk) -> bool:
    return any(
        box.page == word.page
        and box.left - MARGIN <= word.x <= box.right + MARGIN
        and box.top - MARGIN <= word.y <= box.bottom + MARGIN
        for box in chunk.locator.boxes
    )


def letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe")).casefold()
    return "".join(char for char in plain if char.isalnum())
