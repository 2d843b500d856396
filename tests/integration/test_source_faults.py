"""A real WebDAV server that is killed in the middle of a sync, or whose files change meanwhile."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, cast

import pytest

from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import DocumentState
from assistant.domain.sources import RunState, Source, SourceKind, SourceRun
from assistant.services.source_drafts import SourceDraft
from ingest.catalogue import sentence
from ingest.sources.listing import ListedFile, ListingFault
from ingest.sources.webdav import WebDavSource
from tests.house import House, open_house
from tests.sources import Desk
from tests.webdav import PASSWORD, USER, webdav_server

FILES = {
    f"{folder}/{n}.txt": f"Texte {folder} {n}\nSuite {n}"
    for folder in ("a", "b", "c")
    for n in range(4)
}
CUT = frozenset({"webdav_unreachable", "webdav_stopped"})


class Cloud:
    """A server in a process of its own, killed and started again at one address."""

    def __init__(self, folder: Path, context: ForkServerContext) -> None:
        self._folder, self._context = folder, context
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        ours, theirs = self._context.Pipe(duplex=False)
        arguments = (str(self._folder), self._port, theirs)
        self._process = self._context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        self._port = ours.recv()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def _serve(folder: str, port: int, ready: Connection) -> None:
    with webdav_server(Path(folder), port=port) as url:
        ready.send(int(url.rpartition(":")[2]))
        threading.Event().wait()  # for the kill


@pytest.fixture(scope="module")
def processes() -> Generator[ForkServerContext]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.full_disks", "tests.webdav"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield context


@pytest.fixture
def cloud(tmp_path: Path, processes: ForkServerContext) -> Generator[Cloud]:
    (tmp_path / "partage").mkdir()
    cloud = Cloud(tmp_path / "partage", processes)
    yield cloud
    cloud.kill()


@pytest.fixture
def desk(tmp_path: Path, cloud: Cloud) -> Generator[Desk]:
    house = open_house(tmp_path / "house")
    desk = Desk(house, tmp_path / "partage", hosts=(cloud.url,))
    desk.write(FILES)
    yield desk
    house.close()


@pytest.fixture
def source(desk: Desk, cloud: Cloud) -> Source:
    house = desk.house
    draft = SourceDraft("Nuage", cloud.url, user=USER, password=PASSWORD)
    return desk.sources.add(
        draft,
        kind=SourceKind.WEBDAV,
        collection_id=None,
        principal=house.principal,
        scope=house.scope,
    ).source


def look_at_everything(house: House, files: dict[str, str]) -> None:
    """No lost document, no duplicate, no ghost."""
    assert house.live_texts() == {name: text.splitlines() for name, text in files.items()}
    assert set(house.all_documents()) == set(files)
    assert {each.state for each in house.all_documents().values()} == {DocumentState.LIVE}
    with house.open_work() as work:
        assert house.index.held_versions() == work.ledger.live_versions(ORDINARY)
    found = sorted(chunk.text for chunk in house.search("texte suite"))
    assert found == sorted(line for text in files.values() for line in text.splitlines())
    house.database.check()


def is_cut(run: SourceRun) -> None:
    """The look failed for one reason, which has its sentence."""
    assert run.state is RunState.FAILED
    assert run.reason is not None
    assert run.reason.code in CUT
    assert "Aucun document n'a été retiré" in sentence(run.reason.code, **run.reason.params)


def kill_at_opening(monkeypatch: pytest.MonkeyPatch, count: int, act: Callable[[], None]) -> None:
    """Do something just before the n-th content is fetched."""
    opened = WebDavSource.open
    left = [count]

    @contextmanager
    def opening(place: WebDavSource, file: ListedFile) -> Generator[BinaryIO]:
        left[0] -= 1
        if not left[0]:
            act()
        with opened(place, file) as stream:
            yield stream

    monkeypatch.setattr(WebDavSource, "open", opening)


def kill_while_listing(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something after the first file was listed."""
    listed = WebDavSource.list

    def listing(
        place: WebDavSource, *, check: Callable[[], None]
    ) -> Iterator[ListedFile | ListingFault]:
        for count, each in enumerate(listed(place, check=check)):
            yield each
            if not count:
                act()

    monkeypatch.setattr(WebDavSource, "list", listing)


CHANGED = {**FILES, "a/0.txt": "Texte changé", "d/neuf.txt": "Texte neuf"}


def change(desk: Desk) -> dict[str, str]:
    """One file changed, one new, one gone."""
    desk.write({name: CHANGED[name] for name in ("a/0.txt", "d/neuf.txt")})
    (desk.root / "c/3.txt").unlink()
    return {name: text for name, text in CHANGED.items() if name != "c/3.txt"}


@pytest.mark.parametrize("moment", ["while listing", "while reading"])
def test_a_server_killed_in_the_middle_and_back(
    desk: Desk, cloud: Cloud, source: Source, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    assert desk.run(source).state is RunState.DONE
    look_at_everything(desk.house, FILES)
    expected = change(desk)

    with monkeypatch.context() as patch:
        if moment == "while listing":
            kill_while_listing(patch, cloud.kill)
        else:
            kill_at_opening(patch, 2, cloud.kill)
        is_cut(desk.run(source))
    gone = {"c/3.txt"} if moment == "while reading" else set[str]()
    assert set(FILES) - gone <= set(desk.house.all_documents()), (
        "only what the whole listing lacked"
    )
    assert desk.house.live_texts()["b/0.txt"] == FILES["b/0.txt"].splitlines()

    cloud.start()
    assert desk.run(source).state is RunState.DONE
    look_at_everything(desk.house, expected)


def test_a_first_sync_whose_server_dies_goes_on_where_it_was(
    desk: Desk, cloud: Cloud, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        kill_at_opening(patch, 7, cloud.kill)
        is_cut(desk.run(source))

    cloud.start()
    assert desk.run(source).state is RunState.DONE
    look_at_everything(desk.house, FILES)


class Rest:
    """A stream of which a part was read already."""

    def __init__(self, begun: bytes, stream: BinaryIO) -> None:
        self._begun, self._stream = begun, stream

    def read(self, size: int) -> bytes:
        begun, self._begun = self._begun, b""
        return begun or self._stream.read(size)


def test_a_file_rewritten_while_it_is_read_is_of_one_version(
    desk: Desk, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has sent a part of the old one when the new one takes its place, in the same file."""
    old, new = ("\n".join([f"{word} {'x' * 70_000}"] * 60) for word in ("Ancien", "Récent"))
    desk.write({"long.txt": old})
    put = desk.house.files.put
    changes: list[int] = []

    def rewritten_meanwhile(
        stream: BinaryIO, *, max_bytes: int, claimant: str = ""
    ) -> tuple[str, int]:
        begun = stream.read(6)
        if begun == b"Ancien" and not changes:
            with (desk.root / "long.txt").open("r+b") as file:
                changes.append(file.write(new.encode()))
        return put(cast("BinaryIO", Rest(begun, stream)), max_bytes=max_bytes, claimant=claimant)

    monkeypatch.setattr(desk.house.files, "put", rewritten_meanwhile)

    assert desk.run(source).state is RunState.DONE
    assert changes
    assert "long.txt" not in desk.house.live_texts()

    assert desk.run(source).state is RunState.DONE
    words = [text.split()[0] for text in desk.house.live_texts()["long.txt"]]
    assert words == ["Récent"] * 60
