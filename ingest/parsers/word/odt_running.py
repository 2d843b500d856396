"""Heads and feet of the pages of an ODT file, as far as they are shown."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from ingest.parsers.office.odf_hidden import drop_hidden
from ingest.parsers.office.opendocument import STYLE, TEXT, member, text_of
from ingest.parsers.office.xml import XmlElement, parse_xml

_STYLES = "styles.xml"
_USUAL = "Standard"
_PLACES = ("header", "header-first", "footer", "footer-first")


def running_lines(content: XmlElement, archive: zipfile.ZipFile) -> Iterator[str]:
    """Each paragraph of the heads and feet of the pages that the text asks for, heads first.

    Args:
        content: Root of the text.
        archive: The document.

    Raises:
        ParseFailed: Its styles are damaged.
    """
    data = member(archive, _STYLES)
    if not data:
        return
    styles = parse_xml(data)
    drop_hidden(styles, archive)
    asked = {_USUAL} | {
        style.get(f"{STYLE}master-page-name", "")
        for root in (content, styles)
        for style in root.iter(f"{STYLE}style")
    }
    pages = [
        page for page in styles.iter(f"{STYLE}master-page") if page.get(f"{STYLE}name") in asked
    ]
    for place in _PLACES:
        for page in pages:
            for part in page.iter(f"{STYLE}{place}"):
                if part.get(f"{STYLE}display") != "false":
                    yield from map(text_of, part.iter(f"{TEXT}p"))
