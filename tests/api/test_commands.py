"""Commands against a real server in a thread: documents deleted, a service of somebody else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant.cli.connection import connect
from assistant.cli.deleting import delete
from assistant.cli.failures import ExitCode, exit_code_of, sentence_of
from assistant.client import AssistantClient, ClientError
from assistant.data_folder import prepare_data_folder
from assistant.ownership import ServerAddress, announced, own
from assistant.services.submission import Submission
from assistant.settings import Settings
from tests.api.site import REGULATION, TOKEN, Site, served

pytestmark = pytest.mark.anyio


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    with served(site) as url:
        yield url


async def test_deletes_what_exists_and_names_what_does_not(
    site: Site, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await site.upload({"a.txt": REGULATION, "b.txt": f"{REGULATION}bis"})

    with closing(AssistantClient(url, token=TOKEN)) as client:
        first, second = (each.id for each in client.list_documents().documents)
        code = delete(client, [first, "inconnu", second, first])
        again = delete(client, [first])
        left = client.list_documents().documents

    written = capsys.readouterr()
    assert (code, again, left) == (ExitCode.REFUSED, ExitCode.REFUSED, [])
    told = [line for line in written.out.splitlines() if line.endswith("supprimé.")]
    assert told == [f"{first} supprimé.", f"{second} supprimé."]
    assert written.err.count("\n") == 2
    assert "Le document « inconnu » n'existe pas" in written.err


def test_a_document_of_a_folder_is_said_to_come_back(
    site: Site, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    principal = site.container.access.local_principal()
    request = Submission("/actes", (), unreadable=(("clos.txt", "file_unreadable"),))
    site.container.ingestion.submit(
        request, principal=principal, scope=site.container.access.scope_of(principal)
    )

    with closing(AssistantClient(url, token=TOKEN)) as client:
        (document,) = client.list_documents().documents
        code = delete(client, [document.id])

    assert code == ExitCode.OK
    assert "« clos.txt » vient du dossier « /actes »" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("is_erased", "words"),
    [
        (False, "« clos.txt » vient d'une source"),
        (True, "« clos.txt » ne sera plus repris sous ce nom par les examens de sa source"),
    ],
)
def test_what_becomes_of_a_file_of_a_source_is_said_before_its_document_goes(
    site: Site,
    url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_erased: bool,
    words: str,
) -> None:
    principal = site.container.access.local_principal()
    request = Submission("source:actes", (), unreadable=(("clos.txt", "file_unreadable"),))
    site.container.ingestion.submit(
        request, principal=principal, scope=site.container.access.scope_of(principal)
    )
    said_before: list[str] = []
    act = AssistantClient.delete_document

    def noted(client: AssistantClient, document_id: str, *, erase: bool = False) -> None:
        said_before.append(capsys.readouterr().err)
        act(client, document_id, erase=erase)

    monkeypatch.setattr(AssistantClient, "delete_document", noted)
    with closing(AssistantClient(url, token=TOKEN)) as client:
        (document,) = client.list_documents().documents
        delete(client, [document.id], erase=is_erased)

    assert words in said_before[0]


def test_a_service_of_somebody_else_is_not_an_expired_session(url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "autre")

    with (
        pytest.raises(ClientError) as refused,
        connect(settings, server=url, command="documents"),
    ):
        pass

    assert refused.value.code == "token_missing"
    assert exit_code_of(refused.value) == ExitCode.REFUSED
    assert f"n'a pas de jeton pour le service à l'adresse {url}" in sentence_of(refused.value)


def test_a_service_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "autre")

    for given in ("http://127.0.0.1:1", "n'importe quoi", "ftp://127.0.0.1"):
        with (
            pytest.raises(ClientError) as refused,
            connect(settings, server=given, command="documents"),
        ):
            pass
        assert refused.value.code == "server_unreachable"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("end", ["", "/"])
def test_the_own_service_is_known_however_it_is_written(
    url: str, tmp_path: Path, host: str, end: str
) -> None:
    settings = Settings(data_dir=tmp_path / "propre")
    run = prepare_data_folder(settings.data_dir).run
    given = url.replace("127.0.0.1", host) + end

    with (
        own(run, command="serve"),
        announced(run, ServerAddress(url, os.getpid(), TOKEN)),
        connect(settings, server=given, command="documents") as connection,
    ):
        assert connection.client.list_documents().documents == []
