"""Who owns a data folder: an operating-system lock, and the address of the server that holds it.

The lock ends with its process, however that ends; the files beside it only inform.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from assistant.domain.errors import ConfigurationError

_LOCK = "lock"
_ADDRESS = "server.json"
_TRIES = 10
_PAUSE_S = 0.02
"""Between two tries: `is_owned` holds the lock for some microseconds."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds the lock."""

    pid: int
    command: str
    """Name of the command, such as "serve"."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """How to reach a running server as the owner of the machine."""

    url: str
    pid: int
    token: str


@contextmanager
def own(run: Path, *, command: str) -> Generator[None]:
    """Hold the data folder for as long as the block runs.

    Args:
        run: Its folder `run`, which exists.
        command: Name of the command, told to whoever comes later.

    Raises:
        ConfigurationError: A server ("data_dir_served") or a command ("data_dir_in_use") holds it.
    """
    descriptor = os.open(run / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _lock(descriptor):
            raise _refusal(run)
        owner = Owner(os.getpid(), command)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(owner)).encode(), 0)
        (run / _ADDRESS).unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def announced(run: Path, address: ServerAddress) -> Generator[None]:
    """Tell commands of this machine's owner where the server is, for as long as the block runs."""
    path = run / _ADDRESS
    fresh = run / f"{_ADDRESS}.{os.getpid()}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(address), file)
    fresh.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def is_owned(run: Path) -> bool:
    """True when some process holds the folder now."""
    try:
        descriptor = os.open(run / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def find_server(run: Path) -> ServerAddress | None:
    """The server that holds the folder; None when there is none, or it does not listen yet."""
    if not is_owned(run):
        return None
    values = _read(run / _ADDRESS)
    with suppress(KeyError, TypeError, ValueError):
        return ServerAddress(str(values["url"]), int(values["pid"]), str(values["token"]))
    return None


def find_owner(run: Path) -> Owner | None:
    """The process that holds the folder, None when it is free."""
    if not is_owned(run):
        return None
    values = _read(run / _LOCK)
    with suppress(KeyError, TypeError, ValueError):
        return Owner(int(values["pid"]), str(values["command"]))
    return Owner(0, "?")


def _lock(descriptor: int) -> bool:
    for attempt in range(_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if attempt < _TRIES - 1:
            time.sleep(_PAUSE_S)
    return False


def _refusal(run: Path) -> ConfigurationError:
    address = find_server(run)
    if address is not None:
        return ConfigurationError("data_dir_served", url=address.url, pid=address.pid)
    owner = find_owner(run) or Owner(0, "?")
    return ConfigurationError(
        "data_dir_in_use", path=str(run.parent), command=owner.command, pid=owner.pid
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", values) if isinstance(values, dict) else {}
