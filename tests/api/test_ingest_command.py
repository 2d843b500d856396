"""`assistant ingest` against a real server in a thread: what it announces is what it sends."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.cli.connection import Connection
from assistant.cli.failures import ExitCode, exit_code_of
from assistant.cli.following import Outcome
from assistant.cli.ingesting import ingest
from assistant.client import AssistantClient, ClientError
from tests.api.site import REGULATION, TOKEN, Site, served


@contextmanager
def at_work(site: Site) -> Generator[Connection]:
    """A way to the site while its worker and its applier run."""
    stop = threading.Event()
    worker = threading.Thread(target=site.worker.worker.run_forever, args=(stop,))
    with served(site) as url:
        client = AssistantClient(url, token=TOKEN)
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
