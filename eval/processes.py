"""What a tree of processes takes: processor time and memory, as the kernel counts them."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

_PERIOD_S = 0.5


@dataclass(slots=True)
class Peak:
    """The greatest memory seen so far."""

    memory_mb: float = 0.0


@contextmanager
def peak_of_children() -> Generator[Peak]:
    """Watch the processes that this one starts, until the block ends."""
    peak = Peak()
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(_PERIOD_S):
            peak.memory_mb = max(peak.memory_mb, memory_mb(os.getpid(), with_root=False))

    watcher = threading.Thread(target=watch, name="memory")
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()


def memory_mb(pid: int, *, with_root: bool = True) -> float:
    """Proportional memory of a process and all below it: pages that several share count once."""
    total = 0
    for process in _tree(pid, with_root=with_root):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e6


def cpu_s(pid: int) -> float:
    """Processor time of a process and all that live below it, in seconds."""
    total = 0.0
    for process in _tree(pid, with_root=True):
        try:
            times = process.cpu_times()
            total += times.user + times.system
        except psutil.Error:
            continue
    return total


def _tree(pid: int, *, with_root: bool) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        below = root.children(recursive=True)
    except psutil.Error:
        return []
    return [root, *below] if with_root else below
