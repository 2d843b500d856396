"""What a browser would not show of a page: scripts, comments, hidden elements, words of the colour below."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.parsers.text.css import styles_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_NEVER_SHOWN = (
    *("script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed"),
    *("img", "picture", "video", "audio", "map", "[hidden]", "[aria-hidden=true]"),
)
_OFFSETS = ("left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top")
_SIZES = ("height", "width", "max-height", "max-width")
_GROUNDS = ("background", "background-color", "background-image")
_PROPERTIES = frozenset(
    {
        *("display", "visibility", "mso-hide", "opacity", "font-size", "font", "color"),
        *("clip", "clip-path", "overflow", "overflow-x", "overflow-y", "transform"),
        *_OFFSETS,
        *_SIZES,
        *_GROUNDS,
    }
)
_NUMBER = re.compile(r"(-?\d*\.?\d+)(px|pt|em|rem|%|vw|vh)?")
_FAR = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|pt|em|rem|%|vw|vh)?|\d{4,}(?:\.\d+)?(?:px|pt|em|rem|%)?")
_MOVED = re.compile(r"translate[xy3d]*\([^)]*?-?\d{4,}")
_SHRUNK = re.compile(r"scale[xy]?\(0*\.?0*\)")
_CLIP = re.compile(
    r"rect\(\s*([01](?:px)?)[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\)"
)
_CLIP_PATH = re.compile(
    r"inset\((?:[5-9]\d|100)(?:\.\d+)?%\)|circle\(0[^)]*\)|polygon\((?:0[\w%]*[\s,]*)+\)"
)
_RGB = re.compile(r"rgba?\((\d+)[\s,]+(\d+)[\s,]+(\d+)(?:\s*[,/]\s*([\d.]+)%?)?\)")
_LEAST_SIZES = {"px": 2.0, "pt": 1.5, "em": 0.1, "rem": 0.1, "%": 10.0, "": 2.0}
"""Below, letters are not read, by the unit."""
_LEAST_OPACITY = 0.05
_CLOSE = 10
"""Greatest difference of any component, of 255, between colours that are taken for the same."""
_LABEL_CHARS = 80
"""Pages say so much to screen readers alone; what is longer is no label."""

_Rgb = tuple[int, int, int]
_WHITE: _Rgb = (255, 255, 255)
_CLEAR = "clear"
"""A colour that lets all through."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How the words of an element look; what it holds looks the same unless it says otherwise."""

    colour: _Rgb | str | None = None
    """None for what is not told."""
    ground: _Rgb | None = _WHITE
    """None for what cannot be told, such as a picture."""
    is_off: bool = False
    is_tiny: bool = False

    @property
    def is_disguised(self) -> bool:
        """True for words that are there and not seen."""
        if self.is_tiny or self.colour == _CLEAR:
            return True
        return (
            isinstance(self.colour, tuple)
            and self.ground is not None
            and _are_close(self.colour, self.ground)
        )


def drop_invisible(tree: LexborHTMLParser) -> bool:
    """Remove from a page what its reader would not see, as far as the page itself tells.

    Returns:
        True when some of it was disguised: of the colour below, without size, clipped or off the page.
        What is merely switched off (`display: none`) is how pages are made.
    """
    has_links = tree.css_first("link[rel~=stylesheet]") is not None
    styles = styles_of(tree, properties=_PROPERTIES)
    if has_links:
        _forget_colours(tree, styles)
    for selector in _NEVER_SHOWN:
        for node in reversed(tree.css(selector)):
            node.decompose()
    root = tree.root
    is_styled = bool(styles) or tree.css_first("[bgcolor], [color], [text]") is not None
    return _Sieve(styles).run(root) if root is not None and is_styled else False


def _forget_colours(tree: LexborHTMLParser, styles: dict[int, dict[str, str]]) -> None:
    """Colours that sheets of the page give are read against those of the sheets that it links to."""
    own = {node.mem_id for node in tree.css("[style]")}
    for node, told in styles.items():
        if node not in own:
            told.pop("color", None)


class _Sieve:
    def __init__(self, styles: dict[int, dict[str, str]]) -> None:
        self._styles = styles
        self._is_disguised = False

    def run(self, root: LexborNode) -> bool:
        """Take away what is not seen; True when some of it was disguised."""
        stack = [(root, _Look())]
        while stack:
            node, around = stack.pop()
            style = self._styles.get(node.mem_id, {})
            if style and self._is_gone(node, style):
                node.decompose()
                continue
            look = _look_of(node, style, around=around)
            is_unseen = look.is_off or look.is_disguised
            for child in list(node.iter(include_text=True)):
                if child.tag != "-text":
                    stack.append((child, look))
                elif is_unseen and child.text().strip():
                    self._is_disguised = self._is_disguised or look.is_disguised
                    child.decompose()
        return self._is_disguised

    def _is_gone(self, node: LexborNode, style: dict[str, str]) -> bool:
        """True for an element that is not seen, whatever those in it look like."""
        if style.get("display") == "none" or style.get("mso-hide") == "all":
            return True
        is_cut = _is_cut(style)
        is_out = _is_out(style)
        if is_cut or is_out:
            letters = len(node.text().strip())
            self._is_disguised = self._is_disguised or letters > (0 if is_out else _LABEL_CHARS)
        return is_cut or is_out


def _is_out(style: dict[str, str]) -> bool:
    if any(_FAR.fullmatch(style.get(name, "")) for name in _OFFSETS):
        return True
    transform = style.get("transform", "")
    opacity = _number(style.get("opacity", ""))
    is_clear = opacity is not None and opacity <= _LEAST_OPACITY
    return is_clear or bool(_MOVED.search(transform) or _SHRUNK.search(transform))


def _is_cut(style: dict[str, str]) -> bool:
    if _CLIP.fullmatch(style.get("clip", "")) or _CLIP_PATH.fullmatch(style.get("clip-path", "")):
        return True
    is_closed = any(
        style.get(name) in {"hidden", "clip"} for name in ("overflow", "overflow-x", "overflow-y")
    )
    sizes = (_number(style.get(name, "")) for name in _SIZES)
    return is_closed and any(size is not None and size <= 1 for size in sizes)


def _look_of(node: LexborNode, style: dict[str, str], *, around: _Look) -> _Look:
    attributes = node.attributes
    look = around
    visibility = style.get("visibility")
    if visibility is not None and visibility != "inherit":
        look = replace(look, is_off=visibility in {"hidden", "collapse"})
    size = style.get("font-size")
    if size is not None and size != "inherit":
        look = replace(look, is_tiny=_is_tiny(size, is_tiny=look.is_tiny))
    written = attributes.get("color") if node.tag == "font" else None
    written = (
        style.get("color") or written or (attributes.get("text") if node.tag == "body" else None)
    )
    if written and written != "inherit":
        look = replace(look, colour=_colour(written.lower()))
    grounds = [style.get(name, "") for name in _GROUNDS]
    grounds.append((attributes.get("bgcolor") or "").lower())
    for ground in grounds:
        look = _on(look, ground)
    return look


def _on(look: _Look, ground: str) -> _Look:
    """A look on a background as it is written; empty for none."""
    if not ground or ground in {"none", "inherit", "initial", "unset"}:
        return look
    colour = _colour(ground)
    if colour is None and "(" not in ground:
        colour = next((found for part in ground.split() if (found := _colour(part))), None)
    if colour == _CLEAR:
        return look
    return replace(look, ground=colour if isinstance(colour, tuple) else None)


def _is_tiny(size: str, *, is_tiny: bool) -> bool:
    found = _NUMBER.fullmatch(size)
    if found is None:
        return False
    unit = found.group(2) or ""
    is_relative = unit in {"em", "%"}
    return float(found.group(1)) < _LEAST_SIZES.get(unit, 0.0) or (is_tiny and is_relative)


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    return float(found.group(1)) if found is not None else None


def _colour(text: str) -> _Rgb | str | None:
    """A colour, `_CLEAR`, or None for what is none or cannot be told."""
    if text == "transparent":
        return _CLEAR
    found = _RGB.fullmatch(text)
    if found is not None:
        red, green, blue, alpha = found.groups()
        is_clear = alpha is not None and float(alpha) <= _LEAST_OPACITY
        return _CLEAR if is_clear else (int(red), int(green), int(blue))
    from PIL import ImageColor

    try:
        components = ImageColor.getrgb(text)
    except ValueError:
        return None
    if len(components) == 4 and components[3] <= 255 * _LEAST_OPACITY:
        return _CLEAR
    return components[0], components[1], components[2]


def _are_close(one: _Rgb, other: _Rgb) -> bool:
    return all(abs(a - b) <= _CLOSE for a, b in zip(one, other, strict=True))
