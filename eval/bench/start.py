"""How long a person waits: for the help, and for a server over a large index."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eval.bench.filled import fill_data_folder
from eval.bench.rows import BenchRow, chunks_words, sentence
from eval.bench.running import served
from eval.bench.search import CHUNKS

HELP_LIMIT_S = 0.5
READY_LIMIT_S = 5.0
RUNS = 5
STARTS = 3


def run() -> list[BenchRow]:
    """Measure the help against the bare interpreter, and a full server against an empty one."""
    help_s = fastest([sys.executable, "-m", "assistant", "--help"])
    bare_s = fastest([sys.executable, "-c", "pass"])
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder) / "full", Path(folder) / "empty"
        fill_data_folder(full, chunks=CHUNKS)
        full_s = max(ready_s(full) for _ in range(STARTS))
        empty_s = max(ready_s(empty) for _ in range(STARTS))
    place = chunks_words(CHUNKS)
    return [
        BenchRow(
            "assistant --help",
            help_s,
            "s",
            HELP_LIMIT_S,
            peer=sentence("bare_interpreter", seconds=f"{bare_s:.2f}"),
        ),
        BenchRow(
            sentence("ready", place=place, starts=STARTS),
            full_s,
            "s",
            READY_LIMIT_S,
            peer=sentence("empty_folder", seconds=f"{empty_s:.2f}"),
        ),
    ]


def ready_s(data_dir: Path) -> float:
    """Wall time from the command to the first success of `/api/ready`, in seconds."""
    begin = time.perf_counter()
    with served(data_dir, {}):
        return time.perf_counter() - begin


def fastest(command: list[str]) -> float:
    """Least wall time of a command over five runs, in seconds."""
    times: list[float] = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return min(times)
