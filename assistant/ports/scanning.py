"""A virus scanner, asked about every file before it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class VirusScanner(Protocol):
    """Tells whether a file carries a known virus. Safe to call from several threads."""

    def find_virus(self, path: Path) -> str | None:
        """Name of the signature that a file matches, None when it matches none.

        Raises:
            ScannerUnavailable: Nothing could be told of the file.
        """
        ...
