"""Where the original files and the rendered pages are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol


class FileStore(Protocol):
    """Files by the SHA-256 of their content. Raises `StorageError` ("disk_full", "storage_error")."""

    def put(self, stream: BinaryIO, *, max_bytes: int, claimant: str = "") -> tuple[str, int]:
        """Keep a content; writing it twice keeps one.

        Args:
            stream: Read from where it stands to its end.
            max_bytes: Greatest length accepted.
            claimant: Who is about to have something refer to it, and claims it until it lets go, its
                process dies or an hour has passed; empty when something refers to it already.

        Returns:
            Its SHA-256 in hexadecimal and its size in bytes.

        Raises:
            InvalidInput: Longer than `max_bytes` ("file_too_large"); nothing is kept.
        """
        ...

    def let_go(self, claimant: str) -> None:
        """End the claims of a claimant: something refers to what it put by now, or nothing will."""
        ...

    def claimed(self) -> frozenset[str]:
        """SHA-256 of the contents that are claimed: they stay, though nothing refers to them yet."""
        ...

    def let_go_of(self) -> frozenset[str]:
        """SHA-256 of the contents whose claims ended and are not forgotten: nothing may refer to them."""
        ...

    def forget_claims(self, hashes: Collection[str]) -> None:
        """Forget the ended claims on some contents."""
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

    def iter_kept(self, *, page: int, older_than_s: float) -> Iterator[Sequence[str]]:
        """SHA-256 of what is kept and was last written so long ago, `page` at a time; for maintenance."""
        ...

    def is_whole(self, sha256: str) -> bool:
        """True when the content is kept and has its hash; it is read to its end.

        Raises:
            StorageError: It cannot be read.
        """
        ...

    def set_aside(self, sha256: str) -> None:
        """Keep a content no longer, for it is damaged or nobody knows it; for a while people may look at it.

        `remove` takes that too.
        """
        ...

    def put_back(self, sha256: str) -> bool:
        """Keep a content again that was set aside; False, and nothing changes, unless it is whole."""
        ...

    def drop_aside(self, *, older_than_s: float) -> None:
        """Forget what was set aside so long ago."""
        ...

    def hold(self, folder: Path) -> None:
        """Link what is kept into a folder, by SHA-256, so that it can be read there once it was removed.

        What is there already stays. Where the file system has no links, nothing is held.
        """
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
