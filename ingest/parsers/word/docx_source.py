"""A DOCX file as both engines should see it: text boxes in a form they read, nothing that is not shown."""

from __future__ import annotations

import io
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.errors import ParseFailed
from ingest.parsers.office.xml import parse_xml
from ingest.parsers.word.docx_hidden import HiddenRuns

_MAIN = "word/document.xml"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VML = "{urn:schemas-microsoft-com:vml}"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_GONE = (f"{_WORD}del", f"{_WORD}moveFrom")
_STYLES = "word/styles.xml"
_MARKS = (b"txbxContent", b":vanish", b":del ", b":moveFrom ", b":color ", b":sz ")
"""What the main part of a file that may need a change holds."""


def visible_docx(path: Path) -> tuple[bytes, bool]:
    """The bytes of a DOCX file without deletions and hidden text, and whether it hides any text.

    Raises:
        ParseFailed: Its main part is damaged.
        KeyError, OSError, zipfile.BadZipFile: It is no such archive.
    """
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        source = archive.read(_MAIN)
        hidden = HiddenRuns(_styles(archive))
        if not hidden.may_hide and not any(mark in source for mark in _MARKS):
            return data, False
        root = cast("Any", parse_xml(source))
        is_hiding = _drop_hidden(root, hidden)
        _drop_deleted(root)
        _show_boxes(root)
        return _rewritten(archive, main=_dumped(root)), is_hiding


def _styles(archive: zipfile.ZipFile) -> Any | None:
    try:
        return parse_xml(archive.read(_STYLES))
    except (KeyError, ParseFailed):
        return None


def _dumped(root: Any) -> bytes:
    return cast("bytes", cast("Any", import_module("lxml.etree")).tostring(root))


def _rewritten(archive: zipfile.ZipFile, *, main: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as copy:
        for entry in archive.infolist():
            data = main if entry.filename == _MAIN else archive.read(entry)
            copy.writestr(entry.filename, data)
    return target.getvalue()


def _drop_hidden(root: Any, runs: HiddenRuns) -> bool:
    hidden = runs.find(root)
    is_hiding = any(
        "".join(text.text or "" for text in run.iter(f"{_WORD}t")).strip() for run in hidden
    )
    for run in hidden:
        run.getparent().remove(run)
    return is_hiding


def _drop_deleted(root: Any) -> None:
    for element in [*root.iter(*_GONE)]:
        if len(element):  # an empty one marks the end of a paragraph or a row as deleted
            element.getparent().remove(element)


def _show_boxes(root: Any) -> None:
    """Replace text boxes of today's form alone by the older form."""
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
