"""Killed at every named point, and at random instants: nothing lost, nothing twice, no ghost; the job ends."""

from __future__ import annotations

import random
import shutil
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import DocumentState
from assistant.domain.ids import VersionId
from assistant.domain.jobs import FINAL_ITEM_STATES, ItemState, Job, JobState
from tests.conftest import FULL_SCALE
from tests.house import House, open_house
from tests.integration.fault_points import (
    APPLIER_POINTS,
    MOST_S,
    WORKER_POINTS,
    Role,
    die,
    open_edge,
    processes,
    work_at_full_speed,
)

OLD = {name: f"Ancien {name} un\nAncien {name} deux" for name in ("a.txt", "b.txt", "c.txt")}
NEW = {
    "a.txt": "Nouveau a un\nNouveau a deux\nNouveau a trois",
    "b.txt": OLD["b.txt"],
    "d.txt": "\n".join(f"Nouveau d {n}" for n in range(9)),
    "e.txt": "damaged",
}
"""One changed, one the same, one gone, one new in three batches, one that cannot be read."""
READ = {name: text.splitlines() for name, text in NEW.items() if name != "e.txt"}
processes = pytest.fixture(scope="module")(processes)
INSTANTS = 2
ALL_INSTANTS = 200
LEAST = len(WORKER_POINTS) + len(APPLIER_POINTS)
"""Named points at which a process is killed whenever tests run: all of them, each on one side."""
POINTS: tuple[tuple[Role, str], ...] = (
    *(("worker", point) for point in WORKER_POINTS),
    *(("applier", point) for point in APPLIER_POINTS),
)


def cases(*, is_full: bool, count: int) -> list[tuple[Role, str, str]]:
    """All points on both sides, or a number of them drawn by a seed, each on one side, also drawn."""
    if is_full:
        return [(*point, side) for point in POINTS for side in ("before", "after")]
    draw = random.Random(20261126)
    chosen = sorted(draw.sample(range(len(POINTS)), count))
    return [(*POINTS[at], draw.choice(("before", "after"))) for at in chosen]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose old files are live in the real index."""
    root = tmp_path_factory.mktemp("indexed") / "house"
    index_old_files(root)
    return root


def index_old_files(root: Path, *, url: str = "") -> None:
    house = open_house(root, database_url=url)
    index = open_edge(house)
    house.ingest(OLD)
    assert house.live_texts() == {name: text.splitlines() for name, text in OLD.items()}
    index.flush()
    index.close()
    house.close()


@pytest.fixture
def root(indexed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(indexed, tmp_path / "house"))


def announce(root: Path, *, url: str = "") -> Job:
    house = open_house(root, database_url=url)
    house.clock.advance(10)
    job = house.submit(NEW)
    house.close()
    return job


def go_on(root: Path, job: Job, *, url: str = "") -> None:
    """What the next processes do once the lease of the dead one is over; then look at everything."""
    house = open_house(root, database_url=url)
    index = open_edge(house)
    house.clock.advance(600)
    house.applier.reconcile()
    # a file that every kill met has begun more often than a worker of the product would let it
    house.settle_with(house.new_worker(attempts=999))
    house.applier = house.new_applier()
    house.applier.reconcile()
    house.apply()
    look_at_everything(house, job, held=index.held_versions())
    index.close()
    house.close()


def look_at_everything(house: House, job: Job, *, held: dict[VersionId, int]) -> None:
    """Nothing lost, nothing twice, no ghost: documents, passages, index, files and job agree."""
    assert house.live_texts() == READ
    documents = house.all_documents()
    assert set(documents) == set(NEW)
    assert documents["e.txt"].state is DocumentState.FAILED
    with house.open_work() as work:
        live = work.ledger.live_versions(ORDINARY)
        assert work.ledger.ready_versions(limit=9) == []
        assert work.ledger.retired_versions(limit=9) == []
        assert work.ledger.unused_files(limit=9) == []
    assert held == live
    found = sorted(chunk.text for chunk in house.search("nouveau ancien"))
    assert found == sorted(line for lines in READ.values() for line in lines)
    kept = {path.name for path in (house.root / "files").glob("[0-9a-f][0-9a-f]/*")}
    assert kept == {document.sha256 for document in documents.values()}
    items = house.items(job)
    assert {item.state for item in items.values()} <= FINAL_ITEM_STATES
    assert items["c.txt"].state is ItemState.REMOVED
    assert house.state_of(job).state is JobState.PARTLY_FAILED


def kill(
    processes: ForkServerContext, root: Path, case: tuple[Role, str, str], *, url: str = ""
) -> None:
    """Work until the point kills; what the worker of an applier had to do is done before."""
    role, point, when = case
    if role == "applier":
        house = open_house(root, database_url=url)
        house.clock.advance(60)
        house.work()
        house.close()
    seconds = 60 if role == "worker" else 120
    code = die(processes, root, role, point, when=when, seconds=seconds, url=url)
    assert code == -signal.SIGKILL


def test_enough_points_are_passed_whenever_tests_run() -> None:
    chosen = cases(is_full=False, count=LEAST)

    assert len({point for _, point, _ in chosen}) >= 12
    assert {role for role, _, _ in chosen} == {"worker", "applier"}
    assert {point for _, point, _ in cases(is_full=True, count=0)} == {point for _, point in POINTS}


@pytest.mark.parametrize("case", cases(is_full=FULL_SCALE, count=LEAST), ids=" ".join)
def test_killed_at_a_named_point(
    processes: ForkServerContext, root: Path, case: tuple[Role, str, str]
) -> None:
    job = announce(root)

    kill(processes, root, case)

    go_on(root, job)


@pytest.mark.parametrize("case", cases(is_full=FULL_SCALE, count=3), ids=" ".join)
def test_killed_at_a_named_point_on_a_database_server(
    processes: ForkServerContext, tmp_path: Path, postgresql_url: str, case: tuple[Role, str, str]
) -> None:
    index_old_files(tmp_path, url=postgresql_url)
    job = announce(tmp_path, url=postgresql_url)

    kill(processes, tmp_path, case, url=postgresql_url)

    go_on(tmp_path, job, url=postgresql_url)


def test_killed_again_and_again_at_random_instants(
    processes: ForkServerContext, indexed: Path, tmp_path: Path, full_scale: bool
) -> None:
    """Each process is killed some milliseconds after it began to work, until one gets to the end."""
    draw = random.Random(20261204)
    kills = 0
    wanted = ALL_INSTANTS if full_scale else INSTANTS
    while kills < wanted:
        root = Path(shutil.copytree(indexed, tmp_path / f"house-{kills}"))
        job = announce(root)
        for life in range(1, 5):
            seconds = draw.uniform(0, 0.6)
            kills += kill_after(processes, root, seconds=seconds, ahead_s=60 * life)
        go_on(root, job)
        shutil.rmtree(root)


def kill_after(processes: ForkServerContext, root: Path, *, seconds: float, ahead_s: float) -> int:
    """Start a process, kill it so long after it is ready; 0 when it had ended by itself."""
    ready = processes.Event()
    process = processes.Process(target=work_at_full_speed, args=(str(root), ahead_s, ready.set))
    process.start()
    assert ready.wait(MOST_S)
    time.sleep(seconds)
    was_alive = process.is_alive()
    process.kill()
    process.join(MOST_S)
    return int(was_alive)
