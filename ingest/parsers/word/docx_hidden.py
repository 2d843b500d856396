"""Runs of a DOCX file that nobody sees: hidden, white on no ground, or too small to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VALUE = f"{WORD}val"
_OFF = frozenset({"0", "false", "off"})
_WHITE_FROM = 245
"""Least of the three components, of 255, from which a colour cannot be told from paper."""
_MIN_HALF_POINTS = 4
"""Print below two points is no text."""
_HEX = re.compile(r"[0-9A-Fa-f]{6}")
_NO_GROUND = frozenset({"", "auto", "none"})
_MAX_PARENTS = 20


@dataclass(frozen=True, slots=True)
class _Style:
    """What a style says of its text; what it leaves open is its parent's."""

    parent: str
    is_vanished: bool | None
    is_pale: bool | None
    is_tiny: bool | None
    has_ground: bool


class HiddenRuns:
    """Finds the runs of a document that are not seen on paper, its styles known."""

    def __init__(self, styles: Any | None) -> None:
        """Take the root of `styles.xml`, None without such a part."""
        self._styles: Mapping[str, _Style] = {}
        if styles is not None:
            self._styles = {
                style.get(f"{WORD}styleId", ""): _style(style)
                for style in styles.iter(f"{WORD}style")
            }

    @property
    def may_hide(self) -> bool:
        """True when some style hides the text that bears it."""
        return any(
            each.is_vanished or each.is_pale or each.is_tiny for each in self._styles.values()
        )

    def find(self, root: Any) -> list[Any]:
        """The hidden runs below an element, in order."""
        return [run for run in root.iter(f"{WORD}r") if self._is_hidden(run)]

    def _is_hidden(self, run: Any) -> bool:
        properties = run.find(f"{WORD}rPr")
        chain = [*_given(properties, self._chain(properties, "rStyle"))]
        paragraph = next(run.iterancestors(f"{WORD}p"), None)
        chain += self._chain(_first(paragraph, "pPr"), "pStyle")
        if _first_told(each.is_vanished for each in chain):
            return True
        if _first_told(each.is_tiny for each in chain):
            return True
        return bool(_first_told(each.is_pale for each in chain)) and not self._has_ground(
            run, chain
        )

    def _chain(self, properties: Any, name: str) -> list[_Style]:
        """The styles that some properties name, the nearest first."""
        found: list[_Style] = []
        named = _first(properties, name)
        current = self._styles.get(named.get(_VALUE, "")) if named is not None else None
        while current is not None and len(found) < _MAX_PARENTS:
            found.append(current)
            current = self._styles.get(current.parent)
        return found

    def _has_ground(self, run: Any, chain: list[_Style]) -> bool:
        """True where white may be read: on a shade, in a shape, on a coloured page, in a shaded table."""
        if any(each.has_ground for each in chain) or _is_shaded(run.find(f"{WORD}rPr")):
            return True
        for element in run.iterancestors():
            name = str(element.tag).removeprefix(WORD)
            if name == "txbxContent" or element.find(f"{WORD}background") is not None:
                return True
            if name in {"p", "tc"} and _is_shaded(element.find(f"{WORD}{name}Pr")):
                return True
            if name == "tbl":
                properties = element.find(f"{WORD}tblPr")
                styles = self._chain(properties, "tblStyle")
                if _is_shaded(properties) or any(each.has_ground for each in styles):
                    return True
        return False


def _given(properties: Any, styles: list[_Style]) -> Iterator[_Style]:
    """What the run says itself, then what its styles say."""
    if properties is not None:
        yield _told(properties, parent="", has_ground=False)
    yield from styles


def _style(style: Any) -> _Style:
    based = style.find(f"{WORD}basedOn")
    grounds = any(_is_ground(shade) for shade in style.iter(f"{WORD}shd"))
    parent = based.get(_VALUE, "") if based is not None else ""
    return _told(style.find(f"{WORD}rPr"), parent=parent, has_ground=grounds)


def _told(properties: Any, *, parent: str, has_ground: bool) -> _Style:
    vanish = _first(properties, "vanish")
    colour, size = _first(properties, "color"), _first(properties, "sz")
    return _Style(
        parent=parent,
        is_vanished=None if vanish is None else vanish.get(_VALUE, "1") not in _OFF,
        is_pale=None if colour is None else _is_pale(colour.get(_VALUE, "")),
        is_tiny=None if size is None else _is_tiny(size.get(_VALUE, "")),
        has_ground=has_ground,
    )


def _first(element: Any, name: str) -> Any:
    return None if element is None else element.find(f"{WORD}{name}")


def _first_told(values: Iterator[bool | None]) -> bool:
    return next((value for value in values if value is not None), False)


def _is_pale(colour: str) -> bool:
    return bool(_HEX.fullmatch(colour)) and min(bytes.fromhex(colour)) >= _WHITE_FROM


def _is_tiny(half_points: str) -> bool:
    return half_points.isdigit() and int(half_points) < _MIN_HALF_POINTS


def _is_shaded(properties: Any) -> bool:
    highlight = _first(properties, "highlight")
    is_marked = highlight is not None and highlight.get(_VALUE, "") not in {"none", "white"}
    return is_marked or _is_ground(_first(properties, "shd"))


def _is_ground(shade: Any) -> bool:
    if shade is None:
        return False
    fill = shade.get(f"{WORD}fill", "")
    is_plain = fill in _NO_GROUND and shade.get(f"{WORD}themeFill") is None
    is_pattern = shade.get(_VALUE, "clear") not in {"clear", "nil"}
    return is_pattern or not (is_plain or _is_pale(fill))
