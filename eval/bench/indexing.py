"""How busy the embedder is while a folder is indexed, and what a second pass costs."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import psutil

from eval.bench.rows import BenchRow, sentence
from eval.instance import Instance

FILES = 1000
BUSY_FILES = 120
BUSY_LIMIT = 85.0
PERIOD_S = 0.5
BUSY_CORES_SHARE = 0.8
"""Of all cores, above which they count as busy: the sampling, and whatever else runs, take some."""
AGAIN_LIMIT_S = 5.0
PARAGRAPH = (
    "La commission permanente fixe le taux de la subvention à {rate} % de la dépense éligible "
    "pour la commune numéro {number}, dans la limite de {cap} € par période de trois ans. "
)


def run() -> list[BenchRow]:
    """Index made-up notes, then the same folder again."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        long_notes = write_notes(root / "long", count=BUSY_FILES, paragraphs=8)
        short_notes = write_notes(root / "short", count=FILES, paragraphs=1)
        busy, chunks_per_s = embedder_share(Instance(root / "data", {}), long_notes)
        instance = Instance(root / "again", {})
        instance.ingest(short_notes)
        begin = time.perf_counter()
        summary = instance.ingest(short_notes)
        again_s = time.perf_counter() - begin
    if summary["unchanged"] != FILES:
        raise RuntimeError(sentence("few_unchanged", count=summary["unchanged"]))
    cores = psutil.cpu_count() or 1
    return [
        BenchRow(
            sentence("indexing_busy"),
            busy,
            "%",
            BUSY_LIMIT,
            at_least=True,
            peer=sentence("indexing_peer", cores=cores, speed=f"{chunks_per_s:.1f}"),
        ),
        BenchRow(sentence("indexing_again", files=FILES), again_s, "s", AGAIN_LIMIT_S),
    ]


def write_notes(folder: Path, *, count: int, paragraphs: int) -> Path:
    """Write distinct Markdown notes."""
    folder.mkdir(parents=True)
    for number in range(count):
        body = "\n\n".join(
            PARAGRAPH.format(rate=number % 90 + part, number=number, cap=number * 7 + part) * 4
            for part in range(paragraphs)
        )
        (folder / f"note-{number:04}.md").write_text(f"# Note {number}\n\n{body}\n", "utf-8")
    return folder


def embedder_share(instance: Instance, folder: Path) -> tuple[float, float]:
    """Share of the time, in percent, during which the worker keeps every core at work.

    Only its embedder can: whatever else it does runs in one thread, and files are read by its
    children, which are not counted. From its first second of work to the end of the command.

    Returns:
        The share, and chunks per second.

    Raises:
        RuntimeError: No worker was seen.
    """
    samples: list[bool] = []
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(stop, samples))
    watcher.start()
    summary = instance.ingest(folder)
    stop.set()
    watcher.join()
    if True not in samples:
        raise RuntimeError(sentence("no_work_seen"))
    counted = samples[samples.index(True) :]
    return 100 * sum(counted) / len(counted), summary["chunks"] / summary["seconds"]


def _watch(stop: threading.Event, samples: list[bool]) -> None:
    """Note, at every period, whether the worker kept the cores busy."""
    full_s = psutil.cpu_count() or 1
    before, at = _worker_cpu_s(), time.perf_counter()
    while not stop.wait(PERIOD_S):
        now, instant = _worker_cpu_s(), time.perf_counter()
        samples.append((now - before) / (instant - at) >= BUSY_CORES_SHARE * full_s)
        before, at = now, instant


def _worker_cpu_s() -> float:
    """Processor time of the worker so far, in seconds; 0 while there is none."""
    for process in psutil.Process(os.getpid()).children(recursive=True):
        try:
            if process.cmdline()[1:3] == ["-m", "assistant.worker"]:
                times = process.cpu_times()
                return times.user + times.system
        except psutil.Error:
            continue
    return 0.0
