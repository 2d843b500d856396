"""What the applier knows of indexes that stand beside the one that is searched."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.ids import VersionId


class Followers(Protocol):
    """Indexes that stand beside the applier's; `GenerationRoom` in the product."""

    def steady(self) -> AbstractContextManager[None]:
        """Let no switch come between."""
        ...

    @property
    def cut(self) -> Cut:
        """How documents are cut for the index that is searched."""
        ...

    def note(self, version_id: VersionId, *, points: int) -> None:
        """Count what was added to the index that is searched."""
        ...

    def follow(self, version_id: VersionId) -> bool:
        """Add a version to the followers, as far as they can take it.

        Returns:
            False when one of them is searched and lacks vectors of it: it is not to be shown yet.

        Raises:
            IndexUnavailable: One that is searched cannot take it now.
        """
        ...

    def step(self) -> bool:
        """Go on catching up, a little; False when there was nothing to do."""
        ...


class Nobody:
    """Implements `Followers` where there is one index."""

    cut = ORDINARY
    """How documents are cut for it."""

    @contextmanager
    def steady(self) -> Generator[None]:
        """Nothing could come between."""
        yield

    def note(self, version_id: VersionId, *, points: int) -> None:
        """Nobody asks."""

    def follow(self, version_id: VersionId) -> bool:
        """Nobody does, and nobody holds it back."""
        del version_id
        return True

    def step(self) -> bool:
        """Nothing to do."""
        return False
