"""Named points at which a process kills itself: before or after a call of a port, or a commit.

The product knows nothing of them: the ports are wrapped from outside. A commit is named after what its
unit of work did last, such as "commit of queue.lease".
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Literal

import pytest

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from tests.house import House, open_house

Role = Literal["worker", "applier"]

WORKER_POINTS = (
    "files.path",
    "reader.read",
    "embedder.embed_passages",
    "commit of queue.lease",
    "commit of queue.update_item to parsing",
    "commit of queue.update_item to embedding",
    "commit of queue.update_item to indexing",
    "commit of queue.update_item to failed",
    "commit of queue.release",
    "commit of vectors.add",
)
APPLIER_POINTS = (
    "index.upsert",
    "index.remove_version",
    "index.flush",
    "files.remove",
    "commit of queue.finish",
    "commit of ledger.make_live",
    "commit of ledger.forget_version",
    "commit of ledger.forget_file",
)
MOST_S = 120.0
_TELLING = ("queue", "vectors", "ledger", "generations")
_NOTED = {
    "lease", "update_item", "release", "finish", "add", "make_live", "forget_version", "forget_file",
    "update", "switch", "forget_vectors",
}  # fmt: skip


@dataclass
class Fuse:
    """Kills the process when a point is passed for the n-th time."""

    point: str
    when: str
    left: int = 1

    @contextmanager
    def passing(self, point: str) -> Generator[None]:
        """Around a call."""
        is_fatal = point == self.point and self._counts_down()
        if is_fatal and self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        yield
        if is_fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def _counts_down(self) -> bool:
        self.left -= 1
        return self.left == 0


class Fused:
    """A port whose named methods pass the fuse; everything else is passed on."""

    def __init__(self, inner: Any, *, fuse: Fuse, name: str) -> None:
        self._inner, self._fuse, self._name = inner, fuse, name

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        point = f"{self._name}.{name}"
        if point != self._fuse.point:
            return found

        def call(*args: Any, **options: Any) -> Any:
            with self._fuse.passing(point):
                return found(*args, **options)

        return call


class FusedUnitOfWork:
    """A unit of work whose commits pass the fuse under the name of what was done last in them."""

    def __init__(self, inner: Any, *, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse
        self._did: set[str] = set()
        for name in _TELLING:
            setattr(self, name, _Telling(getattr(inner, name), name=name, did=self._did))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __enter__(self) -> FusedUnitOfWork:
        self._inner.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inner.__exit__(kind, error, trace)

    def commit(self) -> None:
        wanted = self._fuse.point.removeprefix("commit of ")
        point = f"commit of {wanted}" if wanted in self._did else "commit"
        with self._fuse.passing(point):
            self._inner.commit()


class _Telling:
    """Notes what is called."""

    def __init__(self, inner: Any, *, name: str, did: set[str]) -> None:
        self._inner, self._name, self._did = inner, name, did

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in _NOTED:
            return found

        def call(*args: Any, **options: Any) -> Any:
            result = found(*args, **options)
            if (result is not False and result is not None) or name not in {"lease", "release"}:
                aim = f" to {args[0].state}" if name == "update_item" else ""
                self._did.add(f"{self._name}.{name}{aim}")
            return result

        return call


def fused_house(root: Path, *, url: str, fuse: Fuse) -> House:
    """A house over a folder with the real index, whose ports pass the fuse."""

    def wrap(opened: UnitOfWorkFactory) -> UnitOfWorkFactory:
        return lambda: FusedUnitOfWork(opened(), fuse=fuse)  # pyright: ignore[reportReturnType]

    house = open_house(root, database_url=url, wrap=wrap)
    parts: dict[str, Any] = {"files": house.files, "reader": house.reader}
    for name, part in (parts | {"embedder": house.embedder}).items():
        setattr(house, name, Fused(part, fuse=fuse, name=name))
    return house


def open_edge(house: House) -> EdgeChunkIndex:
    """The real index of the folder of a house, put in place of the one in memory."""
    index = EdgeChunkIndex(house.root / "index", embedder=house.embedder.identity)
    house.index = index  # pyright: ignore[reportAttributeAccessIssue]
    house.applier = house.new_applier()
    return index


def processes() -> Generator[ForkServerContext]:
    """Starts processes that have imported what they need and share nothing with this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.fault_points"])
    with pytest.MonkeyPatch.context() as patch:
        # a test of a page may have left its script as the main module, which children import
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield context


def die(
    context: ForkServerContext,
    root: Path,
    role: Role,
    point: str,
    *,
    when: str,
    seconds: float,
    url: str = "",
) -> int | None:
    """Have a process do the work of a role until it passes a point; its exit code."""
    arguments = (str(root), role, point, when, 1, seconds, url)
    process = context.Process(target=run_until_killed, args=arguments)
    process.start()
    process.join(MOST_S)
    return process.exitcode


def run_until_killed(
    root: str, role: Role, point: str, when: str, occurrence: int, seconds: float, url: str
) -> None:
    """Body of a process: do the work of a role, with a clock some seconds ahead, until the fuse burns."""
    fuse = Fuse(point, when, left=occurrence)
    house = fused_house(Path(root), url=url, fuse=fuse)
    house.clock.advance(seconds)
    if role == "worker":
        worker = house.new_worker(owner=f"worker-{os.getpid()}", attempts=99)
        while worker.run_once():
            continue
        return
    index = EdgeChunkIndex(Path(root) / "index", embedder=house.embedder.identity)
    house.index = Fused(index, fuse=fuse, name="index")  # pyright: ignore[reportAttributeAccessIssue]
    applier = house.new_applier()
    applier.reconcile()
    while applier.run_once():
        continue
    house.index.flush()


def work_at_full_speed(root: str, seconds: float, ready: Callable[[], None]) -> None:
    """Body of a process that does all the work there is, its clock ahead, until somebody kills it."""
    house = open_house(Path(root))
    house.clock.advance(seconds)
    index = open_edge(house)
    worker = house.new_worker(owner=f"worker-{os.getpid()}", attempts=999)
    ready()
    house.applier.reconcile()
    while worker.run_once() or house.applier.run_once():
        continue
    index.flush()
    index.close()
    house.close()
