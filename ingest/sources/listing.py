"""What every place of files can do: list them one by one, and open one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from ingest.errors import IngestError


class SourceFault(IngestError):
    """A place, or a file of it, that cannot be reached; the code names a sentence.

    Attributes:
        is_transient: True when trying again later may help.
    """

    def __init__(
        self, code: str, *, is_transient: bool = False, **params: str | int | float
    ) -> None:
        super().__init__(code, **params)
        self.is_transient = is_transient


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as the listing tells of it, without being opened."""

    name: str
    """Relative to the place, with forward slashes, in Unicode form NFC."""
    place: str
    """What the place itself calls it; given back to `open`."""
    size_bytes: int
    """-1 when the place does not tell."""
    stamp: str
    """Equal as long as the content is; empty when it changed just now, so that equality proves nothing."""


@dataclass(frozen=True, slots=True)
class ListingFault:
    """Something that was met and cannot be listed."""

    name: str
    code: str
    """Key of its sentence."""
    hides_files: bool = False
    """True when files may stand below that were not listed: what is missing proves nothing then."""


class FileSource(Protocol):
    """A place of files. Used from one thread."""

    def list(
        self, *, check: Callable[[], None] = lambda: None
    ) -> Iterator[ListedFile | ListingFault]:
        """Every file once, in memory that does not grow with their number.

        Args:
            check: Called often, also while nothing is found; raises to give up.

        Raises:
            SourceFault: The place itself cannot be reached, or stops answering midway.
        """
        ...

    def first_names(self, *, limit: int) -> tuple[str, ...]:
        """Some names right in the place, for a test of the way to it.

        Raises:
            SourceFault: The place cannot be reached.
        """
        ...

    def open(self, file: ListedFile) -> AbstractContextManager[BinaryIO]:
        """The content of a listed file.

        Leaving the block raises `SourceFault` ("file_changing") when the file changed while it was read.

        Raises:
            SourceFault: It vanished ("file_missing"), may not be read ("file_unreadable"), the place
                answers but not for this file ("file_withheld") or not to its end in time ("file_slow"),
                or the place does not answer.
        """
        ...

    def close(self) -> None:
        """Give everything back; idempotent."""
        ...
