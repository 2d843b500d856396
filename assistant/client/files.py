"""Calls about documents, passages and jobs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from assistant.client.errors import client_error
from assistant.client.parts import PART_BYTES, PartSender
from assistant.client.transport import Transport
from assistant.schemas.documents import (
    DocumentOut,
    DocumentPage,
    JobIn,
    JobItemOut,
    JobOut,
    JobStarted,
    LinkOut,
    PassageOut,
    ReindexIn,
)

Progress = Callable[[int], None]
"""Called with the number of bytes sent since its last call."""

_BLOCK_BYTES = 256 * 1024
_UPLOAD_S = 600.0


class FileCalls:
    """The part of the client that deals with files."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_documents(
        self,
        *,
        state: str | None = None,
        name: str = "",
        format: str | None = None,
        collections: Sequence[str] | None = None,
        only_problems: bool = False,
        order: str = "name",
        limit: int = 50,
        offset: int = 0,
    ) -> DocumentPage:
        """Documents by name or "date", with counts of the whole scope, or of some collections of it."""
        given = {"state": state, "format": format, "collections": collections}
        query: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        query |= {"name": name, "problems": only_problems, "order": order}
        query |= {"limit": limit, "offset": offset}
        return self._transport.call("GET", "/api/v1/documents", returns=DocumentPage, params=query)

    def get_document(self, document_id: str) -> DocumentOut:
        """A document."""
        return self._transport.call("GET", f"/api/v1/documents/{document_id}", returns=DocumentOut)

    def delete_document(self, document_id: str, *, erase: bool = False) -> None:
        """Delete a document; it is no longer quoted once this returns.

        Args:
            document_id: The document.
            erase: Also erase it from jobs and from all answers that rest on it.
        """
        query = "?erase=true" if erase else ""
        self._transport.send("DELETE", f"/api/v1/documents/{document_id}{query}")

    def list_links(self, *, state: str = "proposed", limit: int = 50) -> list[LinkOut]:
        """Links between documents in a state, oldest first; for administrators."""
        return self._transport.call(
            "GET",
            "/api/v1/documents/links",
            returns=list[LinkOut],
            params={"state": state, "limit": limit},
        )

    def list_document_links(self, document_id: str) -> list[LinkOut]:
        """All links of a document, oldest first."""
        path = f"/api/v1/documents/{document_id}/links"
        return self._transport.call("GET", path, returns=list[LinkOut])

    def decide_link(self, link: LinkOut, *, is_confirmed: bool) -> LinkOut:
        """Confirm a link between documents, or reject it."""
        act = "confirm" if is_confirmed else "reject"
        path = f"/api/v1/documents/{link.target.document_id}/links/{link.id}/{act}"
        return self._transport.call("POST", path, returns=LinkOut)

    def list_passages(
        self, document_id: str, *, limit: int = 50, offset: int = 0
    ) -> list[PassageOut]:
        """Passages of a document, in order."""
        return self._transport.call(
            "GET",
            f"/api/v1/documents/{document_id}/passages",
            returns=list[PassageOut],
            params={"limit": limit, "offset": offset},
        )

    def download_original(self, document_id: str, target: BinaryIO) -> None:
        """Write the original file into an open one."""
        path = f"/api/v1/documents/{document_id}/original"
        with self._transport.stream("GET", path) as response:
            for block in response.iter_bytes():
                target.write(block)

    def page_image(self, document_id: str, *, page: int) -> bytes:
        """The image of a page, from 1."""
        return self._transport.send("GET", f"/api/v1/documents/{document_id}/pages/{page}").content

    def upload_documents(self, paths: Sequence[Path]) -> JobStarted:
        """Send files as an upload, under their own names; streamed from disk."""
        with ExitStack() as stack:
            files = [("files", (path.name, stack.enter_context(opened(path)))) for path in paths]
            return self._transport.call(
                "POST", "/api/v1/documents", returns=JobStarted, files=files, timeout=_UPLOAD_S
            )

    def reindex(self, document_ids: Sequence[str] | None = None, *, force: bool = True) -> JobOut:
        """Read documents again from the kept originals; None takes all of them."""
        listed = None if document_ids is None else list(document_ids)
        body = ReindexIn(document_ids=listed, force=force).model_dump()
        return self._transport.call("POST", "/api/v1/documents/reindex", returns=JobOut, json=body)

    def submit_job(self, announced: JobIn) -> JobStarted:
        """Announce the files of a source; tells which contents are wanted."""
        return self._transport.call(
            "POST",
            "/api/v1/jobs",
            returns=JobStarted,
            json=announced.model_dump(mode="json"),
            timeout=_UPLOAD_S,
        )

    def send_item(
        self,
        job_id: str,
        item_id: str,
        *,
        path: Path,
        size_bytes: int | None = None,
        progress: Progress | None = None,
    ) -> JobItemOut:
        """Send the content of an announced file, streamed from disk.

        A large one goes in parts: a cut connection is waited for, and what an earlier try of the
        same person sent of the same content within a day is not sent again.

        A file that grows, shrinks or stops being readable meanwhile is sent as it is found: the
        service sees that it is not the announced content, and fails this item alone.

        Args:
            job_id: The job that wants it.
            item_id: The file within it.
            path: Where the file is.
            size_bytes: Announced size; no more than one byte beyond it is sent. None sends all.
            progress: Told what was sent.

        Raises:
            ClientError: Also "file_unreadable" when the file cannot be opened here.
        """
        place = f"/api/v1/jobs/{job_id}/items/{item_id}/content"
        with opened(path) as stream:
            if size_bytes is not None and size_bytes > PART_BYTES:
                sender = PartSender(self._transport, place, progress=progress)
                # whole or not, the service now answers what became of it
                sender.send(stream, size_bytes=size_bytes)
                return self._transport.call("PUT", place, returns=JobItemOut, content=b"")
            # without a length, which the content would have to keep to while it changes
            return self._transport.call(
                "PUT",
                place,
                returns=JobItemOut,
                content=_blocks(stream, size_bytes=size_bytes, progress=progress),
                headers={"Content-Type": "application/octet-stream"},
                timeout=_UPLOAD_S,
            )

    def list_jobs(self, *, limit: int = 10) -> list[JobOut]:
        """Jobs: running, then queued, then ended ones, each newest first."""
        return self._transport.call(
            "GET", "/api/v1/jobs", returns=list[JobOut], params={"limit": limit}
        )

    def get_job(self, job_id: str) -> JobOut:
        """A job and its progress."""
        return self._transport.call("GET", f"/api/v1/jobs/{job_id}", returns=JobOut)

    def list_job_items(
        self, job_id: str, *, state: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[JobItemOut]:
        """Files of a job, in order."""
        query: dict[str, str | int] = {"limit": limit, "offset": offset}
        if state is not None:
            query["state"] = state
        return self._transport.call(
            "GET", f"/api/v1/jobs/{job_id}/items", returns=list[JobItemOut], params=query
        )

    def cancel_job(self, job_id: str) -> JobOut:
        """Stop a job; what is complete stays."""
        return self._transport.call("POST", f"/api/v1/jobs/{job_id}/cancel", returns=JobOut)

    def retry_job(self, job_id: str) -> JobOut:
        """Take up the failed files of an ended job again."""
        return self._transport.call("POST", f"/api/v1/jobs/{job_id}/retry", returns=JobOut)


def opened(path: Path) -> BinaryIO:
    """A file to be sent.

    Raises:
        ClientError: It cannot be opened here ("file_unreadable").
    """
    try:
        return path.open("rb")
    except OSError:
        raise client_error("file_unreadable", instance="", name=path.name) from None


def _blocks(
    stream: BinaryIO, *, size_bytes: int | None, progress: Progress | None
) -> Iterator[bytes]:
    left = sys.maxsize if size_bytes is None else size_bytes + 1
    while block := _read(stream, min(left, _BLOCK_BYTES)):
        yield block
        left -= len(block)
        if progress is not None:
            progress(len(block))


def _read(stream: BinaryIO, size: int) -> bytes:
    """What can be read; a disk that fails ends the file."""
    try:
        return stream.read(size)
    except OSError:
        return b""
