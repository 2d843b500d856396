"""Where the original files and the rendered pages are kept."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol


class FileStore(Protocol):
    """Files by the SHA-256 of their content. Raises `StorageError` ("disk_full", "storage_error")."""

    def put(self, stream: BinaryIO, *, max_bytes: int) -> tuple[str, int]:
        """Keep a content; writing it twice keeps one.

        Returns:
            Its SHA-256 in hexadecimal and its size in bytes.

        Raises:
            InvalidInput: Longer than `max_bytes` ("file_too_large"); nothing is kept.
        """
        ...

    def has(self, sha256: str) -> bool:
        """True when the content is kept, complete."""
        ...

    def room_bytes(self) -> int:
        """What may still be written, less what the house keeps free; 0 or less when the disk is full."""
        ...

    def path(self, sha256: str) -> Path:
        """A readable local path of the content.

        Raises:
            NotFound: It is not kept.
        """
        ...

    def remove(self, sha256: str) -> None:
        """Forget a content, its page images and its PDF; no error when absent."""
        ...

    def page_image(self, sha256: str, *, page: int) -> Path | None:
        """The cached image of a page (from 1), None when not rendered yet."""
        ...

    def put_page_image(self, sha256: str, *, page: int, image: bytes) -> Path:
        """Cache the image of a page."""
        ...

    def deck_pdf(self, sha256: str) -> Path | None:
        """The cached PDF of a deck, None when not printed yet."""
        ...

    def put_deck_pdf(self, sha256: str, *, content: bytes) -> Path:
        """Cache the PDF of a deck."""
        ...
