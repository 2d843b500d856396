"""What reading real files costs: pages a second and memory, by format and class of document.

Not among the default parts: scans take minutes. Reads `../shared/data/admin_docs`.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from eval.bench.rows import BenchRow, sentence
from ingest.errors import IngestError
from ingest.formats import detect_format
from ingest.limits import Limits
from ingest.model import IngestedFile
from ingest.reader import ParserPool

DOCUMENTS = Path(__file__).parents[3] / "shared" / "data" / "admin_docs"
LEAST_READ = 98.0
PERIOD_S = 0.1


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file cost."""

    file: str
    kind: str
    """Format, then class of document."""
    pages: int
    chunks: int
    seconds: float
    memory_mb: float
    """Greatest resident memory of the child and its children."""
    code: str = ""
    """Why it was refused, empty when it was read."""


def run() -> list[BenchRow]:
    """Read every file once, in one child, and print the table; the share of files that are read.

    Raises:
        RuntimeError: The shared data are not beside the checkout.
    """
    if not DOCUMENTS.exists():
        raise RuntimeError(sentence("documents_absent", folder=str(DOCUMENTS)))
    readings = read_all(DOCUMENTS)
    print(table(readings))
    for each in readings:
        if each.code:
            print(f"- {each.file} : {each.code} ({each.seconds:.1f} s)")
    share = 100 * sum(not each.code for each in readings) / len(readings)
    return [
        BenchRow(
            sentence("files_read"),
            share,
            "%",
            LEAST_READ,
            at_least=True,
            peer=sentence("files", count=len(readings)),
        ),
    ]


def read_all(folder: Path) -> list[Reading]:
    """What each file of a folder costs, its manifest left out."""
    manifest = folder / "manifest.jsonl"
    rows = map(json.loads, manifest.read_text("utf-8").splitlines()) if manifest.exists() else ()
    no_class = sentence("no_class")
    classes = {row["file"]: row["class"] or no_class for row in rows}
    with tempfile.TemporaryDirectory() as scratch:
        pool = ParserPool(Limits(), children=1, scratch=Path(scratch))
        try:
            return [
                _measured(pool, path, group=classes.get(path.name, no_class))
                for path in sorted(folder.iterdir())
                if path != manifest
            ]
        finally:
            pool.close()


def table(readings: Sequence[Reading]) -> str:
    """One line per format and class, in Markdown, in French."""
    groups: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[reading.kind].append(reading)
    columns = sentence("reading_columns")
    lines = [f"| {columns} |", f"|{'---|' * len(columns.split('|'))}"]
    for kind, each in sorted(groups.items()):
        refused = Counter(reading.code for reading in each if reading.code)
        pages, seconds = sum(r.pages for r in each), sum(r.seconds for r in each)
        speed = f"{pages / seconds:.2f}" if pages else ""
        lines.append(
            f"| {kind} | {len(each)} | {len(each) - refused.total()} "
            f"| {', '.join(f'{count} {code}' for code, count in refused.items())} "
            f"| {pages or ''} | {sum(r.chunks for r in each)} | {seconds:.1f} | {speed} "
            f"| {max(r.memory_mb for r in each):.0f} |"
        )
    return "\n".join(lines)


def _measured(pool: ParserPool, path: Path, *, group: str) -> Reading:
    code, ingested = "", None
    begin = time.perf_counter()
    with _Peak(lambda: pool.process_ids) as peak:
        try:
            ingested = pool.read(path, name=path.name)
        except IngestError as error:
            code = error.code
    seconds = time.perf_counter() - begin
    return Reading(
        file=path.name,
        kind=f"{_format(path)}, {group}",
        pages=ingested.document.page_count if ingested else 0,
        chunks=_chunks(ingested),
        seconds=seconds,
        memory_mb=peak.bytes / 1e6,
        code=code,
    )


def _chunks(ingested: IngestedFile | None) -> int:
    return len(ingested.chunks) if ingested else 0


def _format(path: Path) -> str:
    try:
        return str(detect_format(path, name=path.name))
    except IngestError:
        return path.suffix.lstrip(".")


class _Peak:
    """The greatest resident memory of some processes while it is open, sampled."""

    def __init__(self, process_ids: Callable[[], set[int]]) -> None:
        self._process_ids = process_ids
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.bytes = 0

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            ids = self._process_ids() - {os.getpid()}
            self.bytes = max(self.bytes, sum(map(_resident, ids)))
            if self._stop.wait(PERIOD_S):
                return


def _resident(process_id: int) -> int:
    try:
        return psutil.Process(process_id).memory_info().rss
    except psutil.Error:
        return 0
