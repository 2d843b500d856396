from __future__ import annotations

from pathlib import Path

from assistant.domain.errors import ScannerUnavailable
from assistant.domain.jobs import ItemState
from tests.house import House

FILES = {"bon.txt": "Texte utile", "mauvais.txt": "Texte MAUVAIS"}


class WordScanner:
    """Takes a word for a virus."""

    def find_virus(self, path: Path) -> str | None:
        return "Essai" if b"MAUVAIS" in path.read_bytes() else None


class SilentScanner:
    """Never answers."""

    def find_virus(self, path: Path) -> str | None:
        raise ScannerUnavailable


def test_infected_file_is_not_read_and_not_kept(house: House) -> None:
    job = house.submit(FILES)

    house.new_worker(scanner=WordScanner()).run_once()
    house.apply()

    items = house.items(job)
    assert items["bon.txt"].state is ItemState.INDEXED
    assert items["mauvais.txt"].reason is not None
    assert items["mauvais.txt"].reason.code == "virus_found"
    assert not house.files.has(items["mauvais.txt"].sha256)
    assert set(house.live_texts()) == {"bon.txt"}


def test_silent_scanner_lets_nothing_through_and_loses_nothing(house: House) -> None:
    job = house.submit(FILES)

    house.new_worker(scanner=SilentScanner()).run_once()

    reasons = {item.reason.code for item in house.items(job).values() if item.reason}
    assert reasons == {"scanner_unavailable"}
    assert ItemState.RETRYING in house.states(job).values()
    house.clock.advance(60)
    house.settle()
    assert set(house.live_texts()) == set(FILES)
