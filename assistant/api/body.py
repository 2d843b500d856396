"""Bodies of requests as files: one raw content read as it comes, or several in a form."""

from __future__ import annotations

import errno
import io
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import BinaryIO, cast

from anyio import from_thread
from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from assistant.domain.errors import InvalidInput, StorageError
from assistant.services.submission import AnnouncedFile

MAX_FILES = 500
"""Files of one form: each may hold a descriptor, and a process often has 1,024."""

FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                }
            }
        },
    }
}
"""How a form of files is described: its body is read by hand, so that it may stay out of memory."""

_ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}
"""All that the HTML standard has browsers escape in a file name of a form; `%` itself is not."""

_BLOCK_BYTES = 1024 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BodyStream(io.RawIOBase):
    """The body of a request, read from a worker thread while it comes in; nothing is spooled."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._blocks: AsyncIterator[bytes] = aiter(request.stream())
        self._rest = b""

    def readable(self) -> bool:
        """Always true."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, all that is left when negative; empty at the end.

        Raises:
            ClientDisconnect: The sender left before the end.
            InvalidInput: The body grows beyond its limit ("request_too_large").
        """
        if size < 0:
            blocks = [self._rest]
            while block := self._pull():
                blocks.append(block)
            self._rest = b""
            return b"".join(blocks)
        if not self._rest:
            self._rest = self._pull()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def as_binary(self) -> BinaryIO:
        """This stream, under the type that the services take."""
        return cast("BinaryIO", self)

    def _pull(self) -> bytes:
        return from_thread.run(self._next)

    async def _next(self) -> bytes:
        async for block in self._blocks:
            if block:
                return block
        return b""


def announced_bytes(request: Request) -> int | None:
    """How long the body of a request is told to be; None when it is not told, or not in digits."""
    told = request.headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() else None


class _Form(MultiPartParser):
    """A form whose files stay out of memory: 500 small ones hold 32 MB at most."""

    spool_max_size = 64 * 1024


async def uploads_of(request: Request) -> list[UploadFile]:
    """The files of a form, in order, each spooled to disk beyond 64 kB; read after all checks.

    Raises:
        InvalidInput: The body is no form, or holds no file under "files".
        StorageError: They cannot be spooled ("disk_full", "storage_error").
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise InvalidInput("invalid_input", detail="un formulaire avec des fichiers est attendu.")
    reading = _Form(request.headers, request.stream(), max_files=MAX_FILES, max_fields=10)
    try:
        form = await reading.parse()
    except MultiPartException as error:
        raise InvalidInput("invalid_input", detail="le formulaire est mal formé.") from error
    except OSError as error:
        raise StorageError("disk_full" if error.errno in _FULL else None) from error
    uploads = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
    if not uploads:
        await form.close()
        raise InvalidInput("invalid_input", detail="aucun fichier sous le champ « files ».")
    return uploads


def announced(upload: UploadFile) -> AnnouncedFile:
    """Name, hash and size of a received file. Blocking."""
    digest, size = sha256(), 0
    upload.file.seek(0)
    while block := upload.file.read(_BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    upload.file.seek(0)
    return AnnouncedFile(name_of(upload), digest.hexdigest(), size)


def name_of(upload: UploadFile) -> str:
    """The name as the sender's folder shows it; one with "%22" in it cannot be told from a quote."""
    name = upload.filename or ""
    for escaped, sign in _ESCAPED.items():
        name = name.replace(escaped, sign)
    return name
