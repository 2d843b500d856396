"""Why a file could not be read: one tree, each leaf with a stable code and a French sentence.

IngestError
├── UnsupportedFormat     the content is of a format that is not read
├── RefusedFile           a limit (size, pages, expansion) or an access rule says no
├── ParseFailed           the file is damaged, encrypted or empty
├── ParserDied            the parsing child crossed a limit or crashed
├── ReaderBusy            all parsing children are at work on other files
└── ScratchFull           the disk has no room to read a file in
"""

from __future__ import annotations

from ingest.catalogue import sentence


class IngestError(Exception):
    """A file that cannot become a document.

    Attributes:
        code: Stable identifier, also the key of the French sentence.
        params: Values that complete the sentence.
    """

    def __init__(self, code: str, **params: str | int | float) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    @property
    def sentence(self) -> str:
        """What happened and what to do, in French."""
        return sentence(self.code, **self.params)

    def __str__(self) -> str:
        return self.sentence


class UnsupportedFormat(IngestError):
    """The content is of a format that is not read."""


class RefusedFile(IngestError):
    """A limit or an access rule refuses the file."""


class ParseFailed(IngestError):
    """The file is damaged, encrypted or holds no text."""


class ParserDied(IngestError):
    """The parsing child crossed a limit or crashed.

    Attributes:
        part: Number of the attachment that was being read then, from 1; 0 for none.
        is_part_begun: True when the reading of an attachment had begun by then.
    """

    part: int = 0
    is_part_begun: bool = False


class ReaderBusy(IngestError):
    """All parsing children are at work on other files."""


class ScratchFull(IngestError):
    """The disk of the scratch has no room to read a file in; the file is not to blame."""

    def __init__(self, code: str = "disk_full", **params: str | int | float) -> None:
        super().__init__(code, **params)
