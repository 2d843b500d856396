"""Reading of files, in processes that may be killed."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ingest.model import Box, IngestedFile
from ingest.rows import SheetFile
from ingest.tools import Tool


class FileReader(Protocol):
    """Reads files and renders pages outside the calling process. Safe to call from several threads."""

    @property
    def version(self) -> str:
        """Version of parsers and chunker together; part of every fingerprint."""
        ...

    def missing_tools(self) -> frozenset[Tool]:
        """The programs that readings would use and that are not installed now."""
        ...

    def read(
        self, path: Path, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        """The document and chunks of a file.

        Args:
            path: The content; its own name carries no information.
            name: Name as ingested, a hint for title and date.
            chunk_tokens: Length of chunks, which the result tells; None for the one of the limits.
            caller: On whose behalf, for `interrupt`.

        Raises:
            IngestError: The file cannot become a document, or its parser died.
        """
        ...

    def read_rows(self, path: Path, *, name: str) -> SheetFile:
        """The rows of a CSV, ODS or XLSX file as they are.

        Args:
            path: The content.
            name: Its extension tells a list of one column from plain text.

        Raises:
            IngestError: It is damaged, empty, too large, of another format, or its reader died.
        """
        ...

    def render_page(self, path: Path, *, page: int) -> bytes:
        """A PNG or WebP image of a PDF page (from 1), at most 150 kB where possible.

        Raises:
            IngestError: The page does not exist or cannot be rendered.
        """
        ...

    def print_deck(self, path: Path) -> bytes:
        """A PDF of a PPTX, PPT or ODP, on whose page n stands slide n.

        Raises:
            IngestError: LibreOffice is not installed ("slides_need_office"), or does not print it.
        """
        ...

    def find_boxes(self, path: Path, *, page: int, text: str) -> tuple[Box, ...]:
        """Rectangles of the lines of a PDF page (from 1) whose words a passage holds; may be none.

        Raises:
            IngestError: The page does not exist or cannot be read.
        """
        ...

    def interrupt(self, caller: str | None = None) -> None:
        """End calls under way, which then raise `IngestError`; later ones are served as before.

        Args:
            caller: Only the readings on its behalf; None for all calls.
        """
        ...

    def close(self) -> None:
        """End all children."""
        ...
