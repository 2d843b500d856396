"""What a browser would not show of a page: scripts, comments, hidden elements, white text on white."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_NEVER_SHOWN = (
    *("script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed"),
    *("img", "picture", "video", "audio", "map", "[hidden]", "[aria-hidden=true]"),
)
_BLANKS = re.compile(r"\s+|!important|/\*.*?\*/")
_ZERO = re.compile(r"0*\.?0*(?:px|pt|em|rem|%)?")
_FAR = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|pt|em|rem|%)?")
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")
_RGB = re.compile(r"rgba?\((\d+),(\d+),(\d+)(?:,([\d.]+))?\)")
_WHITE_FROM = 245
"""Least of the three components, of 255, from which a colour cannot be told from paper."""
_MAX_ANCESTORS = 40


def drop_invisible(tree: LexborHTMLParser) -> bool:
    """Remove from a page what its reader would not see, as far as the elements themselves tell.

    Style sheets are not applied: a class may still hide what is kept here.

    Returns:
        True when some of it was disguised: white, without size or off the page. What is merely
        switched off (`display: none`) is how pages are made.
    """
    is_disguised = False
    for selector in _NEVER_SHOWN:
        for node in reversed(tree.css(selector)):
            node.decompose()
    for node in reversed(tree.css("[style], font[color]")):
        is_disguise = _is_disguised(node)
        if is_disguise or _is_switched_off(node):
            is_disguised = is_disguised or (is_disguise and bool(node.text().strip()))
            node.decompose()
    return is_disguised


def _is_switched_off(node: LexborNode) -> bool:
    style = _style(node)
    return (
        style.get("display") == "none"
        or style.get("visibility") in {"hidden", "collapse"}
        or style.get("mso-hide") == "all"
    )


def _is_disguised(node: LexborNode) -> bool:
    style = _style(node)
    if any(_is_zero(style.get(name)) for name in ("opacity", "font-size")):
        return True
    if any(_FAR.fullmatch(style.get(name, "")) for name in ("left", "top", "text-indent")):
        return True
    colour = style.get("color") or _attribute(node, "color")
    return _is_white(colour) and not any(_has_ground(element) for element in _with_ancestors(node))


def _style(node: LexborNode) -> dict[str, str]:
    text = _BLANKS.sub("", _attribute(node, "style"))
    return {
        name: value for name, _, value in (part.partition(":") for part in text.split(";")) if value
    }


def _attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").lower()


def _is_zero(value: str | None) -> bool:
    return bool(value) and _ZERO.fullmatch(value or "") is not None


def _is_white(colour: str) -> bool:
    """True for white, nearly white and transparent."""
    if colour in {"white", "transparent", "snow", "ghostwhite"}:
        return True
    found = _HEX.fullmatch(colour)
    if found is not None:
        digits = found.group(1)
        wide = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
        return min(bytes.fromhex(wide)) >= _WHITE_FROM
    found = _RGB.fullmatch(colour)
    if found is None:
        return False
    red, green, blue, alpha = found.groups()
    is_clear = alpha is not None and alpha.strip("0.") == ""
    return is_clear or min(int(red), int(green), int(blue)) >= _WHITE_FROM


def _has_ground(node: LexborNode) -> bool:
    """True where the element has a background of its own on which white can be read."""
    style = _style(node)
    names = ("background", "background-color", "background-image")
    grounds = [style.get(name, "") for name in names]
    grounds.append(_attribute(node, "bgcolor"))
    return any(
        ground and ground not in {"none", "inherit"} and not _is_white(ground) for ground in grounds
    )


def _with_ancestors(node: LexborNode) -> Iterator[LexborNode]:
    current: LexborNode | None = node
    for _ in range(_MAX_ANCESTORS):
        if current is None:
            return
        yield current
        current = current.parent
