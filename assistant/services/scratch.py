"""Folders of one process below `tmp/`, which others remove once it is dead.

They hold text of documents, or keep erased originals on the disk: what a killed process left has to go.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_PREFIX = "of-"
_LOCK = "lock"


@contextmanager
def own_scratch(shared: Path) -> Generator[Path]:
    """A folder for this process alone, gone at the end; those that dead processes left are removed.

    A living process is known by the lock that it holds.
    """
    sweep_scratch(shared)
    name = f"{os.getpid()}-{uuid4()}"
    making, own = shared / f"making-{name}", shared / f"{_PREFIX}{name}"
    making.mkdir(mode=0o700, parents=True)
    descriptor = os.open(making / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        making.rename(own)  # by its final name, it is locked: nobody takes it for abandoned
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(descriptor)


def sweep_scratch(shared: Path) -> None:
    """Remove the folders of dead processes."""
    for folder in shared.glob(f"{_PREFIX}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return folder.is_dir()  # its removal was cut short
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
