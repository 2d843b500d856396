"""How long a person waits: for the help, and for a server over a large index."""

from __future__ import annotations

import subprocess
import sys
import time

from eval.bench.rows import BenchRow

HELP_LIMIT_S = 0.5
RUNS = 5


def run() -> list[BenchRow]:
    """Measure the help against the bare interpreter."""
    help_s = fastest([sys.executable, "-m", "assistant", "--help"])
    bare_s = fastest([sys.executable, "-c", "pass"])
    peer = f"interpréteur seul {bare_s:.2f} s"
    return [BenchRow("assistant --help", help_s, "s", HELP_LIMIT_S, peer=peer)]


def fastest(command: list[str]) -> float:
    """Least wall time of a command over five runs, in seconds."""
    times: list[float] = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return min(times)
