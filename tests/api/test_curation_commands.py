"""`assistant documents show | correct | exclude | include` against a real server in a thread."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio.to_thread
import pytest
from typer.testing import CliRunner

from assistant.cli.app import app
from assistant.cli.failures import ExitCode, exit_code_of
from assistant.data_folder import prepare_data_folder
from assistant.ownership import ServerAddress, announced, own
from tests.api.site import REGULATION, TOKEN, Site, served

pytestmark = pytest.mark.anyio

TITLE = "Schéma des mobilités"


@pytest.fixture
def at_home(
    restored_logs: None, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Commands speak to the site, as the machine's owner."""
    del restored_logs
    data_dir = tmp_path / "propre"
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(data_dir))
    folder = prepare_data_folder(data_dir).run
    with ExitStack() as stack:
        url = stack.enter_context(served(site))
        stack.enter_context(own(folder, command="serve"))
        stack.enter_context(announced(folder, ServerAddress(url, os.getpid(), TOKEN)))
        yield


def run(*words: str) -> tuple[int, str]:
    """The exit code of a command, and what it wrote."""
    done = CliRunner().invoke(app, ["documents", *words], standalone_mode=False)
    if done.exception is not None:
        return exit_code_of(done.exception), str(done.exception)
    return ExitCode.OK, done.output


async def said(*words: str) -> str:
    code, written = await anyio.to_thread.run_sync(lambda: run(*words))
    assert code == ExitCode.OK, written
    return written


async def refused(*words: str) -> tuple[int, str]:
    return await anyio.to_thread.run_sync(lambda: run(*words))


async def test_a_document_is_corrected_by_name_a_field_at_a_time(site: Site, at_home: None) -> None:
    del at_home
    await site.upload({"actes/reglement.txt": REGULATION})
    name = "actes/reglement.txt"

    await said("correct", name, "--title", TITLE)
    done = json.loads(await said("correct", name, "--date", "2024-02-29", "--json"))
    shown = json.loads(await said("show", name, "--json"))

    assert (done["revision"], done["document"]["title"]) == (2, TITLE)
    assert (shown["title"], shown["date"]) == (TITLE, "2024-02-29")
    assert shown["dossier"]["read"]["title"] == "Règlement des transports scolaires"
    assert shown["dossier"]["correction"]["title"] == TITLE
    told = await said("show", shown["id"])
    assert "Corrigé  :" in told
    assert "Lu       : Règlement des transports scolaires" in told
    assert "jusqu'à la relecture" in told
    await said("correct", name, "--no-date")
    assert json.loads(await said("show", name, "--json"))["date"] is None
    await said("correct", name, "--revert")
    shown = json.loads(await said("show", name, "--json"))
    assert shown["title"] == "Règlement des transports scolaires"


async def test_documents_are_excluded_and_included(site: Site, at_home: None) -> None:
    del at_home
    await site.upload({"a.txt": REGULATION, "b.txt": f"{REGULATION}bis"})

    assert await said("exclude", "a.txt", "b.txt") == "2 documents exclus.\n"
    assert json.loads(await said("exclude", "a.txt", "--json")) == {"changed": 0}
    assert "Exclu    :" in await said("show", "a.txt")
    listed = json.loads(await said("list", "--state", "excluded", "--json"))
    assert [each["name"] for each in listed["documents"]] == ["a.txt", "b.txt"]
    assert await said("include", "a.txt") == "1 document rétabli.\n"


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--revert", "--title", "x"),
        ("--date", "2024-01-01", "--no-date"),
        ("--date", "hier"),
    ],
)
async def test_a_correction_without_sense_is_misuse(
    site: Site, at_home: None, options: tuple[str, ...]
) -> None:
    del at_home
    await site.upload({"a.txt": REGULATION})
    code, _ = await refused("correct", "a.txt", *options)
    assert code == ExitCode.USAGE


async def test_an_unknown_name_and_a_shared_one_are_refused(site: Site, at_home: None) -> None:
    del at_home
    await site.upload({"a.txt": REGULATION})
    assert (await refused("show", "inconnu.txt"))[0] == ExitCode.REFUSED
    assert (await refused("correct", "a.txt", "--kind", "roman"))[0] == ExitCode.REFUSED
    assert (await refused("exclude", "a.txt", "inconnu.txt"))[0] == ExitCode.REFUSED
    assert json.loads(await said("show", "a.txt", "--json"))["state"] == "live"
