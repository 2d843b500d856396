"""A job until its end: progress for who watches, cancelled when interrupted, then its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from assistant.cli.console import is_terminal, note, plural
from assistant.cli.waiting import Patience
from assistant.client import AssistantClient, ClientError
from assistant.schemas.documents import JobItemOut, JobOut
from assistant.services.submission import FOLDER_UNREADABLE

_FINAL = frozenset({"succeeded", "partly_failed", "failed", "cancelled"})
_POLL_S = 0.5
_QUICK_POLLS = 8
_QUICK_POLL_S = 0.05
_LINE_S = 10.0
_PAGE = 100
_MINUTE_S = 60


@dataclass
class Outcome:
    """What became of some files."""

    files: int = 0
    indexed: int = 0
    unchanged: int = 0
    removed: int = 0
    cancelled: int = 0
    chunks: int = 0
    failed: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """file, code, reason of each failed file."""
    unreadable_folders: int = 0
    """Also among the failed, but no files."""
    kept_sources: list[str] = field(default_factory=list[str])
    """Folders from which nothing was removed, since a part of them cannot be listed."""
    skipped: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Names of what is no file of its folder, and why it was left alone; no failures."""
    seconds: float = 0.0
    jobs: list[str] = field(default_factory=list[str])

    def add(self, job: JobOut, failed: list[JobItemOut]) -> None:
        """Count an ended job in."""
        removed = job.counts.get("removed", 0)
        folders = sum(item.reason_code == FOLDER_UNREADABLE for item in failed)
        self.files += job.total - removed - folders
        self.unreadable_folders += folders
        self.indexed += job.counts.get("indexed", 0)
        self.unchanged += job.counts.get("unchanged", 0)
        self.removed += removed
        self.cancelled += job.counts.get("cancelled", 0)
        self.chunks += job.chunks
        self.jobs.append(job.id)
        self.failed.extend(
            {"file": item.name, "code": item.reason_code or "", "reason": item.reason or ""}
            for item in failed
        )

    def as_json(self) -> dict[str, Any]:
        """The contract of `assistant ingest --json`."""
        return {
            "files": self.files,
            "indexed": self.indexed,
            "unchanged": self.unchanged,
            "failed": self.failed,
            "chunks": self.chunks,
            "seconds": round(self.seconds, 2),
            "removed": self.removed,
            "removal_skipped": bool(self.kept_sources),
            "cancelled": self.cancelled,
            "jobs": self.jobs,
        }


Show = Callable[[JobOut], None]


def follow(client: AssistantClient, job: JobOut, *, show: Show) -> JobOut:
    """Wait for the end of a job, telling what it waits for; on Ctrl-C it is cancelled, and that is said.

    Raises:
        ClientError: The service failed.
        ConfigurationError: Nobody will ever work on it ("worker_refused"); the job stays.
    """
    polls = 0
    patience = Patience(client)
    with cancelled_on_interrupt(client, job.id):
        while job.state not in _FINAL:
            time.sleep(_QUICK_POLL_S if polls < _QUICK_POLLS else _POLL_S)
            polls += 1
            job = client.get_job(job.id)
            show(job)
            if job.state not in _FINAL:
                patience.check(job)
    return job


@contextmanager
def cancelled_on_interrupt(client: AssistantClient, job_id: str) -> Generator[None]:
    """Cancel a job when the block is interrupted."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        try:
            client.cancel_job(job_id)
        except ClientError as error:
            note(error.problem.detail)
        else:
            note("Traitement annulé ; ce qui était déjà indexé reste.")
        raise


@contextmanager
def cancelled_on_failure(client: AssistantClient, job_id: str) -> Generator[None]:
    """Cancel a job when the block fails to send to it, so that it waits for nothing more."""
    try:
        yield
    except ClientError:
        with suppress(ClientError):
            client.cancel_job(job_id)
        raise


def failed_items(client: AssistantClient, job: JobOut) -> list[JobItemOut]:
    """The failed files of a job, in order."""
    return items_in_state(client, job, state="failed")


def items_in_state(client: AssistantClient, job: JobOut, *, state: str) -> list[JobItemOut]:
    """The files of a job that are in one state, in order."""
    items: list[JobItemOut] = []
    while len(items) < job.counts.get(state, 0):
        page = client.list_job_items(job.id, state=state, limit=_PAGE, offset=len(items))
        if not page:
            break
        items.extend(page)
    return items


@contextmanager
def progress_display(*, is_quiet: bool) -> Generator[Show]:
    """Show a job on a terminal as a bar, elsewhere as a line now and then.

    Args:
        is_quiet: True shows nothing unless somebody watches.
    """
    if not is_terminal():
        yield _nothing if is_quiet else _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(job: JobOut) -> None:
            progress.update(task, total=job.total, completed=job.done, description=pace(job))

        yield show


class _Lines:
    """One line when something changed, at most every ten seconds."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def __call__(self, job: JobOut) -> None:
        if time.monotonic() - self._told_at < _LINE_S:
            return
        self._told_at = time.monotonic()
        note(pace(job))


def _nothing(job: JobOut) -> None:
    del job


def pace(job: JobOut) -> str:
    """How far a job is, how fast, and how long it still takes, on one line."""
    parts = [f"{job.done}/{plural(job.total, 'fichier')}, {plural(job.chunks, 'passage')}"]
    if job.files_per_s is not None:
        parts.append(f", {job.files_per_s:.2f} fichier/s".replace(".", ","))
    if job.left_s is not None:
        parts.append(f", reste {duration(job.left_s)}")
    if waiting := job.counts.get("retrying", 0):
        parts.append(f", {plural(waiting, 'fichier')} à retenter")
    return "".join(parts)


def duration(seconds: float) -> str:
    """A length of time to read, such as "45 s" or "3 min 20 s"."""
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    minutes, rest = divmod(whole, _MINUTE_S)
    return f"{minutes} min {rest:02d} s"
