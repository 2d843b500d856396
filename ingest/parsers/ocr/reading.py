"""One image, read as well as time allows: as it is, then turned, then straightened and cleaned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.parsers.ocr.engine import Clock, OcrTimeout, Word, find_turn, read_words
from ingest.parsers.ocr.image import Turned, cleaned, turned
from ingest.parsers.ocr.page import mean_confidence
from ingest.parsers.ocr.score import text_quality, text_worth

if TYPE_CHECKING:
    from PIL.Image import Image

_GOOD_QUALITY, _GOOD_CONFIDENCE = 0.8, 0.8
_NOISE_QUALITY, _NOISE_CONFIDENCE = 0.55, 0.5
_UPRIGHT_QUALITY = 0.7
_MIN_WORDS = 8
_UPRIGHT_SHARE = 0.5
_LYING = 1.5


@dataclass(frozen=True, slots=True)
class Reading:
    """Words read on an image, in the coordinates of the image as it was turned."""

    words: list[Word]
    page: Turned

    @property
    def confidence(self) -> float:
        """Mean certainty, in [0, 1]."""
        return mean_confidence(self.words)

    @property
    def quality(self) -> float:
        """How well formed the words are, in [0, 1]."""
        return text_quality(word.text for word in self.words)

    @property
    def worth(self) -> float:
        """Greater for the better of two readings of one image."""
        return text_worth(word.text for word in self.words) * self.confidence

    @property
    def is_noise(self) -> bool:
        """True when what was read is worse than nothing: pictures, or a page turned the wrong way."""
        return self.quality < _NOISE_QUALITY and self.confidence < _NOISE_CONFIDENCE

    @property
    def is_good(self) -> bool:
        """True when another try can hardly do better."""
        return self.quality >= _GOOD_QUALITY and self.confidence >= _GOOD_CONFIDENCE


def read_image(image: Image, *, clock: Clock, likely_turn: int = 0) -> Reading:
    """The best reading of an image that fits in its time; the first one must.

    Args:
        image: In grey, at 200 dots per inch.
        clock: When to give up.
        likely_turn: Degrees clockwise by which the page before it had to be turned.

    Raises:
        OcrTimeout: Nothing better than noise was read in time.
    """
    best = _read(Turned(image), clock=clock)
    try:
        if not best.is_good and _may_lie(best):
            best = _upright(best, image=image, clock=clock, likely_turn=likely_turn)
        if not best.is_good and len(best.words) >= _MIN_WORDS:
            best = _better(best, _read(cleaned(best.page), clock=clock))
    except OcrTimeout:
        if best.is_noise:
            raise
    return _level(best)


def _read(page: Turned, *, clock: Clock) -> Reading:
    return Reading(read_words(page.image, clock=clock), page)


def _may_lie(reading: Reading) -> bool:
    """Words badly formed, or higher than wide: the page may be turned."""
    return reading.quality < _UPRIGHT_QUALITY or _is_lying(reading)


def _is_lying(reading: Reading) -> bool:
    long = [word.rect for word in reading.words if len(word.text) > 2]
    lying = sum(1 for rect in long if rect.height > _LYING * (rect.right - rect.left))
    return lying > _UPRIGHT_SHARE * max(len(long), 1)


def _level(reading: Reading) -> Reading:
    """The same words in a page turned upright: the engine also reads lines that run up or down."""
    if reading.page.quarter or reading.page.skew or not _is_lying(reading):
        return reading
    page = turned(reading.page.image, degrees=270 if _runs_down(reading.words) else 90)
    return Reading([replace(word, rect=page.forward(word.rect)) for word in reading.words], page)


def _runs_down(words: list[Word]) -> bool:
    """True when most words stand below the one before them on their line."""
    pairs = [
        (word.rect, following.rect)
        for word, following in pairwise(words)
        if word.line == following.line
    ]
    down = sum(1 for rect, following in pairs if following.top > rect.top)
    return down * 2 >= len(pairs)


def _upright(reading: Reading, *, image: Image, clock: Clock, likely_turn: int) -> Reading:
    best = reading
    if likely_turn:
        best = _better(best, _read(turned(image, degrees=likely_turn), clock=clock))
        if best.is_good:
            return best
    turn = find_turn(image, clock=clock)
    guesses = (90, 270) if _is_lying(reading) else (180,)
    for degrees in (turn,) if turn is not None else guesses:
        if degrees and not best.is_good:
            best = _better(best, _read(turned(image, degrees=degrees), clock=clock))
    return best


def _better(reading: Reading, other: Reading) -> Reading:
    return other if other.worth > reading.worth else reading


def in_original(reading: Reading) -> list[Word]:
    """The words with their rectangles in the image as it was given."""
    return [replace(word, rect=reading.page.original(word.rect)) for word in reading.words]
