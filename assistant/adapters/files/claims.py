"""Who is about to refer to a content: one empty file for each claim, so that processes know of each other's."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path


class Claims:
    """Claims as `<root>/<SHA-256>.<claimant>`, of the time at which they were made; 0 once let go.

    Args:
        root: Their folder; made when absent.
        life_s: How long a claim counts, in seconds: its claimant may have died.

    Raises:
        OSError: The folder cannot be made; so do all methods when the disk fails.
    """

    def __init__(self, root: Path, *, life_s: float) -> None:
        self._root = root
        self._life_s = life_s
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make(self, sha256: str, *, claimant: str) -> None:
        """Claim a content from now on."""
        self._place(sha256, claimant).touch(mode=0o600)

    def let_go(self, claimant: str) -> None:
        """End all claims of a claimant; they are told by `ended` until they are forgotten."""
        for place in self._root.glob(f"*.{claimant}"):
            with suppress(FileNotFoundError):
                _age(place)

    def standing(self) -> frozenset[str]:
        """SHA-256 of the contents that are claimed."""
        return frozenset(sha256 for sha256, has_ended, _ in self._all() if not has_ended)

    def ended(self) -> frozenset[str]:
        """SHA-256 of the contents that were let go, or claimed too long ago."""
        return frozenset(sha256 for sha256, has_ended, _ in self._all() if has_ended)

    def forget(self, hashes: Collection[str]) -> None:
        """Drop the ended claims of some contents."""
        for sha256, has_ended, place in self._all():
            if has_ended and sha256 in hashes:
                place.unlink(missing_ok=True)

    def _all(self) -> Iterator[tuple[str, bool, Path]]:
        before = time.time() - self._life_s
        for place in self._root.iterdir():
            with suppress(FileNotFoundError):
                yield place.name.partition(".")[0], place.stat().st_mtime < before, place

    def _place(self, sha256: str, claimant: str) -> Path:
        return self._root / f"{sha256}.{claimant}"


def _age(place: Path) -> None:
    os.utime(place, (0, 0))
