"""Text of an OpenDocument file that its reader does not see: hidden, white on the page, without size.

White text is only taken for hidden where nothing may lie under it: no coloured cell, frame or page.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from typing import Any, cast

from ingest.errors import ParseFailed
from ingest.parsers.office.look import PLAIN, Look
from ingest.parsers.office.opendocument import DRAW, FO, STYLE, TABLE, TEXT, member
from ingest.parsers.office.xml import XmlElement, parse_xml

_NAMES = (f"{TEXT}style-name", f"{TABLE}style-name", f"{DRAW}style-name")
_FAMILIES = {
    f"{TEXT}p": "paragraph",
    f"{TEXT}h": "paragraph",
    f"{TEXT}span": "text",
    f"{TEXT}section": "section",
    f"{TABLE}table": "table",
    f"{TABLE}table-column": "table-column",
    f"{TABLE}table-row": "table-row",
    f"{TABLE}table-cell": "table-cell",
}
"""Family of the styles of an element; one of another family of the same name does not touch it."""
_WHITE = re.compile(r"#(?:f[0-9a-f]){3}", re.I)
_POINTS = re.compile(r"(\d+(?:\.\d+)?)pt")
_LEAST_POINTS = 2.0
_MAX_PARENTS = 20
_OFF = frozenset({"none", "false"})
_NO_GROUND = frozenset({"", "transparent", "none"})


_Key = tuple[str, str]
"""Family and name of a style."""


def drop_hidden(root: XmlElement, archive: zipfile.ZipFile) -> bool:
    """Empty what a document shows to nobody.

    Args:
        root: Of its content, changed in place.
        archive: The document, for the styles that its content builds on.

    Returns:
        True when any of it held a word.
    """
    roots = [cast("Any", root), *_named_styles(archive)]
    looks = _looks(roots)
    outside = Look(has_ground=_has_dark_pages(roots))
    is_hiding = False
    stack: list[tuple[Any, Look]] = [(root, outside)]
    while stack:
        element, around = stack.pop()
        if _is_removed(element):
            is_hiding = _emptied(element) or is_hiding
            continue
        look = _look_of(element, looks=looks, around=around)
        if look.is_hidden:
            is_hiding = _blanked(element) or is_hiding
        stack.extend((child, look) for child in element if isinstance(child.tag, str))
    return is_hiding


def _named_styles(archive: zipfile.ZipFile) -> list[Any]:
    try:
        return [parse_xml(member(archive, "styles.xml"))]
    except ParseFailed:
        return []


def _look_of(element: Any, *, looks: dict[_Key, Look], around: Look) -> Look:
    if element.tag.startswith(DRAW):
        return Look(has_ground=True)
    name = next((found for key in _NAMES if (found := element.get(key))), None)
    if not name:
        return around
    families = (_FAMILIES.get(element.tag, ""), "")
    own = next((look for family in families if (look := looks.get((family, name)))), PLAIN)
    return own.over(around)


def _is_removed(element: Any) -> bool:
    if element.tag == f"{TEXT}section":
        is_hidden = element.get(f"{TEXT}is-hidden") == "true"
        display = element.get(f"{TEXT}display", "")
        return display == "none" or (display == "condition" and is_hidden)
    if element.tag == f"{TEXT}hidden-text":
        return element.get(f"{TEXT}is-hidden") == "true"
    if element.tag not in {f"{TEXT}p", f"{TEXT}h"}:
        return False
    return any(
        mark.get(f"{TEXT}is-hidden") == "true" for mark in element.iter(f"{TEXT}hidden-paragraph")
    )


def _emptied(element: Any) -> bool:
    has_words = any(char.isalnum() for text in element.itertext() for char in text)
    element.clear(keep_tail=True)
    return has_words


def _blanked(element: Any) -> bool:
    """Take away the text of an element itself; that of the elements in it has a look of its own."""
    texts = [element.text, *(child.tail for child in element)]
    element.text = None
    for child in element:
        child.tail = None
    return any(char.isalnum() for text in texts if text for char in text)


def _looks(roots: list[Any]) -> dict[_Key, Look]:
    styles = {
        _key_of(style): style for root in reversed(roots) for style in root.iter(f"{STYLE}style")
    }
    return {
        key: look
        for key, style in styles.items()
        if (look := _inherited(style, styles=styles)) != PLAIN
    }


def _key_of(style: Any) -> _Key:
    return style.get(f"{STYLE}family", ""), style.get(f"{STYLE}name", "")


def _inherited(style: Any, *, styles: dict[_Key, Any]) -> Look:
    look, current = PLAIN, style
    family = style.get(f"{STYLE}family", "")
    for _ in range(_MAX_PARENTS):
        look = look.over(_own_look(current))
        current = styles.get((family, current.get(f"{STYLE}parent-style-name", "")))
        if current is None:
            break
    return look


def _own_look(style: Any) -> Look:
    look = Look(has_ground=any(map(_has_ground, style)))
    for properties in style.iter(f"{STYLE}text-properties"):
        display = properties.get(f"{TEXT}display")
        colour = properties.get(f"{FO}color")
        is_automatic = properties.get(f"{STYLE}use-window-font-color") == "true"
        points = _POINTS.fullmatch(properties.get(f"{FO}font-size", ""))
        look = replace(
            look,
            is_off=None if display is None else display in _OFF,
            is_white=False if is_automatic else colour and _WHITE.fullmatch(colour) is not None,
            is_tiny=None if points is None else float(points.group(1)) < _LEAST_POINTS,
        )
    return look


def _has_ground(properties: Any) -> bool:
    colour = str(properties.get(f"{FO}background-color", "")).lower()
    fill = properties.get(f"{DRAW}fill", "")
    has_image = any(str(child.tag).endswith("}background-image") for child in properties)
    is_coloured = colour not in _NO_GROUND and _WHITE.fullmatch(colour) is None
    return is_coloured or fill not in _NO_GROUND or (has_image and _has_link(properties))


def _has_link(properties: Any) -> bool:
    return any(key.endswith("}href") for child in properties for key in child.attrib)


def _has_dark_pages(roots: list[Any]) -> bool:
    """True where white may be seen anywhere: pages of a colour, or drawings laid behind the text."""
    layouts = (found for root in roots for found in root.iter(f"{STYLE}page-layout-properties"))
    drawn = roots[0].iter(f"{STYLE}graphic-properties")
    return any(map(_has_ground, layouts)) or any(
        found.get(f"{STYLE}run-through") == "background" for found in drawn
    )
