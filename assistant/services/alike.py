"""Notices that changed files now all have one content: a page of a server rather than documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from assistant.services.source_difference import WantedFile
from assistant.services.submission import AnnouncedFile

FILES_ALIKE = "files_alike"
"""Code of a file whose new content many others took too."""
_LEAST = 5


class AlikeContents:
    """Counts the contents that changed files took in one look.

    Args:
        percent: Share of the changed files, in percent, that may have one content unasked.
    """

    def __init__(self, *, percent: int) -> None:
        self._percent = percent
        self._counts: Counter[str] = Counter()

    def suspicion(self, batch: Iterable[tuple[WantedFile, AnnouncedFile]]) -> tuple[str, list[str]]:
        """Take files in.

        Returns:
            What names the one content that a person has to approve, and files of the batch that have
            it; empty ones when there is none.
        """
        changed = [
            each
            for wanted, each in batch
            if wanted.known_sha256 and wanted.known_sha256 != each.sha256
        ]
        self._counts.update(each.sha256 for each in changed)
        for content, count in self._counts.most_common(1):
            if count >= _LEAST and count * 100 > self._counts.total() * self._percent:
                names = [each.name for each in changed if each.sha256 == content]
                return sha256(f"alike {content}".encode()).hexdigest(), names
        return "", []
