"""What a file may cost before and while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MEGABYTE = 1_000_000
RENDER_S = 30.0
"""Wall time of drawing one page, in seconds."""
PRINT_S = 60.0
"""Wall time of printing a deck to PDF, in seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one reading. The defaults are those of the settings."""

    max_file_bytes: int = 50 * MEGABYTE
    """Size of a file."""
    max_text_bytes: int = 10 * MEGABYTE
    """Size of a text, Markdown or HTML file."""
    max_pages: int = 2000
    """Pages of a document."""
    max_expanded_bytes: int = 300 * MEGABYTE
    """Sum of the sizes of an archive's members once expanded."""
    max_expansion_ratio: int = 100
    """Expanded size over compressed size, of a whole archive."""
    max_archive_entries: int = 5000
    """Members of an archive."""
    max_sheet_rows: int = 50_000
    """Filled rows taken from one sheet."""
    max_sheet_columns: int = 256
    """Filled columns taken from one sheet."""
    max_sheet_cells: int = 200_000
    """Filled cells taken from all sheets of a file."""
    max_sheet_chars: int = 5_000_000
    """Characters taken from all sheets of a file."""
    max_attachments: int = 50
    """Attachments read of one message, those of messages inside it included."""
    max_message_depth: int = 3
    """Messages inside messages."""
    base_s: float = 30.0
    """Wall time allowed to any file, in seconds. Processor time is allowed twice as much."""
    page_s: float = 0.2
    """Wall time added per page, in seconds."""
    ocr_page_s: float = 5.0
    """Wall time added per page whose text is read from its image, in seconds."""
    memory_bytes: int = 2048 * MEGABYTE
    """Address space of a parsing child."""
    chunk_tokens: int = 256
    """Length aimed at for a chunk with its title and breadcrumb, in tokens of our own counter."""

    def wall_s(self, pages: int, *, scans: int = 0) -> float:
        """Wall time allowed to a file, in seconds; pages beyond the limit add nothing.

        Time in which the child waited for a core is not counted.

        Args:
            pages: Pages of the file.
            scans: Those of them whose text is read from their image.
        """
        counted, read = (min(max(number, 0), self.max_pages) for number in (pages, scans))
        return self.base_s + self.page_s * counted + self.ocr_page_s * read


class PageTeller(Protocol):
    """Told what a reading has before it, so that it gets the time it needs."""

    def __call__(self, pages: int, /, *, scans: int = 0) -> None:
        """Take note; a later call replaces an earlier one.

        Args:
            pages: Pages of the file.
            scans: Those of them whose text is read from their image.
        """
        ...
