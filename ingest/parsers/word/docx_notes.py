"""Footnotes and endnotes of mammoth's HTML, moved from the end of the document to where they belong."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, cast

_NOTE_ID = re.compile(r"(?:foot|end)note-[^\"<>]*")
_REFERENCE_ID = re.compile(r"(foot|end)note-ref-(.*)", re.S)
_BLOCKS = frozenset({"p", "li", "h1", "h2", "h3", "h4", "h5", "h6"})
_BACK_ARROW = "↑"


def attach_notes(html: str) -> str:
    """The same HTML with each note after the paragraph, item or table that calls it, as "Note 1 : …"."""
    if "note-ref-" not in html:
        return html
    untyped = cast("Any", import_module("lxml.html"))
    parser = untyped.HTMLParser(encoding="utf-8", huge_tree=True)
    root = untyped.fromstring(f"<div>{html}</div>".encode(), parser=parser)
    notes = _taken_notes(root)
    ends: dict[Any, Any] = {}
    for reference in list(root.iter("a")):
        called = _REFERENCE_ID.fullmatch(reference.get("id") or "")
        note = notes.pop(f"{called[1]}note-{called[2]}", "") if called is not None else ""
        if called is not None:
            _attach(reference, note, ends=ends)
    return cast("str", untyped.tostring(root, encoding="unicode"))


def _taken_notes(root: Any) -> dict[str, str]:
    """The text of the notes by their id; they leave the tree."""
    notes: dict[str, str] = {}
    for item in list(root.iter("li")):
        name = item.get("id") or ""
        if _NOTE_ID.fullmatch(name) and not _REFERENCE_ID.fullmatch(name):
            text = " ".join(" ".join(item.itertext()).split())
            notes[name] = text.removesuffix(_BACK_ARROW).strip()
            item.getparent().remove(item)
    return notes


def _attach(reference: Any, note: str, *, ends: dict[Any, Any]) -> None:
    number = "".join(reference.itertext()).strip("[] ")
    reference.text = f" (note {number})"
    owner = _owner(reference)
    if not note or owner is None:
        return
    added = owner.makeelement("li" if owner.tag == "li" else "p", {})
    added.text = f"Note {number} : {note}"
    last = ends.get(owner, owner)
    added.tail, last.tail = last.tail, None
    last.addnext(added)
    ends[owner] = added


def _owner(reference: Any) -> Any:
    """The outermost table around a reference, else the nearest list item, else its paragraph."""
    around = list(reference.iterancestors())
    tables = [element for element in around if element.tag == "table"]
    if tables:
        return tables[-1]
    items = [element for element in around if element.tag == "li"]
    blocks = [element for element in around if element.tag in _BLOCKS]
    return next(iter(items or blocks), None)
