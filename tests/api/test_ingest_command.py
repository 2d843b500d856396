"""`assistant ingest` against a real server in a thread: what it announces is what it sends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.cli.connection import Connection
from assistant.cli.failures import ExitCode, exit_code_of, sentence_of
from assistant.cli.following import Outcome
from assistant.cli.ingesting import ingest
from assistant.client import AssistantClient, ClientError
from assistant.client.errors import client_error
from assistant.domain.errors import ConfigurationError
from assistant.schemas.documents import JobItemOut
from tests.api.site import REGULATION, TOKEN, Site, served


class MeddlingClient(AssistantClient):
    """Calls a hook before each file is sent."""

    before: Callable[[Path], None]

    def send_item(self, job_id: str, item_id: str, *, path: Path, **options: Any) -> JobItemOut:
        self.before(path)
        return super().send_item(job_id, item_id, path=path, **options)


def nothing(_: Path) -> None:
    return


@contextmanager
def at_work(site: Site, *, before: Callable[[Path], None] = nothing) -> Generator[Connection]:
    """A way to the site while its applier and, if alive, its worker run.

    Meddles before each file is sent.
    """
    stop = threading.Event()
    if not site.is_worker_alive:
        stop.set()
    worker = threading.Thread(target=site.worker.worker.run_forever, args=(stop,))
    with served(site) as url:
        client = MeddlingClient(url, token=TOKEN)
        client.before = before
        site.container.applier.start()
        worker.start()
        try:
            yield Connection(client, lambda: None)
        finally:
            stop.set()
            worker.join(20)
            site.container.applier.stop()
            client.close()


def run(connection: Connection, *paths: Path) -> Outcome:
    return ingest(connection, paths, is_quiet=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "actes"
    folder.mkdir()
    return folder


def test_a_decomposed_name_on_disk_is_indexed_then_unchanged(site: Site, folder: Path) -> None:
    (folder / "de\u0301libe\u0301ration.txt").write_text(REGULATION, "utf-8")

    with at_work(site) as connection:
        first = run(connection, folder)
        again = run(connection, folder)

    assert (first.indexed, first.failed) == (1, [])
    assert (again.unchanged, again.failed) == (1, [])


def test_an_emptied_folder_is_refused_until_it_is_meant(site: Site, folder: Path) -> None:
    path = folder / "reglement.txt"
    path.write_text(REGULATION, "utf-8")

    with at_work(site) as connection:
        run(connection, folder)
        path.unlink()
        with pytest.raises(ClientError) as refused:
            run(connection, folder)
        kept = connection.client.list_documents().counts.live
        meant = ingest(connection, [folder], is_quiet=True, may_empty=True)

    assert (refused.value.code, exit_code_of(refused.value)) == ("source_empty", ExitCode.REFUSED)
    assert (kept, meant.removed) == (1, 1)


def test_a_folder_that_misses_many_files_is_refused_until_it_is_confirmed(
    site: Site, folder: Path
) -> None:
    paths = [folder / f"{number}.txt" for number in range(6)]
    for path in paths:
        path.write_text(f"{REGULATION} {path.name}", "utf-8")

    with at_work(site) as connection:
        run(connection, folder)
        for path in paths[:4]:
            path.unlink()
        with pytest.raises(ClientError) as refused:
            run(connection, folder)
        kept = connection.client.list_documents().counts.live
        meant = ingest(connection, [folder], is_quiet=True, may_remove=True)

    assert refused.value.code == "removals_unconfirmed"
    assert (kept, meant.removed) == (6, 4)


def grow(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"x" * 30_000_000)


def shrink(path: Path) -> None:
    path.write_bytes(b"x")


@pytest.mark.parametrize("change", [grow, shrink, Path.unlink])
def test_a_file_that_changes_before_it_is_sent_fails_alone(
    site: Site, folder: Path, change: Callable[[Path], None]
) -> None:
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(REGULATION + name, "utf-8")

    def change_one(path: Path) -> None:
        if path.name == "a.txt":
            change(path)

    with at_work(site, before=change_one) as connection:
        outcome = run(connection, folder)

    assert [(each["file"], each["code"]) for each in outcome.failed] == [
        ("a.txt", "content_changed")
    ]
    assert outcome.indexed == 1


def test_a_job_whose_files_cannot_be_sent_is_cancelled(site: Site, folder: Path) -> None:
    (folder / "a.txt").write_text(REGULATION, "utf-8")

    def fail(_: Path) -> None:
        raise client_error("server_timeout", instance="")

    with at_work(site, before=fail) as connection:
        with pytest.raises(ClientError):
            run(connection, folder)
        (job,) = connection.client.list_jobs()

    assert job.state == "cancelled"


def test_a_worker_that_refuses_to_start_is_not_waited_for(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.cli.waiting._PATIENCE_S", 0.1)
    site.is_worker_alive, site.is_worker_refused = False, True
    (folder / "a.txt").write_text(REGULATION, "utf-8")

    with at_work(site) as connection:
        with pytest.raises(ConfigurationError) as refused:
            run(connection, folder)
        (job,) = connection.client.list_jobs()

    assert exit_code_of(refused.value) is ExitCode.CONFIGURATION
    assert "« assistant doctor »" in sentence_of(refused.value)
    assert job.state == "queued"
