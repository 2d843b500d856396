"""`assistant ingest`: announce, send what is wanted, follow, and tell what became of each file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from assistant.cli.connection import Connection
from assistant.cli.console import plural, say
from assistant.cli.failures import ExitCode
from assistant.cli.following import (
    Outcome,
    Show,
    cancelled_on_failure,
    cancelled_on_interrupt,
    duration,
    failed_items,
    follow,
    progress_display,
)
from assistant.cli.scanning import Source, scan
from assistant.client import AssistantClient, ClientError
from assistant.domain.catalogue import sentence
from assistant.schemas.documents import JobIn, JobItemOut, JobOut, JobStarted

_SHOW_S = 0.5
_ITEM_ENDED = "item_ended"
_UNREADABLE = "file_unreadable"
_NOTHING = Path(os.devnull)
"""Sent for a file that disappeared: not the announced content, so that its item ends as failed."""


def ingest(
    connection: Connection,
    paths: Sequence[Path],
    *,
    is_quiet: bool,
    may_empty: bool = False,
    may_remove: bool = False,
) -> Outcome:
    """Bring the index in line with folders and files, and wait for the end.

    Args:
        connection: The way to the API.
        paths: Folders and files, which exist.
        is_quiet: True writes progress only for who watches.
        may_empty: True has all documents of an empty folder removed.
        may_remove: True has a large share of the documents of a folder removed.

    Raises:
        Misuse: A path does not exist.
        ClientError: The service failed, or refuses a folder that misses many of its documents.
        ConfigurationError: The worker cannot start ("worker_refused").
    """
    begun = time.monotonic()
    outcome = Outcome()
    sources = scan(paths)
    for source in sources:
        with progress_display(is_quiet=is_quiet) as show:
            job = submit(connection, source, show=show, may_empty=may_empty, may_remove=may_remove)
            job = follow(connection.client, job, show=show)
        outcome.add(job, failed_items(connection.client, job))
        outcome.skipped.extend((problem.name, sentence(problem.code)) for problem in source.skipped)
        if source.skips_removal:
            outcome.kept_sources.append(source.label)
    outcome.seconds = time.monotonic() - begun
    return outcome


def submit(
    connection: Connection,
    source: Source,
    *,
    show: Show,
    may_empty: bool = False,
    may_remove: bool = False,
) -> JobOut:
    """Announce a source and send the contents that the service wants."""
    client = connection.client
    started = client.submit_job(
        JobIn(
            source=source.label,
            files=source.files,
            unreadable=tuple(source.unreadable),
            is_complete=source.is_complete,
            may_empty=may_empty,
            may_remove=may_remove,
        )
    )
    with (
        cancelled_on_interrupt(client, started.job.id),
        cancelled_on_failure(client, started.job.id),
    ):
        if started.job.done < started.job.total:
            connection.start_worker()
        _send(client, started, source=source, show=show)
    return client.get_job(started.job.id)


def summarise(outcome: Outcome) -> None:
    """Write what became of the files, one reason per failed one."""
    counts = (
        (outcome.indexed, "indexé"),
        (outcome.unchanged, "inchangé"),
        (outcome.removed, "retiré"),
        (outcome.cancelled, "annulé"),
        (len(outcome.failed) - outcome.unreadable_folders, "en échec"),
        (outcome.unreadable_folders, "dossier illisible"),
    )
    parts = [_counted(count, word) for count, word in counts if count]
    details = f" : {', '.join(parts)}" if parts else ""
    say(
        f"{plural(outcome.files, 'fichier')}{details} ; "
        f"{plural(outcome.chunks, 'passage')} en {duration(outcome.seconds)}."
    )
    is_same = outcome.files and outcome.unchanged == outcome.files
    if is_same and not outcome.removed and not outcome.failed:
        say("Rien n'a changé depuis la dernière fois.")
    for failure in outcome.failed:
        say(f"  ✗ {failure['file']} : {failure['reason']}")
    for name, reason in outcome.skipped:
        say(f"  – {name} : {reason}")
    for source in outcome.kept_sources:
        say(sentence("removal_skipped", source=source))


def exit_code(outcome: Outcome) -> ExitCode:
    """3 when some file failed or was cancelled, else 0."""
    return ExitCode.SOME_FAILED if outcome.failed or outcome.cancelled else ExitCode.OK


def _send(client: AssistantClient, started: JobStarted, *, source: Source, show: Show) -> None:
    shown_at = time.monotonic()
    sizes = {file.name: file.size_bytes for file in reversed(source.files)}
    for item in started.wanted:
        path = source.paths.get(item.name, _NOTHING)
        send = partial(client.send_item, started.job.id, item.id, size_bytes=sizes.get(item.name))
        try:
            _send_what_is_there(send, path)
        except ClientError as error:
            if error.code != _ITEM_ENDED:
                raise
        if time.monotonic() - shown_at > _SHOW_S:
            show(client.get_job(started.job.id))
            shown_at = time.monotonic()


def _send_what_is_there(send: Callable[..., JobItemOut], path: Path) -> None:
    try:
        send(path=path)
    except ClientError as error:
        if error.code != _UNREADABLE:
            raise
        send(path=_NOTHING)


def _counted(count: int, words: str) -> str:
    return f"{count} {words}" if words == "en échec" else plural(count, words)
