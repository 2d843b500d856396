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

    Who has no lock is dead; who has one that cannot be tried is not. Safe to use from several threads
    and processes.

    Args:
        root: Folder of the locks; made when absent.

    Raises:
        OSError: The folder cannot be made or read.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._own = uuid4().hex
        self._entering = threading.Lock()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def enter(self) -> str:
        """Be known as alive from now on, also after somebody removed the lock; the id of this one.

        Raises:
            OSError: The lock cannot be made.
        """
        with self._entering:
            if not (self._root / self._own).exists():
                self._lock()
        return self._own

    def is_alive(self, holder: str) -> bool:
        """True while its process lives, and always of this one; never of an empty id."""
        if holder == self._own:
            return True
        try:
            descriptor = os.open(self._root / holder, os.O_RDWR | os.O_CLOEXEC)
        except (FileNotFoundError, IsADirectoryError):
            return False
        except OSError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def drop_dead(self) -> None:
        """Remove the locks of the dead."""
        for place in self._root.iterdir():
            if not place.name.startswith(".") and not self.is_alive(place.name):
                place.unlink(missing_ok=True)

    def _lock(self) -> None:
        making, place = self._root / f".{self._own}", self._root / self._own
        descriptor = os.open(making, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            making.rename(place)  # by its final name, it is locked: nobody takes it for dead
        except OSError:
            making.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        weakref.finalize(self, os.close, descriptor)  # and nothing that blocks: it runs anywhere
