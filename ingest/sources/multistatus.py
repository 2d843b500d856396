"""The answer of a WebDAV server about a folder, read as it comes; hostile XML is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import cast
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

_DAV = "{DAV:}"
_SPOOL_BYTES = 1 << 20


class NotMultistatus(Exception):
    """The answer is not one about a folder."""


@dataclass(frozen=True, slots=True)
class DavEntry:
    """Something in a folder, as the server tells of it."""

    path: str
    """As in its address, still percent-encoded; that of a folder ends with a slash."""
    is_folder: bool
    size_bytes: int
    """-1 when it was not told."""
    etag: str
    modified: str


def read_multistatus(pieces: Iterable[bytes]) -> Iterator[DavEntry]:
    """The entries of an answer, one at a time; those without an address are passed over.

    Raises:
        NotMultistatus: It is no well-formed answer, or declares a document type or entities.
    """
    with SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
        for piece in pieces:
            spool.write(piece)
        spool.seek(0)
        try:
            yield from _entries(iterparse(spool, events=("start", "end"), forbid_dtd=True))
        except (ParseError, DefusedXmlException, UnicodeError, LookupError, ValueError):
            raise NotMultistatus from None


def _entries(events: Iterable[object]) -> Iterator[DavEntry]:
    root: Element | None = None
    for event, element in cast("Iterable[tuple[str, Element]]", events):
        if root is None:
            root = element
            if root.tag != f"{_DAV}multistatus":
                raise NotMultistatus
        if event == "end" and element.tag == f"{_DAV}response":
            entry = _entry_of(element)
            if entry is not None:
                yield entry
            root.clear()
    if root is None:
        raise NotMultistatus


def _entry_of(element: Element) -> DavEntry | None:
    path = urlsplit((element.findtext(f"{_DAV}href") or "").strip()).path
    if not path.startswith("/"):
        return None
    found = {
        each.tag: each
        for each in element.iterfind(f"{_DAV}propstat/{_DAV}prop/*")
        if _is_told(each)
    }
    kind = found.get(f"{_DAV}resourcetype")
    is_folder = kind is not None and kind.find(f"{_DAV}collection") is not None
    size = _text(found.get(f"{_DAV}getcontentlength"))
    return DavEntry(
        path=f"{path.rstrip('/')}/" if is_folder else path.rstrip("/"),
        is_folder=is_folder,
        size_bytes=int(size) if size.isdecimal() and len(size) < 16 else -1,
        etag=_text(found.get(f"{_DAV}getetag")),
        modified=_text(found.get(f"{_DAV}getlastmodified")),
    )


def _is_told(element: Element) -> bool:
    """True for what has a value: a server names what it has not in a part of its own, empty."""
    return bool(element.text) or len(element) > 0


def _text(element: Element | None) -> str:
    return "" if element is None or not element.text else element.text.strip()
