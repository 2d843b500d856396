"""Paths that a WebDAV server tells: what they name, and which of them can be told of."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote

from ingest.sources.listing import ListingFault
from ingest.sources.multistatus import DavEntry

MOST_DEPTH = 40
MOST_FOLDERS = 50_000
"""Of one look."""
_LOCK_PREFIX = "~$"


def fault_of(entry: DavEntry, *, root: str, folders: int) -> str | None:
    """Why what lies at an entry cannot be told; None when it can."""
    if not entry.is_told:
        return "entry_untold"
    if entry.is_folder and entry.path.count("/") - root.count("/") > MOST_DEPTH:
        return "folder_too_deep"
    if entry.is_folder and folders >= MOST_FOLDERS:
        return "folders_too_many"
    return None


def hiding(path: str, code: str, *, root: str) -> ListingFault:
    """A fault of a folder, which hides what lies below it."""
    return ListingFault(name_of(path.rstrip("/"), root=root), code, hides_files=True)


def plain(path: str) -> str:
    """A path without escapes, and without the slash of a folder."""
    return unquote(path).rstrip("/")


def is_right_in(path: str, *, folder: str) -> bool:
    """True for what is directly in a folder: a server cannot lead elsewhere, nor round in circles."""
    plain, above = unquote(path), unquote(folder)
    rest = plain.removeprefix(above).rstrip("/")
    return plain.startswith(above) and bool(rest) and "/" not in rest


def name_of(path: str, *, root: str) -> str:
    """The name of what lies at a path, relative to the root, in composed Unicode."""
    name = unquote(path).removeprefix(unquote(root))
    return unicodedata.normalize("NFC", name)


def is_hidden(path: str) -> bool:
    """True for what people do not see: dot files, and the locks of office programs."""
    return unquote(path).rstrip("/").rpartition("/")[2].startswith((".", _LOCK_PREFIX))
