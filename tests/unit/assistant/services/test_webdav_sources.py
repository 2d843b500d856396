"""What runs make of servers that answer wrongly: no document is lost to a page, a failure or a lie."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

import pytest

from assistant.domain.sources import Finding, RunState, Source, SourceKind
from assistant.services.source_drafts import SourceDraft
from tests.house import House
from tests.sources import Desk, counts
from tests.webdav import PASSWORD, USER, entry, multistatus, said, told_server

pytestmark = pytest.mark.each_engine
TEN = {f"{number}.txt": f"Texte {number}" for number in range(10)}
LOGIN = b"<!doctype html><title>Connexion SSO</title>"


@dataclass
class Cloud:
    """A server whose folders and faults are set by hand."""

    files: dict[str, str]
    tells_sizes: bool = True
    turn: int = 0
    """Part of every stamp."""
    entries: dict[str, str] = field(default_factory=dict[str, str])
    """What is told of some paths instead."""
    page: tuple[bytes, str] | None = None
    """Answered instead of every content, with its type."""
    broken: set[str] = field(default_factory=set[str])
    """Files that are listed and cannot be sent."""
    sent: list[str] = field(default_factory=list[str])
    """Paths of the contents that were asked for."""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.command == "PROPFIND":
            said(207, multistatus(*self._listed(request.path)))(request)
            return
        self.sent.append(request.path)
        if unquote(request.path[1:]) in self.broken:
            said(500)(request)
            return
        body, kind = self.page or (self.files[unquote(request.path[1:])].encode(), "text/plain")
        said(200, body, kind=kind)(request)

    def _listed(self, folder: str) -> Generator[str]:
        yield entry(folder, size=None)
        below = {each[len(folder) - 1 :] for each in self.files if f"/{each}".startswith(folder)}
        for name in sorted({each.partition("/")[0] for each in below}):
            path = f"{folder}{name}"
            if path in self.entries:
                yield self.entries[path]
            elif path[1:] in self.files:
                size = len(self.files[path[1:]].encode()) if self.tells_sizes else ""
                yield entry(path, size=size, etag=f"{path}-{self.turn}")
            else:
                yield entry(f"{path}/", size=None)


@contextmanager
def source_over(cloud: Cloud, house: House, root: Path) -> Generator[tuple[Desk, Source]]:
    """A source over the server, looked at once."""
    with told_server(cloud.answer) as url:
        desk = Desk(house, root, hosts=(url,))
        draft = SourceDraft("Nuage", f"{url}/", user=USER, password=PASSWORD)
        source = desk.sources.add(
            draft,
            kind=SourceKind.WEBDAV,
            collection_id=None,
            principal=house.principal,
            scope=house.scope,
        ).source
        assert counts(desk.run(source)) == {"added": len(cloud.files)}
        yield desk, source


def test_files_below_a_folder_at_which_the_server_fails_stay(house: House, tmp_path: Path) -> None:
    cloud = Cloud({**TEN, "sub/x.txt": "Texte x", "sub/y.txt": "Texte y"})
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        cloud.entries["/sub"] = (
            "<d:response><d:href>/sub/</d:href>"
            "<d:status>HTTP/1.1 503 Service Unavailable</d:status></d:response>"
        )
        run = desk.run(source)

    assert counts(run) == {"unchanged": 10, "unreadable": 1}
    assert (run.outcome.is_complete, run.outcome.kept_back) == (False, 2)
    assert run.outcome.faults == (("sub", "entry_untold"),)
    assert len(house.all_documents()) == 12


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for between two tries."""
    monkeypatch.setattr("assistant.services.source_contents._PAUSE_S", 0)


def test_a_file_that_its_server_cannot_send_fails_alone_until_it_can(
    house: House, tmp_path: Path
) -> None:
    cloud = Cloud(TEN)
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        cloud.files = {**TEN, "-neuf.txt": "Texte neuf", "z.txt": "Texte z"}
        cloud.turn, cloud.broken = 1, {"-neuf.txt", "3.txt"}
        run = desk.run(source)
        documents = house.all_documents()
        served = house.live_texts()
        cloud.broken = set()
        later = desk.run(source)

    assert counts(run) == {"added": 1, "unchanged": 9, "unreadable": 2}
    assert run.outcome.faults == (("-neuf.txt", "file_withheld"), ("3.txt", "file_withheld"))
    assert {each.name for each in documents.values() if each.reason} == {"-neuf.txt", "3.txt"}
    assert served == {f"{name}": [text] for name, text in {**TEN, "z.txt": "Texte z"}.items()}
    assert counts(later) == {"changed": 2, "unchanged": 10}
    assert len(house.live_texts()) == 12
    assert not any(each.reason for each in house.all_documents().values())


def test_a_server_that_sends_no_file_any_more_is_told_and_each_look_goes_further(
    house: House, tmp_path: Path
) -> None:
    cloud = Cloud(TEN)
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        cloud.files = {**TEN, **{f"-{number}.txt": f"Neuf {number}" for number in range(20)}}
        cloud.broken = {f"-{number}.txt" for number in range(20)} - {"-0.txt", "-9.txt"}
        runs = [desk.run(source) for _ in range(5)]

    reasons = ["" if each.reason is None else each.reason.code for each in runs]
    assert reasons == ["webdav_withholds"] * 3 + ["", ""]
    assert {"-0.txt", "-9.txt"} <= house.live_texts().keys()
    assert len(house.live_texts()) == 12
    assert counts(runs[-1]) == {"unchanged": 12, "unreadable": 18}
    assert runs[-1].outcome.jobs == ()


def test_a_look_spends_no_more_than_its_patience_on_files_that_do_not_come(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud(TEN)
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        names = [f"neuf-{number}.txt" for number in range(4)]
        cloud.files = {**TEN, **{name: f"Texte de {name}" for name in names}}
        cloud.broken = set(names)
        desk.run(source)
        monkeypatch.setattr("assistant.services.source_contents._PATIENCE_S", 0)
        cloud.sent.clear()
        run = desk.run(source)

    assert len(cloud.sent) == 1
    assert counts(run) == {"unchanged": 10, "unreadable": 4}
    assert {code for _, code in run.outcome.faults} == {"file_withheld"}


def test_a_document_stays_while_the_file_that_it_may_have_become_cannot_be_sent(
    house: House, tmp_path: Path
) -> None:
    cloud = Cloud({**TEN, "autre.txt": "Un texte plus long"})
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        before = house.all_documents()["3.txt"]
        cloud.files = {name: text for name, text in TEN.items() if name != "3.txt"}
        cloud.files["ailleurs.txt"] = TEN["3.txt"]
        cloud.broken = {"ailleurs.txt"}
        run = desk.run(source)
        kept = house.all_documents()
        cloud.broken = set()
        later = desk.run(source)

    assert counts(run) == {"removed": 1, "unchanged": 9, "unreadable": 1}
    assert run.outcome.kept_back == 1
    assert (kept["3.txt"], "ailleurs.txt" in kept, "autre.txt" in kept) == (before, False, False)
    assert counts(later) == {"renamed": 1, "unchanged": 9}
    assert house.all_documents()["ailleurs.txt"].id == before.id


def test_a_sign_in_page_replaces_no_document(house: House, tmp_path: Path) -> None:
    cloud = Cloud(TEN)
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        before = house.live_texts()
        cloud.turn, cloud.page = 1, (LOGIN, "text/html; charset=utf-8")
        run = desk.run(source)

    assert run.state is RunState.FAILED
    assert run.reason is not None
    assert run.reason.code == "webdav_not_dav"
    assert house.live_texts() == before


def test_a_content_of_another_size_than_was_told_replaces_no_document(
    house: House, tmp_path: Path
) -> None:
    cloud = Cloud(TEN)
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        before = house.live_texts()
        cloud.turn, cloud.page = 1, (b"Maintenance en cours", "text/plain")
        run = desk.run(source)

    assert run.outcome.faults[0] == ("0.txt", "file_changing")
    assert house.live_texts() == before


def test_one_content_for_many_changed_files_waits_for_a_person(
    house: House, tmp_path: Path
) -> None:
    cloud = Cloud(TEN, tells_sizes=False)
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        before = house.live_texts()
        cloud.turn, cloud.page = 1, (b"Maintenance en cours", "text/plain")
        run = desk.run(source)
        kept = house.live_texts()
        desk.decide(source, run, is_approved=True)
        desk.runner.run_once()
        house.settle()
        last = desk.requests.runs(source.id, principal=house.principal, scope=house.scope, limit=1)[
            0
        ]

    assert run.state is RunState.AWAITING_APPROVAL
    assert run.outcome.faults[0] == ("0.txt", "files_alike")
    assert kept == before
    assert counts(last) == {"changed": 10}
    assert set(map(tuple, house.live_texts().values())) == {("Maintenance en cours",)}


def test_what_waits_for_one_content_tells_what_was_done_already(
    house: House, tmp_path: Path
) -> None:
    cloud = Cloud(dict(TEN), tells_sizes=False)
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        gone = min(TEN)
        del cloud.files[gone]
        cloud.turn, cloud.page = 1, (b"Maintenance en cours", "text/plain")
        run = desk.run(source)
        house.settle()

    assert run.state is RunState.AWAITING_APPROVAL
    assert run.outcome.counts == {Finding.REMOVED: 1}
    assert list(run.outcome.names) == [Finding.REMOVED]
    assert gone not in house.live_texts()


def test_changed_files_of_their_own_contents_ask_nobody(house: House, tmp_path: Path) -> None:
    cloud = Cloud(dict(TEN), tells_sizes=False)
    with source_over(cloud, house, tmp_path / "partage") as (desk, source):
        cloud.turn = 1
        cloud.files.update({name: f"{text} corrigé" for name, text in TEN.items()})
        assert counts(desk.run(source)) == {"changed": 10}
