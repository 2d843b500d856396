"""The time of a page is what its reading took, not what a busy machine kept it waiting."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PIL import Image

from ingest.parsers.ocr.engine import Clock, OcrTimeout, read_words
from ingest.processes import CoreWait

PAGE = Image.new("L", (40, 20), 255)
LINE = "5\t1\t1\t1\t1\t1\t1\t2\t30\t10\t95\tDélibération"


@pytest.fixture
def slow_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that takes all its input, answers after a second, and reads one word."""
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\nsleep 1\nprintf '{LINE}\\n'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def waiting_for_a_core(monkeypatch: pytest.MonkeyPatch, *, each_look_s: float) -> None:
    looks = itertools.count()

    def look(wait: CoreWait) -> float:
        del wait
        return next(looks) * each_look_s

    monkeypatch.setattr(CoreWait, "look", look)


@pytest.mark.usefixtures("slow_engine")
def test_a_page_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(OcrTimeout):
        read_words(PAGE, clock=Clock.of(0.5))


@pytest.mark.usefixtures("slow_engine")
def test_a_page_that_waited_for_a_core_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting_for_a_core(monkeypatch, each_look_s=0.18)
    assert [word.text for word in read_words(PAGE, clock=Clock.of(0.5))] == ["Délibération"]


@pytest.mark.usefixtures("slow_engine")
def test_patience_with_a_busy_machine_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting_for_a_core(monkeypatch, each_look_s=60)
    with pytest.raises(OcrTimeout):
        read_words(PAGE, clock=Clock.of(0.15))


def test_a_page_gets_no_more_than_all_pages_have_left() -> None:
    whole = Clock.of(1.0)
    assert whole.within(60).allowed_s == 1.0
    assert whole.within(0.2).allowed_s < 0.3
    with pytest.raises(OcrTimeout):
        Clock.of(0).within(1)
