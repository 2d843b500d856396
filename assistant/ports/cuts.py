"""The passages of versions under the cuts of generations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.domain.cuts import Cut
from assistant.domain.documents import DocumentVersion, NewChunk
from assistant.domain.ids import VersionId


@dataclass(frozen=True, slots=True)
class Uncut:
    """A version that has no chunks of a cut."""

    version: DocumentVersion
    name: str
    """Of its document's file."""


@dataclass(frozen=True, slots=True)
class VersionMark:
    """A version: those kept after it have greater numbers."""

    number: int
    version_id: VersionId


class CutRepository(Protocol):
    """The chunks of all versions by cut; of no tenant, for the machinery."""

    def active(self) -> Cut:
        """The cut of the searched generation, whose chunks people see; the ordinary one before it."""
        ...

    def settled_version(self) -> VersionMark | None:
        """The newest LIVE version that is older than each READY one; None when there is none."""
        ...

    def uncut(self, cut: Cut, *, limit: int, since: VersionMark | None = None) -> list[Uncut]:
        """LIVE, then READY versions that have chunks, but none of this cut, oldest first.

        Args:
            cut: Which.
            limit: How many at most.
            since: Those up to this one are passed over. When it is gone none are: its number may have
                been given again.
        """
        ...

    def count_uncut(self, cut: Cut) -> int:
        """How many there are."""
        ...

    def lengths(self, cut: Cut) -> list[tuple[int, int]]:
        """Chunks and tokens of each LIVE version that has chunks of this cut, in no order."""
        ...

    def add(self, version_id: VersionId, new: Sequence[NewChunk], *, cut: Cut) -> bool:
        """Keep the chunks of a version under a further cut.

        Returns:
            False, and nothing changes, when it has some, or is no longer READY or LIVE.
        """
        ...

    def copy(self, version_id: VersionId, *, cut: Cut) -> bool:
        """Keep the chunks that people see under another cut too, for what cannot be cut anew.

        Returns:
            False, and nothing changes, as `add`.
        """
        ...

    def recount(self, *, after: str, limit: int) -> str:
        """Tell some documents how many chunks people see of them, in order of id, beyond one of them.

        Returns:
            The last id, empty when all are done.
        """
        ...

    def forget(self, cut: Cut, *, after: str, limit: int) -> str:
        """Delete the chunks of a cut, of at most `limit` versions, in order of id, beyond one of them.

        Those of versions that have none of the searched cut stay: a version is never left without.
        Results of evaluations that quote them lose these quotes.

        Returns:
            The last id, empty when all are done.
        """
        ...
