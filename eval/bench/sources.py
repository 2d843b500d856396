"""What a look at a source costs when nothing changed, and how much memory a long listing takes."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from assistant.bootstrap import build
from assistant.containers import Container, WorkerContainer
from assistant.domain.sources import (
    Finding,
    RunKind,
    RunState,
    Source,
    SourceKind,
    SourceRun,
)
from assistant.domain.tenancy import Principal, Scope
from assistant.services.source_drafts import SourceDraft
from assistant.settings import Settings, SourceFolder, SourcesSettings
from assistant.testing.embedder import HashEmbedder
from assistant.testing.index import InMemoryChunkIndex
from eval.bench.rows import BenchRow, sentence
from ingest.sources.folder import FolderSource

FILES = 10_000
AGAIN_LIMIT_S = 20.0
MEMORY_LIMIT_MB = 30.0
LISTED = 100_000
_FILES_A_FOLDER = 250
_LONG_AGO_S = 86_400


def run() -> list[BenchRow]:
    """Take a folder of made files once, look at it again, then list one ten times as large."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_files(root / "files", count=FILES)
        first_s, again_s, again_mb = looks(root)
        write_files(root / "many", count=LISTED, is_empty=True)
        listed_s, listed_mb = measured(lambda: sum(1 for _ in FolderSource(root / "many").list()))
    taken = sentence("sources_first", seconds=f"{first_s:.1f}")
    return [
        BenchRow(sentence("sources_again", files=FILES), again_s, "s", AGAIN_LIMIT_S, peer=taken),
        BenchRow(sentence("sources_memory", files=FILES), again_mb, "MB", MEMORY_LIMIT_MB),
        BenchRow(sentence("sources_listed", files=LISTED), listed_s, "s"),
        BenchRow(sentence("sources_listed_memory", files=LISTED), listed_mb, "MB", MEMORY_LIMIT_MB),
    ]


def write_files(folder: Path, *, count: int, is_empty: bool = False) -> None:
    """Write files that were last changed a day ago, each with a text of its own unless empty."""
    then = time.time() - _LONG_AGO_S
    for number in range(count):
        place = folder / f"{number // _FILES_A_FOLDER:04}" / f"acte-{number:06}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("" if is_empty else f"Acte n° {number}.\n" * 20, "utf-8")
        os.utime(place, (then, then))


def looks(root: Path) -> tuple[float, float, float]:
    """Seconds of the first look and of the one after it, and what the latter adds to the memory, in MB."""
    opened = SourcesSettings(folders=(SourceFolder(path=str(root / "files")),))
    settings = Settings(data_dir=root / "data", sources=opened)
    embedder = HashEmbedder(dimensions=32)
    index = InMemoryChunkIndex(embedder=embedder.identity)
    web = build(settings, role="web", embedder=embedder, index=index)
    worker = build(settings, role="worker", embedder=embedder)
    try:
        web.access.ensure_default()
        principal = web.access.local_principal()
        scope = web.access.owned_scope(principal)
        source = web.sources.add(
            SourceDraft("Actes", str(root / "files")),
            kind=SourceKind.FOLDER,
            collection_id=None,
            principal=principal,
            scope=scope,
        ).source

        def look(expected: Finding) -> None:
            _look(web, worker, source, expected=expected, principal=principal, scope=scope)

        first_s, _ = measured(lambda: look(Finding.ADDED))
        return first_s, *measured(lambda: look(Finding.UNCHANGED))
    finally:
        worker.close()
        web.close()


def _look(
    web: Container,
    worker: WorkerContainer,
    source: Source,
    *,
    expected: Finding,
    principal: Principal,
    scope: Scope,
) -> None:
    requests = web.sources.requests
    requests.ask(source.id, RunKind.SYNC, principal=principal, scope=scope)
    worker.sources.run_once()
    run: SourceRun = requests.runs(source.id, principal=principal, scope=scope, limit=1)[0]
    if run.state is not RunState.DONE or run.outcome.count(expected) != FILES:
        raise RuntimeError(sentence("sources_differ", found=str(run.outcome.counts)))


def measured(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds that something takes, and the most that it adds to this process's memory, in MB."""
    process, stop = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not stop.wait(0.02):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    try:
        act()
        return time.perf_counter() - begun, (peak - before) / 1e6
    finally:
        stop.set()
        watcher.join()
