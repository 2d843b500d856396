"""Command of the measures: `python -m eval.bench [search | indexing | answers | start | sign_in | …]…`."""

from __future__ import annotations

import argparse
import platform
from importlib import import_module
from pathlib import Path

import psutil

from eval.bench.rows import BenchRow, sentence, table

PARTS = ("start", "search", "indexing", "overhead", "answers", "sign_in", "sources")
ON_DEMAND = ("tenants", "reading", "generations")
"""Parts that take too long to be measured each time."""


def main() -> int:
    """Measure the named parts, the usual ones by default; 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description=sentence("title"))
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS, *ON_DEMAND], default=[])
    parser.add_argument("--plot", type=Path, default=None, help=sentence("help_plot"))
    arguments = parser.parse_args()
    parts = arguments.parts or PARTS
    if arguments.plot is not None and "generations" not in parts:
        parser.error(sentence("plot_without_generations"))
    memory_gb = psutil.virtual_memory().total / 2**30
    machine = sentence(
        "machine",
        cores=psutil.cpu_count() or 1,
        memory_gb=f"{memory_gb:.0f}",
        python=platform.python_version(),
    )
    print(f"{machine}\n")
    rows: list[BenchRow] = []
    for part in parts:
        module = import_module(f"eval.bench.{part}")
        rows += module.run(plot=arguments.plot) if part == "generations" else module.run()
    print(table(rows))
    return 0 if all(row.is_met for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
