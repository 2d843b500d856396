"""Killed while a generation is built, switched to, or removed: what was computed stays, one is searched."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Generator
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import ModuleType

import pytest

from assistant.domain.cuts import ORDINARY
from assistant.domain.generations import GenerationState
from tests.conftest import FULL_SCALE
from tests.integration.generation_faults import (
    POINTS,
    TEXTS,
    Moment,
    close_world,
    go_on,
    live_until_killed,
    open_world,
    other_of,
    prepare,
)
from tests.unit.assistant.services.generation_world import GenerationWorld

MOST_S = 120.0
LINES = sorted(line for text in TEXTS.values() for line in text.splitlines())


def cases(*, is_full: bool) -> list[tuple[Moment, str, str]]:
    """Moment, point and side of every kill; sampled, each point is passed on one side."""
    found: list[tuple[Moment, str, str]] = []
    for count, (moment, point) in enumerate(POINTS):
        sides = ("before", "after") if is_full else (("before", "after")[count % 2],)
        found.extend((moment, point, side) for side in sides)
    return found


@pytest.fixture(scope="module")
def processes() -> Generator[ForkServerContext]:
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.full_disks"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield context


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Moment], Path]:
    """The folder of each moment, made once."""

    @cache
    def made(moment: Moment) -> Path:
        root = tmp_path_factory.mktemp(moment) / "house"
        root.mkdir()
        prepare(root, moment)
        return root

    return made


def kill(
    processes: ForkServerContext, root: Path, case: tuple[Moment, str, str], *, url: str = ""
) -> None:
    moment, point, side = case
    occurrence = 2 if point == "commit of vectors.add" else 1
    process = processes.Process(
        target=live_until_killed, args=(str(root), moment, point, side, occurrence, url)
    )
    process.start()
    process.join(MOST_S)
    assert process.exitcode == -signal.SIGKILL


def resume(root: Path, moment: Moment, *, url: str = "") -> None:
    """The next processes go on; nothing that was computed is computed again."""
    world = open_world(root, url=url)
    world.house.clock.advance(3600)
    with world.house.open_work() as work:
        missing = work.generations.missing(other_of(world).identity.id).texts
    go_on(world, moment)
    world.room.look()
    world.room.look()
    assert len(other_of(world).texts) == missing
    look_at_everything(world, moment)
    close_world(world)


def look_at_everything(world: GenerationWorld, moment: Moment) -> None:
    first, second = sorted(
        world.service.list_all(principal=world.principal), key=lambda each: each.number
    )
    expected = {
        "evaluated": (GenerationState.PREVIOUS, GenerationState.ACTIVE),
        "switched": (GenerationState.REMOVED, GenerationState.ACTIVE),
    }.get(moment, (GenerationState.ACTIVE, GenerationState.BUILT))
    assert (first.state, second.state) == expected
    with world.house.open_work() as work:
        live = work.ledger.live_versions(ORDINARY)
        assert work.generations.missing(other_of(world).identity.id).texts == 0
        if moment == "switched":
            assert work.generations.missing(first.composition.embedder.id).texts == len(LINES)
    assert len(live) == len(TEXTS)
    assert {each.searched.number for each in world.room.everyone()} == (
        {2} if moment == "switched" else {1, 2}
    )
    assert all(each.index.held_versions() == live for each in world.room.everyone())
    assert sorted(chunk.text for chunk in world.house.search("article")) == LINES
    if moment == "switched":
        assert first.is_erased
        assert not list(world.house.root.glob(f"index/{first.place}*"))


@pytest.mark.parametrize("case", cases(is_full=FULL_SCALE), ids=" ".join)
def test_killed(
    processes: ForkServerContext,
    prepared: Callable[[Moment], Path],
    tmp_path: Path,
    case: tuple[Moment, str, str],
) -> None:
    root = Path(shutil.copytree(prepared(case[0]), tmp_path / "house"))

    kill(processes, root, case)

    resume(root, case[0])


@pytest.mark.parametrize(
    "case",
    cases(is_full=True) if FULL_SCALE else [("evaluated", "commit of generations.switch", "after")],
    ids=" ".join,
)
def test_killed_on_a_database_server(
    processes: ForkServerContext,
    postgresql_url: str,
    tmp_path: Path,
    case: tuple[Moment, str, str],
) -> None:
    prepare(tmp_path, case[0], url=postgresql_url)

    kill(processes, tmp_path, case, url=postgresql_url)

    resume(tmp_path, case[0], url=postgresql_url)
