"""What Linux offers to keep hold of a process and all it starts."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PATIENCE = 4.0
"""How many times the time allowed may pass in all when the machine is too busy to go on with the work."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def become_subreaper() -> None:
    """Adopt the descendants whose own parents die, those that left the session included."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the parent process dies. The parent must have a single thread."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def drop_privilege_gain() -> None:
    """Give up gaining privileges by running set-uid programs."""
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def leave_network() -> bool:
    """Move this process to a network of its own without any interface; False where not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) == 0:
        return True
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    with suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    return True


def descendants(root: int) -> set[int]:
    """Ids of all living processes below one, whatever their session."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), []):
            if pid not in found:
                found.add(pid)
                waiting.append(pid)
    return found


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory held by processes, shared pages counted once per process; the dead count for 0."""
    total = 0
    for pid in pids:
        with suppress(OSError, IndexError, ValueError):
            total += int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE_BYTES
    return total


class CoreWait:
    """Time in which processes could have run but waited for a core: it is the machine's, not theirs.

    Linux tells it of the first thread of each process. What a process waited after it was last looked
    at is lost with it, so look often; without these figures the time is 0.
    """

    def __init__(self, root: int) -> None:
        """Count from now on, for all processes below one."""
        self._root = root
        self._before: dict[int, float] = {}
        self._now: dict[int, float] = {}
        self.look()
        self._before = dict(self._now)

    def look(self) -> float:
        """The time waited in all since the start, in seconds."""
        for pid in descendants(self._root):
            with suppress(OSError, IndexError, ValueError):
                waited = Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1]
                self._now[pid] = int(waited) / 1e9
        return sum(waited - self._before.get(pid, 0.0) for pid, waited in self._now.items())


class WorkTime:
    """The time that the work of the processes below one has taken, less what they waited for a core."""

    def __init__(self, root: int) -> None:
        """Count from now on; ask often, for the sake of short-lived processes."""
        self._started = time.monotonic()
        self._wait = CoreWait(root)

    def spent_s(self) -> float:
        """Time taken, in seconds; at least the share of the wall clock that patience leaves."""
        elapsed_s = time.monotonic() - self._started
        return max(elapsed_s - self._wait.look(), elapsed_s / _PATIENCE)


def kill_descendants(root: int, *, within_s: float = 5.0) -> None:
    """Kill everything below a process: all are stopped first, so that none forks away meanwhile."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        stopped: set[int] = set()
        while (fresh := descendants(root) - stopped) and time.monotonic() < deadline:
            _signal(fresh, signal.SIGSTOP)
            stopped |= fresh
        if not stopped:
            return
        _signal(stopped, signal.SIGKILL)
        _reap()
        time.sleep(0.005)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _parents() -> Iterable[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        name = entry.name
        if not name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            stat = (entry / "stat").read_text("utf-8", "replace")
            fields = stat.rpartition(")")[2].split()
            if fields[0] not in {"Z", "X"}:
                yield int(name), int(fields[1])
