"""Parsers that spin, swallow memory, fork or crash: dead with their children, and the next file is read."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ingest.errors import IngestError, ParserDied, ReaderBusy
from ingest.processes import leave_network
from ingest.reader import Limits, ParserPool, remove_leftovers

READERS = Path(__file__).parent / "planted_readers.py"
BASE_S = 3.0


def open_pool(
    scratch: Path, *, children: int = 1, base_s: float = BASE_S, wait_s: float | None = None
) -> ParserPool:
    limits = Limits(base_s=base_s, page_s=0.05, memory_bytes=600_000_000)
    return ParserPool(
        limits, children=children, scratch=scratch, reading=f"{READERS}:read", wait_s=wait_s
    )


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[ParserPool]:
    pool = open_pool(tmp_path / "scratch")
    yield pool
    pool.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def build(text: str) -> Path:
        path = tmp_path / "files" / "planted.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return build


def assert_all_dead(pids: set[int]) -> None:
    deadline = time.monotonic() + 3
    living = pids
    while living and time.monotonic() < deadline:
        living = {
            pid
            for pid in pids
            if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"
        }
        time.sleep(0.02)
    assert not living


def escaped(folder: Path) -> set[int]:
    return {int(path.read_text("ascii")) for path in folder.glob("escaped-*")}


@pytest.mark.parametrize(
    ("word", "code", "base_s"),
    [
        ("SPIN", "parser_timeout", 1.5),
        ("SLEEP", "parser_timeout", 1.5),
        ("ALLOCATE", "parser_memory", 20),
        ("SWELL", "parser_memory", 20),
        ("SEGFAULT", "parser_crashed", 20),
        ("KILL", "parser_memory", 20),
        ("MULTIPLY", "parser_crashed", 20),
        ("RAISE", "parser_crashed", 20),
        ("WRITE", "result_too_large", 20),
        ("MUCH", "result_too_large", 20),
    ],
)
def test_misbehaving_parser_dies_within_its_limit_and_the_next_file_is_read(
    tmp_path: Path, write: Callable[[str], Path], word: str, code: str, base_s: float
) -> None:
    planted = open_pool(tmp_path / "scratch", base_s=base_s)
    planted.read(write("bonjour"), name="avant")
    before = planted.process_ids
    started = time.monotonic()

    with pytest.raises(ParserDied) as caught:
        planted.read(write(f"{word} "), name="planté")

    assert caught.value.code == code
    assert caught.value.sentence
    assert time.monotonic() - started < base_s + 5
    assert_all_dead(before)
    assert planted.read(write("bonjour"), name="après").document.title.startswith("après")
    planted.close()


@pytest.fixture
def shared_core() -> Iterator[None]:
    """This thread and all it starts run on one core, which two others keep busy."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for spinner in spinners:
        spinner.kill()
        spinner.wait()
    os.sched_setaffinity(0, cores)


@pytest.mark.usefixtures("shared_core")
def test_time_spent_waiting_for_a_core_is_not_held_against_a_file(
    tmp_path: Path, write: Callable[[str], Path]
) -> None:
    pool = open_pool(tmp_path / "scratch", base_s=2)
    pool.read(write("bonjour"), name="avant")
    started = time.monotonic()

    said = pool.read(write("COMPUTE 1.2"), name="long").document.title
    took_s = time.monotonic() - started
    pool.close()

    assert said == "lu"
    assert took_s > 2, "the core was not shared: nothing was tried"


def test_forked_daemons_die_with_their_parser(
    planted: ParserPool, write: Callable[[str], Path]
) -> None:
    path = write("FORK ")

    with pytest.raises(ParserDied, match="temps permis"):
        planted.read(path, name="planté")

    assert len(escaped(path.parent)) == 3
    assert_all_dead(escaped(path.parent))


def test_daemons_left_by_a_good_parser_die_before_the_next_file(
    planted: ParserPool, write: Callable[[str], Path]
) -> None:
    path = write("ESCAPE ")

    assert planted.read(path, name="planté").document.title == "parti"

    assert_all_dead(escaped(path.parent))
    assert planted.process_ids == set()


def test_daemons_of_a_crashed_parser_die(planted: ParserPool, write: Callable[[str], Path]) -> None:
    path = write("CRASH ")

    with pytest.raises(ParserDied):
        planted.read(path, name="planté")

    assert_all_dead(escaped(path.parent))


def test_children_die_with_a_killed_parent(tmp_path: Path, write: Callable[[str], Path]) -> None:
    path = write("FORK ")
    script = (
        "import sys; from pathlib import Path; from ingest.reader import Limits, ParserPool\n"
        f"pool = ParserPool(Limits(), children=1, scratch=Path({str(tmp_path / 'scratch')!r}), "
        f"reading={f'{READERS}:read'!r})\n"
        f"pool.read(Path({str(path)!r}), name='x')\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 20
    while (
        len(escaped_files := list(path.parent.glob("escaped-*"))) < 3
        and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    time.sleep(0.1)
    family = {child.pid for child in psutil.Process(parent.pid).children(recursive=True)}
    assert len(family) >= 5, escaped_files

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    assert_all_dead(family | escaped(path.parent))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_pages_extend_the_time_allowed(tmp_path: Path, write: Callable[[str], Path]) -> None:
    pool = open_pool(tmp_path / "scratch", base_s=1.0)
    try:
        assert pool.read(write("PAGES 1.6"), name="x").document.title == "lu"
    finally:
        pool.close()


def test_child_inherits_no_secret_and_no_descriptor(
    planted: ParserPool, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_MODEL__API_KEY", "clef-à-taire")
    inherited_read, inherited_write = os.pipe()
    os.set_inheritable(inherited_read, True)
    inherited = f"pipe:[{os.fstat(inherited_read).st_ino}]"
    try:
        told = planted.read(write("TELL "), name="x").document.title
    finally:
        os.close(inherited_read)
        os.close(inherited_write)

    environment, _, descriptors = told.partition("|")
    assert "clef" not in environment
    assert "ASSISTANT" not in environment
    assert "pipe:" in descriptors
    assert inherited not in descriptors


def test_child_has_no_network_where_the_system_allows(
    planted: ParserPool, write: Callable[[str], Path]
) -> None:
    if not network_can_be_left():
        pytest.skip("this system does not let a process leave the network")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        assert planted.read(write(f"CONNECT {port}"), name="x").document.title == "coupé"


def network_can_be_left() -> bool:
    pid = os.fork()
    if pid == 0:
        os._exit(0 if leave_network() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_child_is_warm_and_its_folder_goes_with_the_pool(
    tmp_path: Path, write: Callable[[str], Path]
) -> None:
    pool = open_pool(tmp_path / "scratch")
    path = write("bonjour")
    pool.read(path, name="un")
    first = pool.process_ids

    pool.read(path, name="deux")

    assert pool.process_ids == first
    pool.close()
    assert_all_dead(first)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_closing_ends_a_reading_under_way(tmp_path: Path, write: Callable[[str], Path]) -> None:
    pool = open_pool(tmp_path / "scratch", base_s=60)
    path = write("SLEEP ")
    seen: list[IngestError] = []

    def read() -> None:
        try:
            pool.read(path, name="x")
        except IngestError as error:
            seen.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    while len(pool.process_ids) < 2:
        time.sleep(0.01)
    pids = pool.process_ids

    pool.close()
    thread.join(5)

    assert [error.code for error in seen] == ["parser_crashed"]
    assert_all_dead(pids)
    with pytest.raises(ParserDied):
        pool.read(path, name="x")


def test_an_interrupted_reading_ends_within_seconds_and_the_next_file_is_read(
    tmp_path: Path, write: Callable[[str], Path]
) -> None:
    pool = open_pool(tmp_path / "scratch", base_s=60)
    seen: list[IngestError] = []
    path = write("SLEEP ")

    def read() -> None:
        try:
            pool.read(path, name="x")
        except IngestError as error:
            seen.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    while len(pool.process_ids) < 2:
        time.sleep(0.01)
    pids = pool.process_ids

    asked = time.monotonic()
    pool.interrupt()
    thread.join(5)

    assert time.monotonic() - asked < 5
    assert [error.code for error in seen] == ["parser_crashed"]
    assert_all_dead(pids)
    assert pool.read(write("bonjour"), name="suivant").document.title.startswith("suivant")
    pool.close()


def test_the_readings_of_other_callers_are_not_interrupted(
    tmp_path: Path, write: Callable[[str], Path]
) -> None:
    pool = open_pool(tmp_path / "scratch", children=2, base_s=60)
    ended: list[str] = []
    path = write("SLEEP ")

    def read(caller: str) -> None:
        with suppress(IngestError):
            pool.read(path, name="x", caller=caller)
        ended.append(caller)

    threads = [threading.Thread(target=read, args=(caller,)) for caller in ("a", "b", "b")]
    for thread in threads[:2]:
        thread.start()
    while len(pool.process_ids) < 4:
        time.sleep(0.01)
    threads[2].start()
    time.sleep(0.3)  # it waits for a free child by then

    pool.interrupt("b")
    threads[1].join(5)
    threads[2].join(5)
    assert ended == ["b", "b"]
    assert threads[0].is_alive()

    pool.interrupt()
    threads[0].join(5)
    assert ended == ["b", "b", "a"]
    pool.close()


def test_several_threads_share_the_children(tmp_path: Path, write: Callable[[str], Path]) -> None:
    pool = open_pool(tmp_path / "scratch", children=2, base_s=20)
    path = write("bonjour")
    titles: list[str] = []

    def read(index: int) -> None:
        titles.append(pool.read(path, name=f"n{index}").document.title.split()[0])

    threads = [threading.Thread(target=read, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(titles) == [f"n{index}" for index in range(8)]
    assert len(pool.process_ids) <= 4
    pool.close()


def test_pool_needs_a_child(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="children"):
        ParserPool(Limits(), children=0, scratch=tmp_path)


def test_a_call_does_not_wait_for_ever_for_a_free_child(
    tmp_path: Path, write: Callable[[str], Path]
) -> None:
    pool = open_pool(tmp_path / "scratch", base_s=60, wait_s=0.3)
    path = write("SLEEP ")
    thread = threading.Thread(target=_read_quietly, args=(pool, path))
    thread.start()
    while len(pool.process_ids) < 2:
        time.sleep(0.01)

    with pytest.raises(ReaderBusy, match="Réessayez"):
        pool.read(path, name="x")

    pool.close()
    thread.join(5)
    assert not thread.is_alive()


def _read_quietly(pool: ParserPool, path: Path) -> None:
    with suppress(ParserDied):
        pool.read(path, name="x")


def test_a_child_that_cannot_be_started_leaves_nothing(
    tmp_path: Path, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, "planted")

    pool = open_pool(tmp_path / "scratch")
    path = write("bonjour")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", refuse)
        with pytest.raises(OSError, match="planted"):
            pool.read(path, name="x")

    assert list((tmp_path / "scratch").iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert pool.read(path, name="après").document.title.startswith("après")
    pool.close()


def test_folders_of_children_that_died_with_the_machine_are_removed(tmp_path: Path) -> None:
    (tmp_path / "child-x" / "tmp").mkdir(parents=True)
    (tmp_path / "child-x" / "result").write_text("texte", "utf-8")
    (tmp_path / "other").mkdir()

    remove_leftovers(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_messages_of_a_parser_do_not_reach_the_log(
    planted: ParserPool, write: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    with suppress(ParserDied):
        planted.read(write("RAISE "), name="x")

    assert "texte du document" not in "".join(str(record.__dict__) for record in caplog.records)
