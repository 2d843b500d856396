"""Text of an OpenDocument file that its reader does not see: hidden, white on the page, without size.

White text is only taken for hidden where nothing may lie under it: no coloured cell, frame or page.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from ingest.errors import ParseFailed
from ingest.parsers.office.look import PLAIN, Look
from ingest.parsers.office.opendocument import DRAW, FO, PRESENTATION, STYLE, TABLE, TEXT, member
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
_CANVASES = frozenset({f"{DRAW}page", f"{DRAW}g"})
_WHITE = re.compile(r"#(?:f[0-9a-f]){3}", re.I)
_POINTS = re.compile(r"(\d+(?:\.\d+)?)pt")
_LEAST_POINTS = 2.0
_LEAST_OPACITY = 5
_OPACITY = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}opacity"
_MAX_PARENTS = 20
_OFF = frozenset({"none", "false"})
_NO_GROUND = frozenset({"", "transparent", "none"})


StyleKey = tuple[str, str]
"""Family and name of a style."""


def drop_hidden(
    root: XmlElement,
    archive: zipfile.ZipFile,
    *,
    is_bare: Callable[[Any], bool] | None = None,
) -> bool:
    """Empty what a document shows to nobody.

    Args:
        root: Of its content, changed in place.
        archive: The document, for the styles that its content builds on.
        is_bare: True for a drawing that lies on nothing but white and is white itself; without it,
            drawings are taken for coloured.

    Returns:
        True when any of it held a word.
    """
    roots = [cast("Any", root), *named_styles(archive)]
    looks = looks_of(roots)
    outside = Look(has_ground=_has_dark_pages(roots))
    is_hiding = False
    stack: list[tuple[Any, Look]] = [(root, outside)]
    while stack:
        element, around = stack.pop()
        if _is_removed(element):
            is_hiding = _emptied(element) or is_hiding
            continue
        look = _look_of(element, looks=looks, around=around, is_bare=is_bare)
        if look.is_hidden:
            is_hiding = _blanked(element) or is_hiding
        stack.extend((child, look) for child in element if isinstance(child.tag, str))
    return is_hiding


def named_styles(archive: zipfile.ZipFile) -> list[Any]:
    """The root of the styles of a document, none where they are missing or damaged."""
    try:
        return [parse_xml(member(archive, "styles.xml"))]
    except ParseFailed:
        return []


def _look_of(
    element: Any,
    *,
    looks: dict[StyleKey, Look],
    around: Look,
    is_bare: Callable[[Any], bool] | None,
) -> Look:
    if element.tag.startswith(DRAW):
        if is_bare is None:
            return Look(has_ground=True)
        return _look_of_drawing(element, looks=looks, around=around, is_bare=is_bare)
    name = next((found for key in _NAMES if (found := element.get(key))), None)
    if not name:
        return around
    families = (_FAMILIES.get(element.tag, ""), "")
    own = next((look for family in families if (look := looks.get((family, name)))), PLAIN)
    return own.over(around)


def _look_of_drawing(
    element: Any,
    *,
    looks: dict[StyleKey, Look],
    around: Look,
    is_bare: Callable[[Any], bool],
) -> Look:
    """How the text of a drawing looks; a group, and what a drawing holds, is as what is around it."""
    parent = element.getparent()
    if element.tag == f"{DRAW}g" or parent is None or parent.tag not in _CANVASES:
        return around
    keys = [
        ("paragraph", element.get(f"{DRAW}text-style-name", "")),
        ("presentation", element.get(f"{PRESENTATION}style-name", "")),
        ("graphic", element.get(f"{DRAW}style-name", "")),
    ]
    look = PLAIN
    for key in keys:
        look = look.over(looks.get(key, PLAIN))
    return replace(look, has_ground=not is_bare(element))


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


def looks_of(roots: list[Any]) -> dict[StyleKey, Look]:
    """What the styles of a document say, for those that say something.

    Args:
        roots: Of its parts; a style of an earlier one stands for one of its name in a later one.
    """
    styles = {
        _key_of(style): style for root in reversed(roots) for style in root.iter(f"{STYLE}style")
    }
    return {
        key: look
        for key, style in styles.items()
        if (look := _inherited(style, styles=styles)) != PLAIN
    }


def _key_of(style: Any) -> StyleKey:
    return style.get(f"{STYLE}family", ""), style.get(f"{STYLE}name", "")


def _inherited(style: Any, *, styles: dict[StyleKey, Any]) -> Look:
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
            is_off=True if _is_clear(properties) else None if display is None else display in _OFF,
            is_white=False if is_automatic else colour and _WHITE.fullmatch(colour) is not None,
            is_tiny=None if points is None else float(points.group(1)) < _LEAST_POINTS,
        )
    return look


def _is_clear(properties: Any) -> bool:
    share = properties.get(_OPACITY, "").removesuffix("%")
    return share.isdigit() and int(share) <= _LEAST_OPACITY


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
