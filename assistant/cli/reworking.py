"""Commands that have work done again and wait for its end."""

from __future__ import annotations

from assistant.cli.connection import Connection
from assistant.cli.console import note, plural, say, say_json
from assistant.cli.failures import ExitCode
from assistant.cli.following import Outcome, failed_items, follow, progress_display
from assistant.cli.ingesting import exit_code, summarise
from assistant.ownership import own
from assistant.schemas.documents import JobOut
from assistant.services.rebuild import RebuildProgress
from assistant.settings import Settings

_NOTE_EVERY = 50


def finish(connection: Connection, job: JobOut, *, as_json: bool) -> ExitCode:
    """Wait for the end of a job and tell what became of its files."""
    outcome = Outcome()
    connection.start_worker()
    with progress_display(is_quiet=as_json) as show:
        job = follow(connection.client, job, show=show)
    outcome.add(job, failed_items(connection.client, job))
    outcome.seconds = job.elapsed_s
    say_json(outcome.as_json()) if as_json else summarise(outcome)
    return exit_code(outcome)


def rebuild(settings: Settings, *, as_json: bool) -> None:
    """Build the index anew as the owner of the data folder.

    Raises:
        ConfigurationError: A server or another command owns the folder.
        EmbedderUnavailable: Missing vectors cannot be computed.
    """
    from assistant.data_folder import prepare_data_folder
    from assistant.generations import rebuild_index

    run = prepare_data_folder(settings.data_dir).run
    with own(run, command="index rebuild"):
        end = rebuild_index(settings, progress=_quiet if as_json else _tell)
    if as_json:
        say_json({"documents": end.versions, "chunks": end.points, "embedded": end.embedded})
    else:
        say(
            f"Index refait : {plural(end.versions, 'document')}, {plural(end.points, 'passage')} ; "
            f"vecteurs calculés : {end.embedded}."
        )


def _tell(progress: RebuildProgress) -> None:
    if progress.done and progress.done % _NOTE_EVERY == 0:
        note(f"{progress.done}/{plural(progress.versions, 'document')}")


def _quiet(progress: RebuildProgress) -> None:
    del progress
