"""Contents of the files of a source: taken one by one, a file's trouble told from that of its place."""

from __future__ import annotations

import time
from collections.abc import Callable

from assistant.domain.errors import InvalidInput
from assistant.domain.sources import WITHHELD, WITHHOLDING
from assistant.ports.files import FileStore
from assistant.services.receiving import content_of
from assistant.services.source_difference import TOO_LARGE, SourceDifference, WantedFile
from assistant.services.submission import AnnouncedFile
from ingest.sources.listing import FileSource, ListedFile, SourceFault

_TRIES = 3
"""Times that a file which changes, or does not come, is asked for."""
_PAUSE_S = 1.0
_IN_A_ROW = 5
"""New files that do not come one after the other: it is not the files."""
_PATIENCE_S = 300.0
"""What one look spends on files that do not come; those that did not before are passed over then."""
_OF_ONE_FILE = WITHHELD | {
    "file_changing",
    "file_locked",
    "file_missing",
    "file_unreadable",
    "link_outside",
    "not_a_file",
}
"""Faults of a single file; others are of the whole place."""


class SourceContents:
    """Takes contents for one look. Used from one thread.

    Args:
        place: Has the files.
        files: Takes contents.
        difference: Told of contents, and of files that cannot be taken.
        max_file_bytes: Larger files cannot be taken.
        claimant: For whom contents are kept.
        check: Called often; raises to give up.
    """

    def __init__(
        self,
        place: FileSource,
        files: FileStore,
        difference: SourceDifference,
        *,
        max_file_bytes: int,
        claimant: str,
        check: Callable[[], None],
    ) -> None:
        self._place = place
        self._files = files
        self._difference = difference
        self._max_file_bytes = max_file_bytes
        self._claimant = claimant
        self._check = check
        self._withheld = 0
        """Files that did not come since one did, but for those that did not before this look either."""
        self._moved = 0
        """Those among what may have moved."""
        self._spent_s = 0.0

    def note(self, wanted: WantedFile) -> None:
        """Note the content of a new file that may be a document which has moved; it is not kept."""
        if self._spent_s > _PATIENCE_S:
            self._difference.blame_moved(wanted.listed, WITHHOLDING)
            return
        try:
            self._note(wanted.listed, put=self._hash, tries=1 if self._moved else _TRIES)
        except SourceFault as fault:
            if fault.code not in WITHHELD:
                self._blame(wanted.listed, fault)
                return
            self._moved += 1
            self._difference.blame_moved(wanted.listed, fault.code)

    def take(self, wanted: WantedFile) -> AnnouncedFile | None:
        """Keep the content of a file; None, with the reason noted, when that cannot be.

        Raises:
            SourceFault: The place is away, or gives no file any more ("webdav_withholds").
        """
        self._check()
        listed = wanted.listed
        if wanted.sha256 and self._files.has(wanted.sha256):
            return AnnouncedFile(listed.name, wanted.sha256, wanted.size_bytes)
        is_known = wanted.fault in WITHHELD
        if is_known and self._spent_s > _PATIENCE_S:
            self._difference.blame(listed.name, wanted.fault)
            return None
        try:
            return self._note(listed, put=self._put, tries=1 if is_known else _TRIES)
        except SourceFault as fault:
            self._blame(listed, fault)
            if fault.code in WITHHELD and not is_known:
                self._withheld += 1
                if self._withheld >= _IN_A_ROW:
                    raise SourceFault("webdav_withholds", is_transient=True) from None
            return None

    def _note(
        self, listed: ListedFile, *, put: Callable[[ListedFile], tuple[str, int]], tries: int
    ) -> AnnouncedFile | None:
        """Read a content to its end, and note it; None for one that is too large."""
        for attempt in range(1, tries + 1):
            self._check()
            begun = time.monotonic()
            try:
                sha256, size = put(listed)
            except SourceFault as fault:
                if fault.code in WITHHELD:
                    self._spent_s += time.monotonic() - begun
                if not _is_to_repeat(fault, attempt=attempt, tries=tries):
                    raise
                if fault.code in WITHHELD:
                    time.sleep(_PAUSE_S * attempt)
            except InvalidInput:  # larger than its listing told
                self._difference.blame(listed.name, TOO_LARGE, size_bytes=self._max_file_bytes + 1)
                return None
            else:
                self._withheld = self._moved = 0
                self._difference.note_content(listed.name, sha256=sha256, size_bytes=size)
                return AnnouncedFile(listed.name, sha256, size)
        raise AssertionError

    def _blame(self, listed: ListedFile, fault: SourceFault) -> None:
        """Note that a file cannot be taken. Raises the fault again when it is one of the place."""
        if fault.code not in _OF_ONE_FILE:
            raise fault
        is_there = fault.code != "file_missing"
        self._difference.blame(listed.name, fault.code, is_there=is_there)

    def _put(self, listed: ListedFile) -> tuple[str, int]:
        with self._place.open(listed) as stream:
            return self._files.put(stream, max_bytes=self._max_file_bytes, claimant=self._claimant)

    def _hash(self, listed: ListedFile) -> tuple[str, int]:
        with self._place.open(listed) as stream:
            return content_of(stream, max_bytes=self._max_file_bytes)


def _is_to_repeat(fault: SourceFault, *, attempt: int, tries: int) -> bool:
    return attempt < tries and fault.code in {"file_changing", WITHHOLDING}
