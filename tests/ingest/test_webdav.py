from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest

from ingest.catalogue import sentence
from ingest.sources.listing import ListedFile, ListingFault, SourceFault
from ingest.sources.webdav import WebDavLimits, WebDavSource
from tests.webdav import (
    PASSWORD,
    USER,
    Answer,
    entry,
    multistatus,
    said,
    told_server,
    webdav_server,
)

FAST = WebDavLimits(connect_s=2, silence_s=1, answer_s=3)
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c SYSTEM "file:///etc/passwd">]>'
    b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>/&b;&c;</d:href></d:response></d:multistatus>'
)


def hang_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = (
        "a.txt",
        "sous dossier/é & b.txt",
        "sous dossier/plus bas/c#1?.txt",
        ".caché",
        "~$a.docx",
    )
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Texte de {name}", "utf-8")
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return tmp_path


@pytest.fixture
def url(folder: Path) -> Generator[str]:
    with webdav_server(folder) as url:
        yield url


_MADE: list[WebDavSource] = []


def source_of(url: str, *, user: str = USER, password: str = PASSWORD) -> WebDavSource:
    _MADE.append(WebDavSource(url, user=user, password=password, limits=FAST))
    return _MADE[-1]


@pytest.fixture(autouse=True)
def sources_closed() -> Generator[None]:
    """Connections that a test leaves would warn in the next one."""
    yield
    while _MADE:
        _MADE.pop().close()


def files_of(source: WebDavSource) -> dict[str, ListedFile]:
    return {each.name: each for each in source.list() if isinstance(each, ListedFile)}


def code_of(source: WebDavSource) -> str:
    """Why nothing can be listed; the reason has its sentence."""
    with pytest.raises(SourceFault) as fault:
        list(source.list())
    assert sentence(fault.value.code, **fault.value.params)
    return fault.value.code


def test_a_real_server_is_listed_and_read(url: str, folder: Path) -> None:
    source = source_of(url)
    files = files_of(source)

    assert set(files) == {"a.txt", "sous dossier/é & b.txt", "sous dossier/plus bas/c#1?.txt"}
    for name, file in files.items():
        with source.open(file) as stream:
            content = stream.read()
        assert content == (folder / name).read_bytes()
        assert file.size_bytes == len(content)
    source.close()


def test_a_folder_of_a_real_server_is_listed_alone(url: str) -> None:
    source = source_of(f"{url}/{quote('sous dossier')}")

    assert set(files_of(source)) == {"é & b.txt", "plus bas/c#1?.txt"}
    assert source.first_names(limit=1) == ("plus bas",)


def test_stamps_of_a_real_server_change_with_the_content(url: str, folder: Path) -> None:
    before = files_of(source_of(url))
    (folder / "a.txt").write_text("Un autre texte")
    after = files_of(source_of(url))

    changed = {name for name in before if before[name].stamp != after[name].stamp}
    assert changed == {"a.txt"}
    assert all(each.stamp for each in after.values())


def test_a_real_server_refuses_a_wrong_password_and_knows_no_absent_folder(url: str) -> None:
    assert code_of(source_of(url, password="faux")) == "webdav_unauthorized"
    assert code_of(source_of(f"{url}/absent")) == "webdav_missing"


def test_a_file_that_vanished_from_a_real_server_is_told(url: str, folder: Path) -> None:
    source = source_of(url)
    file = files_of(source)["a.txt"]
    (folder / "a.txt").unlink()

    with pytest.raises(SourceFault) as fault, source.open(file):
        pass
    assert fault.value.code == "file_missing"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (said(401), "webdav_unauthorized"),
        (said(403), "webdav_forbidden"),
        (said(404), "webdav_missing"),
        (said(405), "webdav_not_dav"),
        (said(423), "webdav_locked"),
        (said(507), "webdav_full"),
        (said(500), "webdav_failed"),
        (said(200, b"<!doctype html><title>Connexion</title>", kind="text/html"), "webdav_not_dav"),
        (said(207, b"<!doctype html><title>Connexion</title>", kind="text/html"), "webdav_not_dav"),
        (said(207, b"<!doctype html><p>"), "webdav_malformed"),
        (said(207, b"<html></html>"), "webdav_malformed"),
        (said(207, b""), "webdav_malformed"),
        (said(207, multistatus(entry("/a.txt"))[:-9]), "webdav_malformed"),
        (said(207, b"\xff\xfe\x00"), "webdav_malformed"),
        (said(207, b'<?xml version="1.0" encoding="utf-99"?><a/>'), "webdav_malformed"),
        (said(207, BOMB), "webdav_malformed"),
        (said(302, Location="http://127.0.0.2:1/"), "webdav_redirected"),
        (said(302, Location="https://127.0.0.1/"), "webdav_redirected"),
        (said(302, Location="/"), "webdav_redirected"),
        (said(302), "webdav_redirected"),
    ],
)
def test_every_fault_has_its_sentence(answer: Answer, code: str) -> None:
    with told_server(answer) as url:
        assert code_of(source_of(url)) == code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (said(503), "webdav_busy"),
        (said(207, multistatus(entry("/a.txt")), length=10_000), "webdav_stopped"),
        (hang_up, "webdav_stopped"),
    ],
)
def test_a_passing_fault_is_met_three_times_before_it_is_told(
    answer: Answer, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.sources.webdav._PAUSE_S", 0)
    asked: list[str] = []

    def counted(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        answer(request)

    with told_server(counted) as url:
        assert code_of(source_of(url)) == code
    assert len(asked) == 3


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.webdav._PAUSE_S", 0)
    with told_server(said(404)) as url:
        pass
    assert code_of(source_of(url)) == "webdav_unreachable"


def test_a_server_that_says_nothing_or_drips_is_given_up() -> None:
    def silent(request: BaseHTTPRequestHandler) -> None:
        time.sleep(2)

    def dripping(request: BaseHTTPRequestHandler) -> None:
        request.send_response(207)
        request.end_headers()
        for _ in range(50):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.2)

    for answer in (silent, dripping):
        begun = time.monotonic()
        with told_server(answer) as url:
            assert code_of(source_of(url)) == "webdav_slow"
        assert time.monotonic() - begun < 15


def test_a_redirection_within_the_server_is_followed_and_the_password_goes_nowhere_else() -> None:
    seen: list[str | None] = []

    def elsewhere(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers.get("authorization"))
        said(404)(request)

    def home(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/ailleurs/":
            said(302, Location=other)(request)
        elif request.path == "/dav/":
            said(207, multistatus(entry("/dav/a.txt")))(request)
        else:
            said(301, Location="/dav/")(request)

    with told_server(elsewhere) as other, told_server(home) as url:
        assert set(files_of(source_of(f"{url}/dav"))) == {"a.txt"}
        assert source_of(f"{url}/ailleurs").first_names is not None
        assert code_of(source_of(f"{url}/ailleurs")) == "webdav_redirected"
    assert seen == []


def test_a_server_cannot_lead_out_of_the_folder_nor_round_in_circles() -> None:
    body = multistatus(
        entry("/dav/", size=None),
        entry("/dav/../etc/passwd"),
        entry("/dav/%2e%2e/etc/passwd"),
        entry("/secret.txt"),
        entry("http://ailleurs.exemple.fr/dav/b.txt"),
        entry("/dav/sous/trop/bas.txt"),
        entry("javascript:alert(1)"),
        entry("/dav/a.txt"),
    )
    with told_server(said(207, body)) as url:
        assert set(files_of(source_of(f"{url}/dav/"))) == {"a.txt", "b.txt"}


def test_a_folder_below_that_is_refused_or_gone_hides_its_files() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        below = {"/ferme/": 403, "/parti/": 404, "/verrou/": 423}
        if request.path in below:
            said(below[request.path])(request)
        else:
            names = (entry(path, size=None) for path in below)
            said(207, multistatus(entry("/", size=None), *names, entry("/a.txt")))(request)

    with told_server(answer) as url:
        found = list(source_of(url).list())
    faults = {each.name: each.hides_files for each in found if isinstance(each, ListingFault)}
    assert faults == {"ferme": True, "parti": True, "verrou": True}


def test_a_server_that_stops_midway_fails_the_whole_listing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest.sources.webdav._PAUSE_S", 0)

    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/":
            said(207, multistatus(entry("/sous/", size=None), entry("/a.txt")))(request)
        else:
            request.connection.close()

    with told_server(answer) as url:
        assert code_of(source_of(url)) == "webdav_stopped"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (said(404), "file_missing"),
        (said(403), "file_unreadable"),
        (said(423), "file_locked"),
        (said(401), "webdav_unauthorized"),
        (said(500), "webdav_failed"),
        (said(302, Location="http://127.0.0.2/"), "webdav_redirected"),
        (said(200, b"ab", length=99), "webdav_stopped"),
    ],
)
def test_a_file_that_cannot_be_fetched_says_why(answer: Answer, code: str) -> None:
    def read(source: WebDavSource) -> None:
        with source.open(ListedFile("a.txt", "/a.txt", 99, "")) as stream:
            stream.read()

    with told_server(answer) as url, pytest.raises(SourceFault) as fault:
        read(source_of(url))
    assert fault.value.code == code


def test_a_huge_folder_is_read_as_it_comes() -> None:
    count = 20_000
    body = multistatus(*(entry(f"/dossier/fichier-{number:06}.pdf") for number in range(count)))
    with told_server(said(207, body)) as url:
        source = source_of(f"{url}/dossier")
        tracemalloc.start()
        found = sum(1 for _ in source.list())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == count
    assert peak < 20_000_000


def test_what_a_server_does_not_tell_is_not_invented() -> None:
    bare = "<d:response><d:href>/a.txt</d:href></d:response>"
    absent = "<d:response><d:propstat/></d:response>"
    with told_server(said(207, multistatus(bare, absent))) as url:
        files = files_of(source_of(url))
    assert (files["a.txt"].size_bytes, files["a.txt"].stamp) == (-1, "")


def test_a_path_that_reads_like_a_host_stays_on_the_server() -> None:
    asked: list[str] = []

    def noted(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        said(404)(request)

    with told_server(noted) as url:
        code = code_of(source_of(f"{url.rstrip('/')}//elsewhere.invalid/dav/"))

    assert code == "webdav_missing"
    assert [path.lstrip("/") for path in asked] == ["elsewhere.invalid/dav/"]
