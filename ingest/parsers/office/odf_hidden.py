"""Text of OpenDocument files that nobody sees: switched off, white on no ground, or too small to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:"
_TEXT = f"{_NAMESPACE}text:1.0}}"
_TABLE = f"{_NAMESPACE}table:1.0}}"
_DRAW = f"{_NAMESPACE}drawing:1.0}}"
_STYLE = f"{_NAMESPACE}style:1.0}}"
_FO = f"{_NAMESPACE}xsl-fo-compatible:1.0}}"
_STYLED = (f"{_TEXT}style-name", f"{_TABLE}style-name")
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
_POINTS = re.compile(r"(\d+(?:\.\d+)?)pt")
_WHITE_FROM = 245
"""Least of the three components, of 255, from which a colour cannot be told from paper."""
_MIN_POINTS = 2.0
_NO_GROUND = frozenset({"", "transparent"})
_MAX_PARENTS = 20


@dataclass(frozen=True, slots=True)
class _Look:
    """How some text is shown; None leaves it to what is around."""

    is_off: bool | None = None
    is_pale: bool | None = None
    is_tiny: bool | None = None
    has_ground: bool = False

    @property
    def is_hidden(self) -> bool:
        """True when nobody sees such a text."""
        return bool(self.is_off or self.is_tiny or (self.is_pale and not self.has_ground))

    def within(self, outer: _Look) -> _Look:
        """This look inside another one."""
        return _Look(
            outer.is_off or self.is_off,
            outer.is_pale if self.is_pale is None else self.is_pale,
            outer.is_tiny if self.is_tiny is None else self.is_tiny,
            outer.has_ground or self.has_ground,
        )


def drop_unseen(root: Any, *, styles: Iterable[Any]) -> bool:
    """Empty the hidden text below an element.

    Args:
        root: A text, or any part of one.
        styles: Roots of the parts that hold styles.

    Returns:
        True when there was some.
    """
    looks = _looks(styles)
    is_hiding = False
    stack: list[tuple[Any, _Look]] = [(root, _Look())]
    while stack:
        element, outer = stack.pop()
        look = _look_of(element, looks).within(outer)
        if look.is_hidden:
            is_hiding = _emptied(element) or is_hiding
        stack += [(child, look) for child in element if isinstance(child.tag, str)]
    return is_hiding


def _emptied(element: Any) -> bool:
    """Take the words that stand in an element itself, not those of elements inside."""
    words = [element.text or "", *(child.tail or "" for child in element)]
    element.text = ""
    for child in element:
        child.tail = ""
    return bool("".join(words).strip())


def _look_of(element: Any, looks: Mapping[str, _Look]) -> _Look:
    tag = str(element.tag)
    if tag.startswith(_DRAW):
        return _Look(has_ground=True)
    is_switched_off = element.get(f"{_TEXT}is-hidden") == "true" and tag == f"{_TEXT}section"
    if tag == f"{_TEXT}hidden-text" or is_switched_off or element.get(f"{_TEXT}display") == "none":
        return _Look(is_off=True)
    if element.find(f"{_TEXT}hidden-paragraph[@{_TEXT}is-hidden='true']") is not None:
        return _Look(is_off=True)
    name = next((element.get(each) for each in _STYLED if element.get(each)), "")
    return looks.get(name, _Look())


def _looks(roots: Iterable[Any]) -> dict[str, _Look]:
    styles = {
        style.get(f"{_STYLE}name", ""): style
        for root in roots
        for style in root.iter(f"{_STYLE}style")
    }
    return {name: _inherited(name, styles) for name in styles}


def _inherited(name: str, styles: Mapping[str, Any]) -> _Look:
    found = _Look()
    for _ in range(_MAX_PARENTS):
        style = styles.get(name)
        if style is None:
            break
        found = found.within(_own(style))
        name = cast("str", style.get(f"{_STYLE}parent-style-name", ""))
    return found


def _own(style: Any) -> _Look:
    text = style.find(f"{_STYLE}text-properties")
    grounds = [each.get(f"{_FO}background-color", "") for each in style]
    has_ground = any(ground not in _NO_GROUND and not _is_pale(ground) for ground in grounds)
    if text is None:
        return _Look(has_ground=has_ground)
    colour, size = text.get(f"{_FO}color"), text.get(f"{_FO}font-size")
    points = _POINTS.fullmatch(size or "")
    return _Look(
        is_off=True if text.get(f"{_TEXT}display") == "none" else None,
        is_pale=None if colour is None else _is_pale(colour),
        is_tiny=float(points[1]) < _MIN_POINTS if points else None,
        has_ground=has_ground,
    )


def _is_pale(colour: str) -> bool:
    return bool(_HEX.fullmatch(colour)) and min(bytes.fromhex(colour[1:])) >= _WHITE_FROM
