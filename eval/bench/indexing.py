"""How busy the embedder is while a folder is indexed, and what a second pass costs."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import psutil

from eval.bench.rows import BenchRow
from eval.instance import Instance

FILES = 1000
BUSY_FILES = 120
BUSY_LIMIT = 85.0
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
        raise RuntimeError(f"seulement {summary['unchanged']} fichiers inchangés")
    cores = psutil.cpu_count() or 1
    return [
        BenchRow("Processeur du calcul des vecteurs pendant l'indexation", busy, "%", BUSY_LIMIT,
                 at_least=True, peer=f"{cores} cœurs, {chunks_per_s:.1f} passages/s"),
        BenchRow(f"Deuxième passage sur {FILES} fichiers inchangés", again_s, "s", AGAIN_LIMIT_S),
    ]  # fmt: skip


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
    """Share of all cores, in percent, that the worker spends while the folder is indexed.

    The worker embeds; reading is done by its children, which are not counted. Counted from its
    first second of work to the end of the command.

    Returns:
        The share, and chunks per second.
    """
    worker_s = 0.0
    stop = threading.Event()

    def watch() -> None:
        nonlocal worker_s
        while not stop.wait(0.2):
            worker_s = max(worker_s, _worker_cpu_s(psutil.Process(os.getpid())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    summary = instance.ingest(folder)
    stop.set()
    watcher.join()
    share = worker_s / (summary["seconds"] * (psutil.cpu_count() or 1)) * 100
    return share, summary["chunks"] / summary["seconds"]


def _worker_cpu_s(root: psutil.Process) -> float:
    for process in root.children(recursive=True):
        try:
            if any("assistant.worker" in part for part in process.cmdline()):
                times = process.cpu_times()
                return times.user + times.system
        except psutil.Error:
            continue
    return 0.0
