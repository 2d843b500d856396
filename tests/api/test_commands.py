"""Commands against a real server in a thread: documents deleted, a service of somebody else."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest

from assistant.cli.connection import connect
from assistant.cli.deleting import delete
from assistant.cli.failures import ExitCode, exit_code_of, sentence_of
from assistant.client import AssistantClient, ClientError
from assistant.data_folder import prepare_data_folder
from assistant.domain.ids import CollectionId
from assistant.ownership import ServerAddress, announced, own
from assistant.schemas.sources import SourceIn, SourceOut
from assistant.services.submission import Submission
from assistant.settings import Settings, SourceFolder, SourcesSettings
from tests.api.site import REGULATION, TOKEN, Site, open_site, served

pytestmark = pytest.mark.anyio


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    with served(site) as url:
        yield url


@pytest.fixture
def placed(tmp_path: Path) -> Generator[Site]:
    """A site that may have a folder as a source."""
    folder = tmp_path / "partage"
    folder.mkdir()
    opened = SourcesSettings(folders=(SourceFolder(path=str(folder)),))
    site = open_site(tmp_path / "data", sources=opened)
    yield site
    site.close()


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
    ("kind", "is_erased", "words"),
    [
        ("folder", False, "« clos.txt » vient d'une source"),
        (
            "folder",
            True,
            "« clos.txt » ne sera plus repris sous ce nom par les examens de sa source",
        ),
        ("push", False, "« clos.txt » a été envoyé par un programme"),
        ("push", True, "« clos.txt » a été envoyé par un programme"),
        ("removed", True, ""),
    ],
)
def test_what_becomes_of_a_file_of_a_source_is_said_before_its_document_goes(
    placed: Site,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    kind: Literal["folder", "push", "removed"],
    is_erased: bool,
    words: str,
) -> None:
    said_before: list[str] = []
    act = AssistantClient.delete_document

    def noted(client: AssistantClient, document_id: str, *, erase: bool = False) -> None:
        said_before.append(capsys.readouterr().err)
        act(client, document_id, erase=erase)

    monkeypatch.setattr(AssistantClient, "delete_document", noted)
    with served(placed) as url, closing(AssistantClient(url, token=TOKEN)) as client:
        (folder,) = client.source_places().folders
        is_push = kind == "push"
        source = client.add_source(
            SourceIn(
                kind="push" if is_push else "folder",
                name="Actes",
                address="" if is_push else folder,
            )
        )
        submit_unreadable(placed, source)
        if kind == "removed":
            client.remove_source(source.id, keeps_documents=True)
        (document,) = client.list_documents().documents
        capsys.readouterr()
        delete(client, [document.id], erase=is_erased)

    assert words in said_before[0]
    assert bool(words) == ("clos.txt" in said_before[0])


def submit_unreadable(site: Site, source: SourceOut) -> None:
    """Have a source a document, whose file was not readable."""
    access = site.container.access
    principal = access.local_principal()
    collection_id = CollectionId(source.collection_id)
    request = Submission(
        source.label,
        (),
        unreadable=(("clos.txt", "file_unreadable"),),
        collection_id=collection_id,
        is_of_look=True,
    )
    site.container.ingestion.submit(request, principal=principal, scope=access.scope_of(principal))


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
