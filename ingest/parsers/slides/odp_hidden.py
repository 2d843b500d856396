"""What of an ODP file its audience does not see: what lies beside the slide, white words on white.

White words are only taken for hidden where all that may lie under them is told to be white or empty.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any

from ingest.parsers.office.odf_hidden import drop_hidden, named_styles
from ingest.parsers.office.opendocument import DRAW, PRESENTATION, STYLE, TABLE, TEXT
from ingest.parsers.slides.extents import Extent
from ingest.parsers.slides.odp_boxes import extent_of, slide_size

_DISPLAYS = (f"{DRAW}display", "{http://openoffice.org/2010/draw}display")
_UNSHOWN = frozenset({"none", "printer"})
_FURNITURE = frozenset({"header", "footer", "date-time", "page-number"})
_OPAQUE = (f"{DRAW}image", f"{DRAW}object", f"{DRAW}object-ole", f"{DRAW}plugin", f"{TABLE}table")
_LINES = frozenset({f"{DRAW}line", f"{DRAW}connector", f"{DRAW}polyline", f"{DRAW}measure"})
_WHITE = re.compile(r"#(?:f[0-9a-f]){3}", re.I)
_MAX_PARENTS = 20
_MAX_SHAPES = 400
"""Beyond, what lies under a text is not looked for, and its colour tells nothing."""


def drop_unseen(root: Any, archive: zipfile.ZipFile) -> bool:
    """Remove from the slides of a file the drawings and words that are not seen.

    Args:
        root: Of its content, changed in place.
        archive: The file, for the styles that its content builds on.

    Returns:
        True when any of it held a word.
    """
    styles = next(iter(named_styles(archive)), None)
    unshown = _unshown_layers(styles)
    width, height = slide_size(styles)
    slide = Extent(0, 0, width, height)
    is_hiding = False
    for page in root.iter(f"{DRAW}page"):
        for shape in list(_shapes(page)):
            extent = extent_of(shape)
            is_outside = extent is not None and not extent.meets(slide)
            if is_outside or _is_switched_off(shape, layers=unshown):
                is_hiding = _removed(shape) or is_hiding
    grounds = _Grounds(root, styles=styles)
    return drop_hidden(root, archive, is_bare=grounds.is_bare) or is_hiding


class _Grounds:
    """What lies under each drawing."""

    def __init__(self, root: Any, *, styles: Any) -> None:
        roots = [found for found in (styles, root) if found is not None]
        self._styles = {
            (style.get(f"{STYLE}family", ""), style.get(f"{STYLE}name", "")): style
            for found in roots
            for style in found.iter(f"{STYLE}style")
        }
        masters = styles.iter(f"{STYLE}master-page") if styles is not None else ()
        self._masters = {master.get(f"{STYLE}name", ""): master for master in masters}
        self._under: dict[Any, list[Any] | None] = {}
        """Of each page, all of its drawings from the lowest to the topmost; None where it is coloured."""

    def is_bare(self, shape: Any) -> bool:
        """True for a drawing that is empty or white, as is all that lies under it."""
        page = next(shape.iterancestors(f"{DRAW}page"), None)
        if page is None or self._is_coloured(shape):
            return False
        if self._fill(shape) == "white":
            return True
        if page not in self._under:
            self._under[page] = self._drawn(page)
        drawn = self._under[page]
        if drawn is None:
            return False
        extent = extent_of(shape)
        for other in drawn:
            if other is shape:
                return True
            around = extent_of(other)
            is_under = extent is None or around is None or around.meets(extent)
            if is_under and self._is_coloured(other):
                return False
        return False

    def _drawn(self, page: Any) -> list[Any] | None:
        master = self._masters.get(page.get(f"{DRAW}master-page-name", ""))
        owners = [page] if master is None else [master, page]
        keys = [("drawing-page", owner.get(f"{DRAW}style-name", "")) for owner in owners]
        if any(self._filled(key) not in {"", "none", "white"} for key in keys):
            return None
        drawn = [shape for owner in owners for shape in _shapes(owner)]
        is_own = (shape for shape in drawn if not _is_placeholder(shape, page=page))
        return None if len(drawn) > _MAX_SHAPES else list(is_own)

    def _is_coloured(self, shape: Any) -> bool:
        if shape.tag in _LINES:
            return False
        if any(shape.find(name) is not None for name in _OPAQUE):
            return True
        return self._fill(shape) not in {"none", "white"}

    def _fill(self, shape: Any) -> str:
        """Either "none", "white", or anything else for what is coloured or cannot be told."""
        keys = (
            ("graphic", shape.get(f"{DRAW}style-name", "")),
            ("presentation", shape.get(f"{PRESENTATION}style-name", "")),
        )
        found = next((fill for key in keys if (fill := self._filled(key))), "")
        return "none" if not found and shape.tag == f"{DRAW}frame" else found

    def _filled(self, key: tuple[str, str]) -> str:
        """What a style says of a fill, by itself or by what it builds on; empty when it says nothing."""
        family, name = key
        fill = colour = ""
        for _ in range(_MAX_PARENTS):
            style = self._styles.get((family, name))
            if style is None:
                break
            for properties in style:
                fill = fill or properties.get(f"{DRAW}fill", "")
                colour = colour or properties.get(f"{DRAW}fill-color", "")
            name = style.get(f"{STYLE}parent-style-name", "")
        return "white" if fill == "solid" and _WHITE.fullmatch(colour) else fill


def _shapes(owner: Any) -> Iterator[Any]:
    """The drawings of a page that are no groups, from the lowest to the topmost."""
    stack = [child for child in reversed(owner) if isinstance(child.tag, str)]
    while stack:
        shape = stack.pop()
        if shape.tag == f"{DRAW}g":
            stack.extend(child for child in reversed(shape) if isinstance(child.tag, str))
        elif shape.tag.startswith(DRAW):
            yield shape


def _is_placeholder(shape: Any, *, page: Any) -> bool:
    """True for a drawing of a master that stands for one of the page, and is not shown."""
    is_own = next(shape.iterancestors(f"{DRAW}page"), None) is page
    return not is_own and shape.get(f"{PRESENTATION}class") is not None


def _unshown_layers(styles: Any) -> frozenset[str]:
    layers = styles.iter(f"{DRAW}layer") if styles is not None else ()
    return frozenset(
        layer.get(f"{DRAW}name", "") for layer in layers if layer.get(f"{DRAW}display") in _UNSHOWN
    )


def _is_switched_off(shape: Any, *, layers: frozenset[str]) -> bool:
    is_off = any(shape.get(name) in _UNSHOWN for name in _DISPLAYS)
    return is_off or shape.get(f"{DRAW}layer", "") in layers


def _removed(shape: Any) -> bool:
    """Remove a drawing; True when it held a word that is not a number of a slide or the like."""
    texts = ("".join(found.itertext()) for found in shape.iter(f"{TEXT}p"))
    has_words = any(char.isalnum() for text in texts for char in text)
    shape.getparent().remove(shape)
    return has_words and shape.get(f"{PRESENTATION}class") not in _FURNITURE
