"""A DOCX file as both engines should see it: text boxes in a form they read, nothing that is not shown."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.parsers.office.xml import parse_xml
from ingest.parsers.word.docx_hidden import drop_hidden

_MAIN = "word/document.xml"
_LINKS = "_rels/.rels"
_NOTES = ("footnotes", "endnotes")
STYLES = "styles"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VML = "{urn:schemas-microsoft-com:vml}"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_GONE = (f"{_WORD}del", f"{_WORD}moveFrom")


def visible_docx(path: Path) -> tuple[bytes, bool]:
    """The bytes of a DOCX file without deletions and hidden text, and whether it hides any text.

    Raises:
        ParseFailed: Its main part is damaged.
        KeyError, OSError, zipfile.BadZipFile: It is no such archive.
    """
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = frozenset(archive.namelist())
        main = main_part(archive, names=names)
        parts = parts_of(main, archive=archive, names=names)
        styled = parts.get(STYLES, "")
        styles = cast("Any", parse_xml(archive.read(styled))) if styled else None
        changed: dict[str, bytes] = {}
        is_hiding = False
        for name in (main, *(parts[kind] for kind in _NOTES if kind in parts)):
            root = cast("Any", parse_xml(archive.read(name)))
            is_cut, has_words = drop_hidden(root, styles=styles)
            is_hiding = is_hiding or has_words
            if any((is_cut, drop_deleted(root), _show_boxes(root), _open_fields(root))):
                changed[name] = _dumped(root)
        return (_rewritten(archive, changed=changed) if changed else data), is_hiding


def main_part(archive: zipfile.ZipFile, *, names: frozenset[str]) -> str:
    """The part that holds the text, under whatever name the file gives it."""
    targets = _targets(archive, _LINKS, names=names)
    found = targets.get("officeDocument", _MAIN)
    return found if found in names else _MAIN


def parts_of(main: str, *, archive: zipfile.ZipFile, names: frozenset[str]) -> dict[str, str]:
    """The parts beside the text by their kind, as it names them or under their usual names."""
    usual = {kind: f"word/{kind}.xml" for kind in (*_NOTES, STYLES)}
    named = _targets(archive, _links_of(main), names=names)
    return {kind: part for kind, part in (usual | named).items() if part in names}


def parts_by_link(main: str, *, archive: zipfile.ZipFile, names: frozenset[str]) -> dict[str, str]:
    """The parts that the text refers to, by the id of its link to each."""
    links = _links(archive, _links_of(main), names=names)
    return {id: part for id, _, part in links if part in names}


def _links_of(main: str) -> str:
    folder, _, name = main.rpartition("/")
    return f"{folder}/_rels/{name}.rels".lstrip("/")


def _targets(archive: zipfile.ZipFile, links: str, *, names: frozenset[str]) -> dict[str, str]:
    """The parts that a list of links leads to, by the last word of the kind of each link."""
    found: dict[str, str] = {}
    for _, kind, part in _links(archive, links, names=names):
        found.setdefault(kind, part)
    return found


def _links(
    archive: zipfile.ZipFile, links: str, *, names: frozenset[str]
) -> Iterator[tuple[str, str, str]]:
    """Id, kind and part of each link of a list."""
    if links not in names:
        return
    folder = posixpath.dirname(posixpath.dirname(links))
    for link in parse_xml(archive.read(links)):
        kind = link.get("Type").rpartition("/")[2]
        place = posixpath.normpath(posixpath.join("/", folder, link.get("Target")))
        yield link.get("Id", ""), kind, place.lstrip("/")


def _dumped(root: Any) -> bytes:
    return cast("bytes", cast("Any", import_module("lxml.etree")).tostring(root))


def _rewritten(archive: zipfile.ZipFile, *, changed: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as copy:
        for entry in archive.infolist():
            data = changed.get(entry.filename)
            copy.writestr(entry.filename, archive.read(entry) if data is None else data)
    return target.getvalue()


def drop_deleted(root: Any) -> bool:
    """Remove deleted text from a part, in place; True when there was any."""
    deleted = [element for element in root.iter(*_GONE) if len(element)]
    for element in deleted:  # an empty one marks the end of a paragraph or a row as deleted
        element.getparent().remove(element)
    return bool(deleted)


def _open_fields(root: Any) -> bool:
    """Put what a simple field shows, such as a name of a mail merge, in its place: mammoth loses it."""
    fields = list(root.iter(f"{_WORD}fldSimple"))
    for field in fields:
        for shown in list(field):
            field.addprevious(shown)
        field.getparent().remove(field)
    return bool(fields)


def _show_boxes(root: Any) -> bool:
    """Replace text boxes of today's form alone by the older form."""
    is_changed = False
    for drawing in list(root.iter(f"{_WORD}drawing")):
        contents = list(drawing.iter(f"{_WORD}txbxContent"))
        holder = next(drawing.iterancestors(f"{_COMPATIBILITY}AlternateContent"), drawing)
        is_known = holder is not drawing and any(
            True
            for fallback in holder.iter(f"{_COMPATIBILITY}Fallback")
            for _ in fallback.iter(f"{_WORD}txbxContent")
        )
        if not contents or is_known or holder.getparent() is None:
            continue
        picture = holder.makeelement(f"{_WORD}pict", {})
        for content in contents:
            box = picture.makeelement(f"{_VML}textbox", {})
            box.append(content)
            picture.append(box)
        holder.addprevious(picture)
        holder.getparent().remove(holder)
        is_changed = True
    return is_changed
