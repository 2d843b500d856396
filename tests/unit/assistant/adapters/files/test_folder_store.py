from __future__ import annotations

import errno
import fcntl
import gc
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from assistant.adapters.files.folder import FolderFileStore
from assistant.domain.errors import InvalidInput, StorageError

ON_SMALL_DISK = """
set -e
mount -t tmpfs -o size=400k none "$1"
exec "$2" -c "$3" "$1"
"""
FILL = """
import io, sys
from pathlib import Path
from assistant.adapters.files.folder import FolderFileStore
from assistant.domain.errors import StorageError
root = Path(sys.argv[1])
store = FolderFileStore(root / "files")
small, _ = store.put(io.BytesIO(b"a" * 50_000), max_bytes=10**7)
for act in (
    lambda: store.put(io.BytesIO(b"b" * 5_000_000), max_bytes=10**7),
    lambda: store.put_page_image(small, page=1, image=b"\\x89PNG" + bytes(5_000_000)),
):
    try:
        act()
    except StorageError as error:
        print(error.code)
found = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
print([str(path) for path in found if path.parent.name != "holders"] == [
    f"files/{small[:2]}/{small}"
])
print(store.put(io.BytesIO(b"c" * 100_000), max_bytes=10**7)[1])
"""
READ_ONLY = """
import io, os, sys
from pathlib import Path
from assistant.adapters.files.folder import FolderFileStore
from assistant.domain.errors import StorageError
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for act in (
    lambda: FolderFileStore(Path(sys.argv[1]) / "new" / "files"),
    lambda: FolderFileStore(Path(sys.argv[1]) / "data" / "files").put(io.BytesIO(b"a"), max_bytes=9),
):
    try:
        act()
    except StorageError as error:
        print(error.code)
"""
ENDLESS = """
import sys
from pathlib import Path
from assistant.adapters.files.folder import FolderFileStore
class Endless:
    def read(self, size):
        print("read", flush=True)
        return b"a" * size
FolderFileStore(Path(sys.argv[1])).put(Endless(), max_bytes=10**12)
"""
CLAIM = """
import io, sys, time
from pathlib import Path
from assistant.adapters.files.folder import FolderFileStore
store = FolderFileStore(Path(sys.argv[1]))
print(store.put(io.BytesIO(b"a"), max_bytes=9, claimant="somebody")[0], flush=True)
time.sleep(600)
"""


class Broken(io.BytesIO):
    """Sends some bytes, then an error."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ConnectionResetError
        return super().read(4)


def contents(folder: Path) -> list[Path]:
    """All files but the locks of those that write."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if path.parent.name != "holders"]


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    store = FolderFileStore(tmp_path / "files")
    with pytest.raises(StorageError):
        store.put(Broken(b"content"), max_bytes=100)
    assert contents(tmp_path) == []


def test_a_content_too_long_leaves_nothing(tmp_path: Path) -> None:
    store = FolderFileStore(tmp_path / "files")
    with pytest.raises(InvalidInput):
        store.put(io.BytesIO(b"a" * 3_000_000), max_bytes=2_500_000)
    assert contents(tmp_path) == []


def test_an_endless_stream_is_cut(tmp_path: Path) -> None:
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return b"a" * (size or 1)

    with pytest.raises(InvalidInput):
        FolderFileStore(tmp_path / "files").put(Endless(), max_bytes=5_000_000)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    run = subprocess.run(
        ["unshare", "-rm", "sh", "-c", ON_SMALL_DISK, "sh", str(tmp_path), sys.executable, FILL],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "unshare" in run.stderr or "mount" in run.stderr:
        pytest.skip(f"no small disk here: {run.stderr.strip()}")
    assert run.stdout.split() == ["disk_full", "disk_full", "True", "100000"]


def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    FolderFileStore(tmp_path / "data" / "files")
    for folder in (tmp_path, *tmp_path.rglob("*")):
        folder.chmod(0o555)
    run = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    for folder in (tmp_path, *tmp_path.rglob("*")):
        folder.chmod(0o755)
    assert run.stdout.split() == ["storage_denied", "storage_denied"]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("")
    with pytest.raises(StorageError) as raised:
        FolderFileStore(tmp_path / "files")
    assert raised.value.sentence


def writer(folder: Path) -> subprocess.Popen[str]:
    """A process amid the writing of a content."""
    child = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(folder / "files")], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    for _ in range(5):
        child.stdout.readline()
    return child


def killed(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=30)


def test_a_process_killed_while_it_writes_leaves_nothing_for_long(tmp_path: Path) -> None:
    child, other = writer(tmp_path), writer(tmp_path)
    killed(child)
    begun = contents(tmp_path)
    FolderFileStore(tmp_path / "files")
    of_the_living = contents(tmp_path)
    killed(other)
    FolderFileStore(tmp_path / "files")

    assert [path.parent.name for path in begun] == ["partial", "partial"]
    assert len(of_the_living) == 1
    assert set(of_the_living) < set(begun)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_partial_file_of_a_former_version_goes_at_the_next_start(tmp_path: Path) -> None:
    FolderFileStore(tmp_path / "files")
    (tmp_path / "files" / "partial" / "tmp7sm7ibkt").write_bytes(b"a")

    FolderFileStore(tmp_path / "files")

    assert contents(tmp_path) == []


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "living"])
def test_a_claim_ends_with_the_process_that_made_it(tmp_path: Path, *, is_killed: bool) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(tmp_path / "files")], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    sha256 = child.stdout.readline().strip()
    if is_killed:
        killed(child)
    store = FolderFileStore(tmp_path / "files")
    found = (store.claimed(), store.let_go_of())
    store.forget_claims({sha256})
    left = (store.claimed(), store.let_go_of())
    killed(child)

    nothing, it = frozenset[str](), frozenset({sha256})
    assert (found, left) == (
        ((nothing, it), (nothing, nothing)) if is_killed else (((it, nothing),) * 2)
    )


def test_a_store_that_goes_takes_nothing_from_the_others_of_its_process(tmp_path: Path) -> None:
    store, other = FolderFileStore(tmp_path / "files"), FolderFileStore(tmp_path / "files")
    sha256, _ = store.put(io.BytesIO(b"a"), max_bytes=1, claimant="somebody")
    of_other, _ = other.put(io.BytesIO(b"b"), max_bytes=1, claimant="another")
    del other
    gc.collect()
    FolderFileStore(tmp_path / "files")

    assert (store.claimed(), store.let_go_of()) == ({sha256}, {of_other})


def test_a_store_whose_lock_was_removed_is_known_again(tmp_path: Path) -> None:
    store, other = FolderFileStore(tmp_path / "files"), FolderFileStore(tmp_path / "files")
    first, _ = store.put(io.BytesIO(b"a"), max_bytes=1, claimant="somebody")
    for place in (tmp_path / "files" / "holders").iterdir():
        place.unlink()
    lost = (store.claimed(), other.claimed())
    second, _ = store.put(io.BytesIO(b"b"), max_bytes=1, claimant="somebody")

    assert lost == ({first}, frozenset())
    assert store.claimed() == other.claimed() == {first, second}


def test_a_lock_that_cannot_be_tried_is_of_the_living(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = FolderFileStore(tmp_path / "files"), FolderFileStore(tmp_path / "files")
    sha256, _ = store.put(io.BytesIO(b"a"), max_bytes=1, claimant="somebody")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", fail)
    assert other.claimed() == {sha256}
    with pytest.raises(StorageError):
        other.put(io.BytesIO(b"b"), max_bytes=1, claimant="another")
    monkeypatch.undo()

    assert len(list((tmp_path / "files" / "holders").iterdir())) == 1
    other.put(io.BytesIO(b"b"), max_bytes=1, claimant="another")
    assert len(store.claimed()) == 2


def test_a_claim_of_a_former_version_has_ended(tmp_path: Path) -> None:
    store = FolderFileStore(tmp_path / "files")
    sha256, _ = store.put(io.BytesIO(b"a"), max_bytes=1)
    (tmp_path / "files" / "claims" / f"{sha256}.somebody").touch()

    assert (store.claimed(), store.let_go_of()) == (frozenset(), {sha256})


def test_contents_are_for_their_owner_only(tmp_path: Path) -> None:
    store = FolderFileStore(tmp_path / "files")
    sha256, _ = store.put(io.BytesIO(b"a"), max_bytes=1)
    assert store.path(sha256).stat().st_mode & 0o077 == 0
    assert (tmp_path / "files").stat().st_mode & 0o077 == 0


def test_page_images_stay_within_their_bound_and_the_oldest_go_first(tmp_path: Path) -> None:
    store = FolderFileStore(tmp_path / "files", pages_bytes=2_500)
    sha256, _ = store.put(io.BytesIO(b"content"), max_bytes=10)
    for page in range(1, 5):
        place = store.put_page_image(sha256, page=page, image=b"\x89PNG" + bytes(996))
        os.utime(place, (page, page))

    kept = [page for page in range(1, 5) if store.page_image(sha256, page=page)]

    assert kept == [3, 4]
    assert store.has(sha256)


def test_pdfs_of_decks_count_within_the_same_bound(tmp_path: Path) -> None:
    store = FolderFileStore(tmp_path / "files", pages_bytes=2_500)
    decks = [store.put(io.BytesIO(name), max_bytes=10)[0] for name in (b"a", b"b", b"c")]
    for age, sha256 in enumerate(decks):
        place = store.put_deck_pdf(sha256, content=b"%PDF-" + bytes(1_000))
        os.utime(place, (age, age))

    assert [store.deck_pdf(sha256) is not None for sha256 in decks] == [False, True, True]


def test_an_image_larger_than_the_bound_is_served_all_the_same(tmp_path: Path) -> None:
    store = FolderFileStore(tmp_path / "files", pages_bytes=10)
    sha256, _ = store.put(io.BytesIO(b"content"), max_bytes=10)

    assert store.put_page_image(sha256, page=1, image=b"\x89PNG" + bytes(100)).is_file()


def test_page_images_without_their_content_are_dropped_at_start(tmp_path: Path) -> None:
    store = FolderFileStore(tmp_path / "files")
    kept, _ = store.put(io.BytesIO(b"content"), max_bytes=10)
    store.put_page_image(kept, page=1, image=b"\x89PNG")
    store.put_page_image("0" * 64, page=1, image=b"\x89PNG")

    FolderFileStore(tmp_path / "files")

    assert [path.name for path in (tmp_path / "pages").iterdir()] == [kept]


def disk_of(free: int) -> Callable[[Path], SimpleNamespace]:
    return lambda _: SimpleNamespace(free=free)


def test_the_room_is_what_is_free_less_the_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderFileStore(tmp_path / "files", reserve_bytes=300)
    for free, room in ((1000, 700), (200, -100)):
        monkeypatch.setattr(shutil, "disk_usage", disk_of(free))
        assert store.room_bytes() == room
