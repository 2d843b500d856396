"""Tesseract, run as a child of the reading process: words with their boxes, and the way a page is turned.

Images go in by a file in memory and words come out by standard output: nothing is written to disk, and
the program dies with the process that reads the file.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from ingest.parsers.pages.page import Rect
from ingest.processes import WorkTime

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
_LOOK_S = 0.2


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
    """When the reading of one page must be over, by the time that it really took."""

    taken: WorkTime
    """Time in which the engine waited for a core is not counted: a busy machine loses no page."""
    allowed_s: float
    """Of `taken`, in seconds."""

    @classmethod
    def of(cls, seconds: float) -> Clock:
        """A clock that ends in so many seconds."""
        return cls(WorkTime(os.getpid()), seconds)

    def within(self, seconds: float) -> Clock:
        """One that ends in so many seconds, and no later than this one.

        Raises:
            OcrTimeout: This one is over.
        """
        spent_s = self.taken.spent_s()
        self._check(spent_s)
        return Clock(self.taken, min(self.allowed_s, spent_s + seconds))

    def check(self) -> None:
        """Go on or give up.

        Raises:
            OcrTimeout: It is over.
        """
        self._check(self.taken.spent_s())

    def _check(self, spent_s: float) -> None:
        if spent_s >= self.allowed_s:
            raise OcrTimeout


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
    clock.check()
    with (
        os.fdopen(os.memfd_create("page"), "w+b") as given,
        _started((program, "-", "-", *options), image, given=given) as process,
    ):
        try:
            return _said(process, clock=clock).decode("utf-8", "replace")
        finally:
            process.kill()


def _started(command: tuple[str, ...], image: Image, *, given: BinaryIO) -> subprocess.Popen[bytes]:
    """The engine at work on an image, which it reads from memory: a pipe would have to be served."""
    given.write(f"P5 {image.width} {image.height} 255\n".encode())
    given.write(image.tobytes())
    given.seek(0)
    return subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _said(process: subprocess.Popen[bytes], *, clock: Clock) -> bytes:
    while True:
        try:
            return process.communicate(timeout=_LOOK_S)[0]
        except subprocess.TimeoutExpired:
            clock.check()


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
