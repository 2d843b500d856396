"""Original files, page images and PDFs of decks in a folder, each written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from assistant.adapters.files.claims import Claims
from assistant.adapters.files.holders import Holders
from assistant.domain.errors import InvalidInput, NotFound, StorageError
from ingest.limits import MEGABYTE

_PIECE_BYTES = 1 << 20
_PAGES_BYTES = 500 * MEGABYTE
"""What page images and PDFs of decks may take on the disk: about 4,000 images."""
_RESERVE_BYTES = 256 * 1024 * 1024
"""Kept free on the disk: what the index needs to be written at all."""
_CLAIM_S = 3600.0
"""How long a content may wait for what will refer to it, in seconds."""
_DECK_PDF = "deck.pdf"
_SHA256 = re.compile("[0-9a-f]{64}")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


class FolderFileStore:
    """Implements `FileStore`: `<root>/ab/abcd…` by SHA-256; what is drawn of it in `pages/` beside it.

    A content is written under a partial name, synced, then renamed: what has its name is complete,
    whatever died in between. What dead processes had begun or claimed is nobody's. Safe to use from
    several threads and processes.

    Args:
        root: Folder of the originals; made when absent.
        pages_bytes: What `pages/` may take; beyond, what was made first is dropped.
        reserve_bytes: What is to stay free on the disk.
        claim_s: How long a claim on a content counts, in seconds.

    Raises:
        StorageError: The folder cannot be made ("disk_full", "storage_denied", "storage_error").
    """

    def __init__(
        self,
        root: Path,
        *,
        pages_bytes: int = _PAGES_BYTES,
        reserve_bytes: int = _RESERVE_BYTES,
        claim_s: float = _CLAIM_S,
    ) -> None:
        self._root = root
        self._reserve_bytes = reserve_bytes
        self._pages_bytes = pages_bytes
        self._pages = root.parent / "pages"
        self._partial = root / "partial"
        self._aside = root / "damaged"
        with translated():
            for folder in (self._root, self._pages, self._partial):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._holders = Holders(root / "holders")
            self._claims = Claims(root / "claims", life_s=claim_s, holders=self._holders)
            self._drop_abandoned()
            self._drop_orphans()

    def put(self, stream: BinaryIO, *, max_bytes: int, claimant: str = "") -> tuple[str, int]:
        """Keep a content; writing it twice keeps one.

        Args:
            stream: Read from where it stands to its end.
            max_bytes: Greatest length accepted.
            claimant: Who claims it until it lets go; empty when something refers to it already.

        Returns:
            Its SHA-256 in hexadecimal and its size in bytes.

        Raises:
            InvalidInput: Longer than `max_bytes` ("file_too_large"); nothing is kept.
            StorageError: It could not be written ("disk_full", "storage_denied", "storage_error");
                nothing is kept.
        """
        with translated(), self._partial_file() as file:
            sha256, size = _copy(stream, file, max_bytes=max_bytes)
            if claimant:  # before it has its name: a process that dies then leaves a trace of it
                self._claims.make(sha256, claimant=claimant)
            if self.has(sha256):
                # of now: `iter_kept` leaves out what is too new to be called an orphan
                with suppress(FileNotFoundError):
                    self._place(sha256).touch()
            if not self.has(sha256):
                _move(file, self._place(sha256))
        return sha256, size

    def let_go(self, claimant: str) -> None:
        """End the claims of a claimant."""
        with translated():
            self._claims.let_go(claimant)

    def claimed(self) -> frozenset[str]:
        """SHA-256 of the contents that are claimed."""
        with translated():
            return self._claims.standing()

    def let_go_of(self) -> frozenset[str]:
        """SHA-256 of the contents whose claims ended and are not forgotten."""
        with translated():
            return self._claims.ended()

    def forget_claims(self, hashes: Collection[str]) -> None:
        """Forget the ended claims on some contents."""
        with translated():
            self._claims.forget(hashes)

    def has(self, sha256: str) -> bool:
        """True when the content is kept, complete."""
        return _is_sha256(sha256) and self._place(sha256).is_file()

    def room_bytes(self) -> int:
        """What may still be written, less what the house keeps free; 0 or less when the disk is full.

        Raises:
            StorageError: The disk cannot be asked ("storage_error").
        """
        with translated():
            return shutil.disk_usage(self._root).free - self._reserve_bytes

    def path(self, sha256: str) -> Path:
        """A readable local path of the content.

        Raises:
            NotFound: It is not kept.
        """
        if not self.has(sha256):
            raise NotFound
        return self._place(sha256)

    def remove(self, sha256: str) -> None:
        """Forget a content, its page images and its PDF; no error when absent."""
        if not _is_sha256(sha256):
            return
        with translated():
            for place in (self._place(sha256), self._aside / sha256):
                place.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.rmtree(self._pages / sha256)

    def iter_kept(self, *, page: int, older_than_s: float) -> Iterator[Sequence[str]]:
        """SHA-256 of what is kept and was last written so long ago, a folder and `page` at a time."""
        before = time.time() - older_than_s
        with translated():
            for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
                names = [path.name for path in folder.iterdir() if _is_older(path, than=before)]
                kept = sorted(filter(_is_sha256, names))
                for start in range(0, len(kept), page):
                    yield kept[start : start + page]

    def is_whole(self, sha256: str) -> bool:
        """True when the content is kept and has its hash; it is read to its end.

        Raises:
            StorageError: It cannot be read ("storage_denied", "storage_error").
        """
        if not self.has(sha256):
            return False
        with translated(), suppress(FileNotFoundError), self._place(sha256).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        return False

    def set_aside(self, sha256: str) -> None:
        """Move a content to `damaged/`, where nothing reads it."""
        if not _is_sha256(sha256):
            return
        with translated(), suppress(FileNotFoundError):
            self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._place(sha256).touch()
            self._place(sha256).replace(self._aside / sha256)

    def put_back(self, sha256: str) -> bool:
        """Keep a content again that was set aside, if it is whole."""
        place = self._aside / sha256
        if not _is_sha256(sha256) or self.has(sha256):
            return False
        with translated(), suppress(FileNotFoundError):
            with place.open("rb") as file:
                is_whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
            if is_whole:
                self._place(sha256).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                place.replace(self._place(sha256))
            return is_whole
        return False

    def drop_aside(self, *, older_than_s: float) -> None:
        """Forget what was set aside so long ago."""
        before = time.time() - older_than_s
        with translated(), suppress(FileNotFoundError):
            for path in self._aside.iterdir():
                if _is_older(path, than=before):
                    path.unlink(missing_ok=True)

    def hold(self, folder: Path) -> None:
        """Link what is kept into a folder, by SHA-256; nothing where the file system has no links."""
        with translated():
            for place in self._root.glob("[0-9a-f][0-9a-f]/*"):
                try:
                    (folder / place.name).hardlink_to(place)
                except (FileNotFoundError, FileExistsError):
                    continue
                except OSError as error:
                    if error.errno in _FULL:
                        raise
                    return

    def page_image(self, sha256: str, *, page: int) -> Path | None:
        """The cached image of a page (from 1), None when not rendered yet."""
        if not _is_sha256(sha256):
            return None
        for kind in ("webp", "png"):
            path = self._pages / sha256 / f"{page}.{kind}"
            if path.is_file():
                return path
        return None

    def put_page_image(self, sha256: str, *, page: int, image: bytes) -> Path:
        """Cache the image of a page.

        Args:
            sha256: The content it was rendered from.
            page: From 1.
            image: PNG or WebP.

        Raises:
            ValueError: Not a SHA-256, no such page number, or neither PNG nor WebP.
            StorageError: It could not be written; nothing is kept.
        """
        if not _is_sha256(sha256) or page < 1:
            raise ValueError("a page image needs a content and a page from 1")
        return self._put_made(self._pages / sha256 / f"{page}.{_image_kind(image)}", content=image)

    def deck_pdf(self, sha256: str) -> Path | None:
        """The cached PDF of a deck, None when not printed yet."""
        path = self._pages / sha256 / _DECK_PDF
        return path if _is_sha256(sha256) and path.is_file() else None

    def put_deck_pdf(self, sha256: str, *, content: bytes) -> Path:
        """Cache the PDF of a deck.

        Args:
            sha256: The deck.
            content: The PDF.

        Raises:
            ValueError: Not a SHA-256, or no PDF.
            StorageError: It could not be written; nothing is kept.
        """
        if not _is_sha256(sha256) or not content.startswith(b"%PDF-"):
            raise ValueError("neither a content nor a PDF")
        return self._put_made(self._pages / sha256 / _DECK_PDF, content=content)

    def _put_made(self, place: Path, *, content: bytes) -> Path:
        with translated(), self._partial_file() as file:
            file.write(content)
            _move(file, place)
            self._keep_within_bounds()
        return place

    def _place(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256

    @contextmanager
    def _partial_file(self) -> Generator[IO[bytes]]:
        handle, name = tempfile.mkstemp(dir=self._partial, prefix=f"{self._holders.enter()}.")
        os.close(handle)
        path = Path(name)
        try:
            with path.open("wb") as file:
                yield file
        finally:
            path.unlink(missing_ok=True)

    def _drop_abandoned(self) -> None:
        """What a process that died was writing."""
        for path in self._partial.iterdir():
            if not self._holders.is_alive(path.name.partition(".")[0]):
                path.unlink(missing_ok=True)
        self._holders.drop_dead()

    def _drop_orphans(self) -> None:
        """What was made of a content that is gone: of a process that died between drawing and looking."""
        for folder in self._pages.iterdir():
            if not self.has(folder.name):
                shutil.rmtree(folder, ignore_errors=True)

    def _keep_within_bounds(self) -> None:
        made = sorted(_made_files(self._pages))
        excess = sum(size for _, size, _ in made) - self._pages_bytes
        for _, size, path in made[:-1]:
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size


def _made_files(pages: Path) -> Iterator[tuple[float, int, Path]]:
    """Age, size and place of every page image and PDF; another process may remove some meanwhile."""
    for path in pages.glob("*/*"):
        with suppress(FileNotFoundError):
            found = path.stat()
            yield found.st_mtime, found.st_size, path


def _is_older(path: Path, *, than: float) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime < than
    return False


def _is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def _image_kind(image: bytes) -> str:
    if image.startswith(b"\x89PNG"):
        return "png"
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "webp"
    raise ValueError("neither PNG nor WebP")


def _copy(stream: BinaryIO, file: IO[bytes], *, max_bytes: int) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    while piece := stream.read(_PIECE_BYTES):
        size += len(piece)
        if size > max_bytes:
            raise InvalidInput("file_too_large", **_sizes(size, max_bytes=max_bytes))
        digest.update(piece)
        file.write(piece)
    return digest.hexdigest(), size


def _sizes(size: int, *, max_bytes: int) -> dict[str, int]:
    limit_mb = max(1, max_bytes // MEGABYTE)
    return {"limit_mb": limit_mb, "size_mb": max(limit_mb + 1, size // MEGABYTE)}


def _move(file: IO[bytes], place: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    Path(file.name).replace(place)
    _sync_folder(place.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def translated() -> Generator[None]:
    """Raise what the disk says as errors of the house.

    Raises:
        StorageError: The disk is full ("disk_full"), denies ("storage_denied") or fails ("storage_error").
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError("disk_full") from error
        if error.errno in _DENIED:
            raise StorageError("storage_denied") from error
        raise StorageError from error
