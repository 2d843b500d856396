"""Whose a file is: a store is known by a lock, so that what a dead process left is told at once."""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from pathlib import Path
from uuid import uuid4


class Holders:
    """The stores that share a folder, one of which is this one, as `<root>/<id>`, locked while it lives.

    Safe to use from several threads and processes.

    Args:
        root: Folder of the locks; made when absent.

    Raises:
        OSError: The folder cannot be made; so do all methods when the disk fails.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._own: str | None = None
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def own(self) -> str:
        """The id of this one; it is locked from the first time that it is asked for."""
        with self._lock:
            if self._own is None:
                self._own = self._entered()
            return self._own

    def is_alive(self, holder: str) -> bool:
        """True while its process lives; never of an empty id."""
        if not holder:
            return False
        try:
            descriptor = os.open(self._root / holder, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def drop_dead(self) -> None:
        """Remove the locks of the dead: who has none is dead as well."""
        for place in self._root.iterdir():
            if not place.name.startswith(".") and not self.is_alive(place.name):
                place.unlink(missing_ok=True)

    def _entered(self) -> str:
        name = uuid4().hex
        making, place = self._root / f".{name}", self._root / name
        descriptor = os.open(making, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        weakref.finalize(self, _leave, descriptor, place, os.getpid())
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        making.rename(place)  # by its final name, it is locked: nobody takes it for dead
        return name


def _leave(descriptor: int, place: Path, pid: int) -> None:
    if os.getpid() == pid:  # not in a child that was forked
        place.unlink(missing_ok=True)
    os.close(descriptor)
