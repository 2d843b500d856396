"""Tesseract, run as a child of the reading process: words with their boxes, and the way a page is turned.

Images go in by standard input and words come out by standard output: nothing is written to disk, and
the program dies with the process that reads the file.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.parsers.pages.page import Rect

if TYPE_CHECKING:
    from PIL.Image import Image

DPI = 200
"""Dots per inch of the images given to the engine."""
_LANGUAGE = "fra"
_ORIENTATION = "osd"
_WORD_LEVEL = "5"
_COLUMNS = 12
_ROTATE = re.compile(r"^Rotate:\s*(\d+)", re.M)
_SURE = re.compile(r"^Orientation confidence:\s*([\d.]+)", re.M)
_MIN_SURE = 1.0


class OcrTimeout(Exception):
    """A page took longer than it may."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word read on an image."""

    text: str
    rect: Rect
    """In pixels from the top left of the image."""
    confidence: float
    """In [0, 1]."""
    line: tuple[int, int, int]
    """Numbers of its block, paragraph and line, in reading order."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment by which the reading of one page must be over."""

    deadline: float
    """On the monotonic clock, in seconds."""

    @classmethod
    def of(cls, seconds: float) -> Clock:
        """A clock that ends in so many seconds."""
        return cls(time.monotonic() + seconds)

    def left_s(self) -> float:
        """Time left, in seconds.

        Raises:
            OcrTimeout: None is left.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OcrTimeout
        return left


def read_words(image: Image, *, clock: Clock) -> list[Word]:
    """The words of an image in reading order, columns one after the other.

    Args:
        image: In grey, at 200 dots per inch.
        clock: When to give up.

    Raises:
        OcrTimeout: The time is over.
    """
    options = ("-l", _LANGUAGE, "--psm", "3", "--dpi", str(DPI), "tsv")
    return [word for line in _run(image, options, clock=clock).split("\n") for word in _word(line)]


def find_turn(image: Image, *, clock: Clock) -> int | None:
    """Degrees by which to turn an image clockwise to have it upright: 0, 90, 180 or 270.

    None when the engine cannot tell: too few letters, or no orientation data installed.

    Raises:
        OcrTimeout: The time is over.
    """
    said = _run(image, ("-l", _ORIENTATION, "--psm", "0", "--dpi", str(DPI)), clock=clock)
    rotate, sure = _ROTATE.search(said), _SURE.search(said)
    if rotate is None or sure is None or float(sure.group(1)) < _MIN_SURE:
        return None
    return int(rotate.group(1)) % 360


def _run(image: Image, options: tuple[str, ...], *, clock: Clock) -> str:
    program = shutil.which("tesseract")
    if program is None:
        return ""
    header = f"P5 {image.width} {image.height} 255\n".encode()
    try:
        done = subprocess.run(
            (program, "-", "-", *options),
            input=header + image.tobytes(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=clock.left_s(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OcrTimeout from error
    return done.stdout.decode("utf-8", "replace")


def _word(line: str) -> tuple[Word, ...]:
    fields = line.split("\t")
    if len(fields) != _COLUMNS or fields[0] != _WORD_LEVEL or not fields[11].strip():
        return ()
    block, paragraph, number = (int(field) for field in fields[2:5])
    left, top, width, height = (float(field) for field in fields[6:10])
    return (
        Word(
            text=fields[11].strip(),
            rect=Rect(left, top, left + width, top + height),
            confidence=min(max(float(fields[10]) / 100, 0.0), 1.0),
            line=(block, paragraph, number),
        ),
    )
