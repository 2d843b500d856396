"""What a comparison has found so far, in as little memory as its report."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection

from assistant.domain.reconciliation import MOST_EXAMPLES, Defect, Finding


class Interrupted(Exception):
    """The comparison was told to stop."""


class Tally:
    """Counts defects, and what was looked at."""

    def __init__(self) -> None:
        self.compared: Counter[str] = Counter()
        """How many of each thing were looked at."""
        self._found: Counter[Defect] = Counter()
        self._mended: Counter[Defect] = Counter()
        self._examples: dict[Defect, list[str]] = {}
        self._stop = threading.Event()

    def note(self, defect: Defect, ids: Collection[str]) -> None:
        """Count defects, named by their ids."""
        if ids:
            self._found[defect] += len(ids)
            examples = self._examples.setdefault(defect, [])
            examples += list(ids)[: MOST_EXAMPLES - len(examples)]

    def mend(self, defect: Defect, count: int) -> None:
        """Count defects that were mended."""
        self._mended[defect] += count

    def stop(self) -> None:
        """Have the comparison end at its next look."""
        self._stop.set()

    def pause(self, seconds: float = 0) -> None:
        """Let others work for a moment.

        Raises:
            Interrupted: The comparison was told to stop.
        """
        if self._stop.wait(seconds):
            raise Interrupted

    def findings(self) -> tuple[Finding, ...]:
        """What was found, in the order of `Defect`."""
        return tuple(
            Finding(
                defect, self._found[defect], self._mended[defect], tuple(self._examples[defect])
            )
            for defect in Defect
            if self._found[defect]
        )
