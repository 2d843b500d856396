"""A plan over as many files as a region has: memory does not grow with their number."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from assistant.domain.sources import MOST_NAMES, Finding, RunKind, Source
from ingest.sources.listing import ListedFile, ListingFault
from tests.house import House
from tests.sources import Desk, counts

GROWTH_BYTES = 2_000_000


class Endless:
    """A place that lists so many files and opens none."""

    def __init__(self, count: int) -> None:
        self._count = count

    def list(
        self, *, check: Callable[[], None] = lambda: None
    ) -> Iterator[ListedFile | ListingFault]:
        for number in range(self._count):
            name = f"service {number % 97}/dossier {number % 1009}/délibération {number:06}.pdf"
            yield ListedFile(name, name, 1000 + number % 50_000, f"{number}")

    @contextmanager
    def open(self, file: ListedFile) -> Generator[BinaryIO]:
        raise AssertionError(f"a plan opens nothing new: {file.name}")
        yield

    def close(self) -> None:
        return


def peak_of_a_plan(
    desk: Desk, source: Source, monkeypatch: pytest.MonkeyPatch, *, count: int
) -> int:
    """Most memory held at once by a plan over so many files, in bytes."""

    def open_endless(places: object, source: Source, *, password: str) -> Endless:
        del places, source, password
        return Endless(count)

    with monkeypatch.context() as patch:
        patch.setattr(type(desk.places), "open", open_endless)
        run = desk.ask(source, RunKind.PLAN)
        tracemalloc.start()
        desk.runner.run_once()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    told = desk.told(source.id, run)
    assert counts(told) == {"added": count}
    assert len(told.outcome.names[Finding.ADDED]) == min(MOST_NAMES, count)
    return peak


def test_memory_of_a_plan_is_flat(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_scale: bool
) -> None:
    desk = Desk(house, tmp_path / "partage")
    desk.write({"a.txt": "Texte"})
    source = desk.add()
    few = peak_of_a_plan(desk, source, monkeypatch, count=1000)
    most = 100_000 if full_scale else 15_000
    many = peak_of_a_plan(desk, source, monkeypatch, count=most)

    assert many - few < GROWTH_BYTES
    assert house.all_documents() == {}
