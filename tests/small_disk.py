"""A real small disk that fills up: scenarios run in a process of their own, which sees it alone."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import NO_NAMESPACES

MEGABYTE = 1_000_000
_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_REC, _MS_PRIVATE = 0x4000, 1 << 18
_MOST_S = 300.0


class SmallDisk:
    """A file system in memory that this process alone sees; filled and emptied at will."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ballast = root / "ballast"

    def fill(self, *, left_bytes: int = 0) -> None:
        """Leave so much room, in whole pages of memory."""
        self.free()
        found = os.statvfs(self.root)
        wanted = found.f_bavail * found.f_frsize - left_bytes
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, wanted))

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)


Body = Callable[[SmallDisk, Path], None]


def on_small_disk(body: Body, folder: Path, *, size_bytes: int = 40 * MEGABYTE) -> None:
    """Run a scenario with a small disk and a folder on the large one.

    Args:
        body: A function of a module, which asserts.
        folder: Where the disk is mounted, and where the other folder is.
        size_bytes: Of the disk.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.full_disks"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(body, str(folder), size_bytes, theirs))
    with _without_main():
        process.start()
    theirs.close()
    said = ""
    with suppress(EOFError):
        said = ours.recv() if ours.poll(_MOST_S) else "it hangs"
    process.join(10)
    process.kill()
    if said == NO_NAMESPACES:
        pytest.skip(NO_NAMESPACES)
    assert (said, process.exitcode) == ("done", 0), said


@contextmanager
def _without_main() -> Generator[None]:
    """A test of a page may have left its script as the main module, which children import."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield


def _run(body: Body, folder: str, size_bytes: int, told: Connection) -> None:
    small, large = Path(folder) / "small", Path(folder) / "large"
    for each in (small, large):
        each.mkdir()
    if not _mounted(small, size_bytes=size_bytes):
        told.send(NO_NAMESPACES)
        return
    try:
        body(SmallDisk(small), large)
    except BaseException:  # noqa: BLE001 - told to the test
        told.send(traceback.format_exc())
    else:
        told.send("done")


def _mounted(place: Path, *, size_bytes: int) -> bool:
    """Mount the disk in a view of the file system that ends with this process; False where not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWNS) != 0:
        if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS) != 0:
            return False
        with suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    if libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        return False
    options = f"size={size_bytes},mode=0700".encode()
    return libc.mount(b"tmpfs", str(place).encode(), b"tmpfs", 0, options) == 0
