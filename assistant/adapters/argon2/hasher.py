"""Argon2id, by argon2-cffi."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
"""The parameters that OWASP's Password Storage Cheat Sheet gives for argon2id, with the least memory."""


class Argon2PasswordHasher:
    """Implements `PasswordHasher`.

    Args:
        at_once: Most hashes computed at a time, each in `memory_kib` of memory; others wait.
        memory_kib: Memory of one hash, in KiB. Hashes made with other parameters stay valid.
        passes: Over that memory.
    """

    def __init__(self, *, at_once: int, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._argon2 = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=LANES, type=Type.ID
        )
        self._places = BoundedSemaphore(at_once)
        self._nobodys = self.hash("")

    def hash(self, password: str) -> str:
        """A new hash, with its salt, method and parameters. Blocks some tens of milliseconds."""
        with self._places:
            return self._argon2.hash(password)

    def verify(self, password: str, *, against: str | None) -> bool:
        """True when a hash is one of the password; None takes as long and is never right."""
        with self._places:
            try:
                self._argon2.verify(self._nobodys if against is None else against, password)
            except (VerificationError, InvalidHashError):
                return False
        return against is not None

    def is_outdated(self, kept: str) -> bool:
        """True for a hash made with other parameters than those of today."""
        return self._argon2.check_needs_rehash(kept)
