"""What happens to a job when the clock jumps, the database goes away or the program is upgraded meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from assistant.domain.errors import StorageError
from assistant.domain.jobs import ItemState, Job, JobState
from assistant.domain.retrieval import Vector
from assistant.testing.embedder import HashEmbedder
from ingest.model import IngestedFile
from tests.house import House, LineReader, open_house

FILES = {f"{name}.txt": f"Texte {name} un\nTexte {name} deux" for name in "abcd"}
LINES = {name: text.splitlines() for name, text in FILES.items()}
OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"


class VersionedReader(LineReader):
    """Each version of the program reads in its own words."""

    def read(
        self, path: Path, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        path_of_version = path.parent / f"{path.name}-{self.version}"
        path_of_version.write_text(
            "\n".join(f"{line} {self.version}" for line in path.read_text("utf-8").splitlines())
        )
        try:
            return super().read(path_of_version, name=name, chunk_tokens=chunk_tokens)
        finally:
            path_of_version.unlink()


class CallingEmbedder(HashEmbedder):
    """Does something in the middle of the job, once."""

    def __init__(self) -> None:
        super().__init__(dimensions=32)
        self.acts: list[object] = []

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        if self.acts:
            act = self.acts.pop(0)
            assert callable(act)
            act()
        return super().embed_passages(texts)


def all_is_there(house: House, job: Job) -> None:
    assert house.state_of(job).state is JobState.SUCCEEDED
    assert set(house.states(job).values()) <= {ItemState.INDEXED, ItemState.UNCHANGED}
    assert house.live_texts() == LINES
    assert house.index.count_all() == 8
    assert len(house.search("texte")) == 8


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_clock_jumps_an_hour_while_a_lease_is_held(tmp_path: Path, seconds: int) -> None:
    embedder = CallingEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    job = house.submit(FILES)
    embedder.acts = [lambda: None, lambda: house.clock.advance(seconds)]

    house.settle()

    all_is_there(house, job)
    house.close()


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_clock_jumps_and_another_worker_takes_the_job(tmp_path: Path, seconds: int) -> None:
    """The first one is alive, but its lease looks over or impossibly long: only one may write."""
    embedder = CallingEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    job = house.submit(FILES)
    takeovers: list[bool] = []

    def jump() -> None:
        house.clock.advance(seconds)
        takeovers.append(house.new_worker(owner="second").run_once())

    embedder.acts = [lambda: None, jump]
    house.settle()

    assert takeovers == [True]
    all_is_there(house, job)
    house.close()


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_clock_jumps_after_a_worker_died(tmp_path: Path, seconds: int) -> None:
    embedder = CallingEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    job = house.submit(FILES)

    def die() -> None:
        raise KeyboardInterrupt

    embedder.acts = [die]
    with pytest.raises(KeyboardInterrupt):
        house.work()
    house.clock.advance(seconds)
    house.settle()

    all_is_there(house, job)
    house.close()


def test_database_server_restarts_in_the_middle_of_a_job(
    tmp_path: Path, postgresql_url: str
) -> None:
    """Every connection of everybody is cut while vectors are computed."""
    embedder = CallingEmbedder()
    house = open_house(tmp_path, database_url=postgresql_url, embedder=embedder)
    job = house.submit(FILES)

    def cut() -> None:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(f"{OTHERS} AND datname = current_database()")

    embedder.acts = [cut] * 3
    for _ in range(6):
        with suppress(StorageError):
            house.settle()
        house.clock.advance(60)
    house.settle()

    all_is_there(house, job)
    assert {item.setbacks for item in house.items(job).values()} == {0}
    house.close()


def test_upgrade_in_the_middle_of_a_job(tmp_path: Path) -> None:
    """The new program goes on where the old one died: each document is of one version, all can be served."""
    embedder = CallingEmbedder()
    house = open_house(tmp_path, embedder=embedder, reader=VersionedReader(version="v1"))
    job = house.submit(FILES)

    def die() -> None:
        raise KeyboardInterrupt

    embedder.acts = [lambda: None, die]
    with pytest.raises(KeyboardInterrupt):
        house.work()
    house.apply()
    old = house.live_texts()
    house.close()

    again = open_house(tmp_path, reader=VersionedReader(version="v2"), clock=house.clock)
    again.clock.advance(60)
    again.settle()

    assert again.state_of(job).state is JobState.SUCCEEDED
    texts = again.live_texts()
    versions = {name: {line.rsplit(" ", 1)[1] for line in lines} for name, lines in texts.items()}
    assert all(len(found) == 1 for found in versions.values())
    assert {name: versions[name] for name in old} == {name: {"v1"} for name in old}
    assert {
        name: [line.rsplit(" ", 1)[0] for line in lines] for name, lines in texts.items()
    } == LINES

    newer = again.ingest(FILES)
    assert newer.state is JobState.SUCCEEDED
    assert {line.rsplit(" ", 1)[1] for lines in again.live_texts().values() for line in lines} == {
        "v2"
    }
    again.close()


def test_an_old_program_that_lost_its_lease_writes_nothing_any_more(tmp_path: Path) -> None:
    embedder = CallingEmbedder()
    house = open_house(tmp_path, embedder=embedder, reader=VersionedReader(version="v1"))
    job = house.submit({"a.txt": FILES["a.txt"]})

    def upgrade() -> None:
        house.clock.advance(60)
        newer = open_house(tmp_path, reader=VersionedReader(version="v2"), clock=house.clock)
        newer.settle()
        newer.close()

    embedder.acts = [upgrade]
    house.settle()

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert {line.rsplit(" ", 1)[1] for line in house.live_texts()["a.txt"]} == {"v2"}
    house.close()
