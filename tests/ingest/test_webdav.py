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
from ingest.sources.dav_connection import WebDavLimits
from ingest.sources.listing import ListedFile, ListingFault, SourceFault
from ingest.sources.webdav import WebDavSource
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
        (said(302, Location="//[x"), "webdav_redirected"),
        (
            said(207, multistatus(entry("/", size=None), entry("/a\x7f/", size=None))),
            "webdav_malformed",
        ),
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
    # a request whose connection ends before the answer is sent twice each time
    assert len(asked) == (6 if answer is hang_up else 3)


def test_a_request_whose_connection_ends_before_the_answer_is_sent_again() -> None:
    cut = {"PROPFIND", "GET"}

    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.command in cut:
            cut.discard(request.command)
            hang_up(request)
        elif request.command == "GET":
            said(200, b"ab", kind="text/plain")(request)
        else:
            said(207, multistatus(entry("/", size=None), entry("/a.txt", size=2)))(request)

    with told_server(answer) as url:
        source = source_of(url)
        with source.open(ListedFile("a.txt", "/a.txt", 2, "")) as stream:
            assert stream.read() == b"ab"
        assert [each.name for each in source.list() if isinstance(each, ListedFile)] == ["a.txt"]
    assert cut == set()


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


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (said(500), "file_withheld"),
        (said(503), "file_withheld"),
        (hang_up, "file_withheld"),
        (said(200, b"ab", length=99, kind="text/plain"), "file_withheld"),
        (said(401), "webdav_unauthorized"),
    ],
)
def test_a_file_at_which_a_server_fails_is_told_from_a_server_that_is_away(
    answer: Answer, code: str
) -> None:
    def told(request: BaseHTTPRequestHandler) -> None:
        is_listing = request.command == "PROPFIND"
        (said(207, multistatus(entry("/", size=None))) if is_listing else answer)(request)

    def read(source: WebDavSource) -> None:
        with source.open(ListedFile("a.txt", "/a.txt", 99, "")) as stream:
            stream.read()

    with told_server(told) as url, pytest.raises(SourceFault) as fault:
        read(source_of(url))
    assert fault.value.code == code
    assert sentence(code, **fault.value.params)


def test_a_file_that_does_not_come_to_its_end_in_time_is_told_alone() -> None:
    def told(request: BaseHTTPRequestHandler) -> None:
        if request.command == "PROPFIND":
            said(207, multistatus(entry("/", size=None)))(request)
            return
        said(200, b"a", length=99, kind="text/plain")(request)
        for _ in range(30):
            request.wfile.write(b"a")
            request.wfile.flush()
            time.sleep(0.05)

    limits = WebDavLimits(connect_s=2, silence_s=1, answer_s=0.5)
    with told_server(told) as url:
        source = WebDavSource(url, user="", password="", limits=limits)
        _MADE.append(source)
        with (
            pytest.raises(SourceFault) as fault,
            source.open(ListedFile("a.txt", "/a.txt", 99, "")) as stream,
        ):
            stream.read()
    assert fault.value.code == "file_slow"


def test_a_huge_folder_is_read_as_it_comes() -> None:
    count = 5_000
    body = multistatus(*(entry(f"/dossier/fichier-{number:06}.pdf") for number in range(count)))
    with told_server(said(207, body)) as url:
        source = WebDavSource(f"{url}/dossier", user="", password="")
        _MADE.append(source)
        tracemalloc.start()
        found = sum(1 for _ in source.list())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == count
    assert peak < 6_000_000


def failed(href: str, *, whole: int | None = None, part: int | None = None) -> str:
    """What a server says of an entry at which it fails, as a whole or in the only part that it tells."""
    asked = "<d:prop><d:resourcetype/><d:getetag/></d:prop>"
    status = "<d:status>HTTP/1.1 {} Panne</d:status>"
    inner = status.format(whole) if whole else ""
    if part:
        inner += f"<d:propstat>{asked}{status.format(part)}</d:propstat>"
    return f"<d:response><d:href>{href}</d:href>{inner}</d:response>"


@pytest.mark.parametrize(
    "entry_at_fault",
    [
        failed("/sub/", whole=503),
        failed("/sub/", part=403),
        failed("/sub/", part=404),
        failed("/sub", whole=207),
        failed("/sub/"),
        "<d:response><d:href>/sub/</d:href><d:propstat><d:prop><d:getetag>1</d:getetag></d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>",
        "<d:response><d:href>/autre.txt</d:href><d:href>/sub/</d:href>"
        "<d:status>HTTP/1.1 424 Panne</d:status></d:response>",
    ],
)
def test_what_a_server_fails_at_is_no_file_and_hides_what_lies_below(entry_at_fault: str) -> None:
    body = multistatus(entry("/", size=None), entry_at_fault, entry("/a.txt"))
    with told_server(said(207, body)) as url:
        found = list(source_of(url).list())
    assert {each.name for each in found if isinstance(each, ListedFile)} == {"a.txt"}
    faults = {each.name: each for each in found if isinstance(each, ListingFault)}
    assert faults["sub"].hides_files
    assert sentence(faults["sub"].code)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([failed("/dav/", whole=403)], "webdav_forbidden"),
        ([failed("/dav/", part=507)], "webdav_full"),
        ([failed("/dav/", whole=500), entry("/dav/a.txt")], "webdav_failed"),
        ([failed("/dav/")], "webdav_malformed"),
        ([], "webdav_malformed"),
        ([entry("/interne/dav/", size=None), entry("/interne/dav/a.txt")], "webdav_malformed"),
        ([entry("/dav")], "webdav_missing"),
    ],
)
def test_an_answer_that_says_nothing_of_its_folder_is_no_empty_folder(
    entries: list[str], code: str
) -> None:
    with told_server(said(207, multistatus(*entries))) as url:
        assert code_of(source_of(f"{url}/dav/")) == code


def test_an_empty_folder_is_listed_as_such() -> None:
    with told_server(said(207, multistatus(entry("/dav", size=None)))) as url:
        assert list(source_of(f"{url}/dav/").list()) == []


def test_what_a_server_does_not_tell_of_a_file_is_not_invented() -> None:
    bare = (
        "<d:response><d:href>/a.txt</d:href>"
        "<d:propstat><d:prop><d:resourcetype/></d:prop><d:status>HTTP/1.1 200 OK</d:status>"
        "</d:propstat><d:propstat><d:prop><d:getetag>9</d:getetag><d:getcontentlength/></d:prop>"
        "<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
    )
    absent = "<d:response><d:propstat/></d:response>"
    with told_server(said(207, multistatus(bare, absent))) as url:
        files = files_of(source_of(url))
    assert (files["a.txt"].size_bytes, files["a.txt"].stamp) == (-1, "")


@pytest.mark.parametrize(
    "flood",
    [
        f"<d:response>{'<a/>' * 500_000}</d:response>",
        "<a/>" * 20_000,
        "<a>" * 100_000,
        f"<d:response><d:href>/{'a' * 3_000_000}</d:href></d:response>",
        f"<a b='{'c' * 3_000_000}'/>",
    ],
)
def test_a_flood_of_xml_costs_neither_memory_nor_time(
    flood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.sources.multistatus._MOST_ENTRIES", 10_000)
    body = multistatus(flood)
    with told_server(said(207, body)) as url:
        source = source_of(url)
        tracemalloc.start()
        begun = time.process_time()
        code = code_of(source)
        took = time.process_time() - begun
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert code == "webdav_too_large"
    assert peak < 15_000_000
    assert took < 10


def test_a_tree_of_folders_alone_is_left_at_any_folder() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        below = (entry(f"{request.path}{number}/", size=None) for number in range(3))
        said(207, multistatus(entry(request.path, size=None), *below))(request)

    class GivenUp(Exception):
        pass

    asked: list[None] = []

    def check() -> None:
        asked.append(None)
        if len(asked) == 5:
            raise GivenUp

    with told_server(answer) as url, pytest.raises(GivenUp):
        list(source_of(url).list(check=check))


def test_a_tree_without_end_is_listed_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.dav_paths.MOST_FOLDERS", 20)
    monkeypatch.setattr("ingest.sources.dav_paths.MOST_DEPTH", 4)

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        below = (entry(f"{request.path}{number}/", size=None) for number in range(2))
        said(207, multistatus(*below, entry(f"{request.path}a.txt")))(request)

    asked: list[str] = []
    with told_server(answer) as url:
        found = list(source_of(url).list())
    faults = {each.code for each in found if isinstance(each, ListingFault) and each.hides_files}
    assert faults == {"folder_too_deep", "folders_too_many"}
    assert len(asked) == 20
    assert len([each for each in found if isinstance(each, ListedFile)]) == 20


def test_a_long_answer_is_left_midway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.dav_connection._CHECK_S", 0)

    class GivenUp(Exception):
        pass

    def dripping(request: BaseHTTPRequestHandler) -> None:
        request.send_response(207)
        request.end_headers()
        for _ in range(10):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.1)

    asked: list[None] = []

    def check() -> None:
        asked.append(None)
        if len(asked) == 3:
            raise GivenUp

    with told_server(dripping) as url, pytest.raises(GivenUp):
        list(source_of(url).list(check=check))


def test_a_test_of_the_connection_ends_in_time_and_asks_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def silent(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        time.sleep(2)

    with told_server(silent) as url:
        source = WebDavSource(url, user="", password="", limits=WebDavLimits(test_s=0.5))
        _MADE.append(source)
        begun = time.monotonic()
        with pytest.raises(SourceFault) as fault:
            source.first_names(limit=3)
        took = time.monotonic() - begun
    assert fault.value.code == "webdav_slow"
    assert took < 1.9
    assert len(asked) == 1


def read(source: WebDavSource, file: ListedFile) -> bytes:
    with source.open(file) as stream:
        return stream.read()


PAGE = b"<!doctype html><title>Connexion SSO</title>"


@pytest.mark.parametrize(
    ("name", "kind", "size", "code"),
    [
        ("a.txt", "text/html", 99, "webdav_not_dav"),
        ("a.txt", "Text/HTML; charset=utf-8", -1, "webdav_not_dav"),
        ("a.html", "text/html", 99, "file_changing"),
        ("a.txt", "text/plain", 99, "file_changing"),
        ("a.txt", "text/plain", 0, "file_changing"),
    ],
)
def test_a_page_in_the_stead_of_a_file_is_refused(
    name: str, kind: str, size: int, code: str
) -> None:
    with told_server(said(200, PAGE, kind=kind)) as url, pytest.raises(SourceFault) as fault:
        read(source_of(url), ListedFile(name, f"/{name}", size, "1"))
    assert fault.value.code == code


@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("a.HTML", "text/html", len(PAGE)),
        ("a.html", "text/html", -1),
        ("a.aspx", "text/html", len(PAGE)),
        ("a.txt", "text/plain", -1),
    ],
)
def test_a_page_that_is_the_file_is_read(name: str, kind: str, size: int) -> None:
    with told_server(said(200, PAGE, kind=kind)) as url:
        assert read(source_of(url), ListedFile(name, f"/{name}", size, "1")) == PAGE


def test_a_path_that_reads_like_a_host_stays_on_the_server() -> None:
    asked: list[str] = []

    def noted(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        said(404)(request)

    with told_server(noted) as url:
        code = code_of(source_of(f"{url.rstrip('/')}//elsewhere.invalid/dav/"))

    assert code == "webdav_missing"
    assert [path.lstrip("/") for path in asked] == ["elsewhere.invalid/dav/"]
