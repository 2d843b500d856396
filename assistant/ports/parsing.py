"""Reading of files, in processes that may be killed."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ingest.model import IngestedFile
from ingest.rows import SheetFile


class FileReader(Protocol):
    """Reads files and renders pages outside the calling process. Safe to call from several threads."""

    @property
    def version(self) -> str:
        """Version of parsers and chunker together; part of every fingerprint."""
        ...

    def read(self, path: Path, *, name: str) -> IngestedFile:
        """The document and chunks of a file.

        Args:
            path: The content; its own name carries no information.
            name: Name as ingested, a hint for title and date.

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

    def close(self) -> None:
        """End all children."""
        ...
