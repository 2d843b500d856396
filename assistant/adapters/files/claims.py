"""Who is about to refer to a content: one empty file for each claim, so that processes know of each other's."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from assistant.adapters.files.holders import Holders


class Claims:
    """Claims as `<root>/<SHA-256>.<claimant>.<holder>`, of the time at which they were made; 0 once let go.

    A claim ends with the process that made it.

    Args:
        root: Their folder; made when absent.
        life_s: How long a claim counts, in seconds.
        holders: The stores that share the folder.

    Raises:
        OSError: The folder cannot be made; so do all methods when the disk fails.
    """

    def __init__(self, root: Path, *, life_s: float, holders: Holders) -> None:
        self._root = root
        self._life_s = life_s
        self._holders = holders
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make(self, sha256: str, *, claimant: str) -> None:
        """Claim a content from now on."""
        place = self._root / f"{sha256}.{claimant}.{self._holders.enter()}"
        place.touch(mode=0o600)

    def let_go(self, claimant: str) -> None:
        """End all claims of a claimant; they are told by `ended` until they are forgotten."""
        for place in self._root.glob(f"*.{claimant}.*"):
            with suppress(FileNotFoundError):
                _age(place)

    def standing(self) -> frozenset[str]:
        """SHA-256 of the contents that are claimed."""
        return frozenset(sha256 for sha256, has_ended, _ in self._all() if not has_ended)

    def ended(self) -> frozenset[str]:
        """SHA-256 of the contents that were let go, claimed too long ago, or by who has died since."""
        return frozenset(sha256 for sha256, has_ended, _ in self._all() if has_ended)

    def forget(self, hashes: Collection[str]) -> None:
        """Drop the ended claims of some contents."""
        for sha256, has_ended, place in self._all():
            if has_ended and sha256 in hashes:
                place.unlink(missing_ok=True)

    def _all(self) -> Iterator[tuple[str, bool, Path]]:
        before = time.time() - self._life_s
        alive: dict[str, bool] = {}
        for place in self._root.iterdir():
            sha256, _, holder = _parts(place.name)
            if holder not in alive:
                alive[holder] = self._holders.is_alive(holder)
            with suppress(FileNotFoundError):
                yield sha256, not alive[holder] or place.stat().st_mtime < before, place


def _parts(name: str) -> tuple[str, str, str]:
    sha256, _, rest = name.partition(".")
    claimant, _, holder = rest.partition(".")
    return sha256, claimant, holder


def _age(place: Path) -> None:
    os.utime(place, (0, 0))
