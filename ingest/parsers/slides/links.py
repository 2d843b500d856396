"""OpenDocument files without links to the outside, before LibreOffice sees them.

Its profile keeps it from following those of PowerPoint files, but a linked image of an ODP is fetched
from the disk of the server and drawn all the same (LibreOffice 7.4).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, cast

from ingest.errors import ParseFailed
from ingest.parsers.office.xml import parse_xml

_LINKS = frozenset({"href", "image-data"})
"""Names of the attributes that LibreOffice may follow, whatever their namespace."""
_FILE = "file:"


def copy_without_links(path: Path, *, to: Path) -> None:
    """Copy an OpenDocument file, leaving out every link that leads out of it.

    Args:
        path: A file that passed `check_archive`.
        to: Written anew.

    Raises:
        ParseFailed: It is damaged.
    """
    try:
        with (
            zipfile.ZipFile(path) as source,
            zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as copy,
        ):
            names = dict.fromkeys(source.namelist())
            inside = frozenset(names).union(*(_folders(name) for name in names))
            for name in names:
                data = source.read(name)
                is_xml = name.lower().endswith(".xml") and data
                copy.writestr(name, _closed(data, inside=inside) if is_xml else data)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, RecursionError) as error:
        raise ParseFailed("file_damaged") from error


def _closed(data: bytes, *, inside: frozenset[str]) -> bytes:
    """An XML member without its links to the outside, and without a document type."""
    etree = cast("Any", import_module("lxml.etree"))
    root = cast("Any", parse_xml(data))
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            is_link = etree.QName(name).localname in _LINKS
            if _FILE in value.lower() or (is_link and not _is_inside(value, inside=inside)):
                del element.attrib[name]
    return cast("bytes", etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _is_inside(link: str, *, inside: frozenset[str]) -> bool:
    """True for a member of the archive or a folder of it."""
    return ":" not in link and link.removeprefix("./").rstrip("/") in inside


def _folders(name: str) -> Iterator[str]:
    return (str(folder) for folder in PurePosixPath(name).parents)
