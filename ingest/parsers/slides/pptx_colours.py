"""Colours of a PPTX slide, as far as they are told: those of its theme under the names it gives them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_THEME = "/theme"
_FULL = 100_000
_SEEN_THROUGH = 0.95
_CLOSE = 24
"""Greatest difference of any component, of 255, between colours that the eye does not tell apart."""
_FILLS = ("noFill", "solidFill", "gradFill", "blipFill", "pattFill", "grpFill")
_FIRST_BACKGROUND = "1001"
_NO_BACKGROUNDS = frozenset({"0", "1000"})

Rgb = tuple[int, int, int]
WHITE: Rgb = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Fill:
    """What an area or a letter is filled with."""

    rgb: Rgb | None = None
    """None for what cannot be told, such as a picture."""
    alpha: float = 1.0
    """0 for what is not seen at all."""

    @property
    def ground(self) -> Rgb | None:
        """The colour that it gives to what stands on it, None when that cannot be told."""
        return self.rgb if self.alpha >= _SEEN_THROUGH else None


NO_FILL = Fill(alpha=0.0)


def are_close(one: Rgb, other: Rgb) -> bool:
    """True for colours of which one is not seen on the other."""
    return all(abs(a - b) <= _CLOSE for a, b in zip(one, other, strict=True))


class Palette:
    """The colours of one slide."""

    def __init__(self, slide: Any) -> None:
        self._slide = slide
        layout = slide.slide_layout
        self._masters = (slide, layout, layout.slide_master)
        self._theme = _theme_of(layout.slide_master)
        self._names = _names_of(self._masters)

    def fill_of(self, properties: Any) -> Fill | None:
        """What properties say of a fill, None when they leave it to what they build on."""
        if properties is None:
            return None
        found = next((child for child in properties if _kind(child) in _FILLS), None)
        if found is None:
            return None
        if _kind(found) == "noFill":
            return NO_FILL
        return self.colour_in(found) if _kind(found) == "solidFill" else Fill()

    def colour_in(self, holder: Any) -> Fill:
        """The colour that an element holds; one made by changing another cannot be told."""
        colour = next((child for child in holder if isinstance(child.tag, str)), None)
        if colour is None:
            return Fill()
        changes = {_kind(change): change.get("val", "") for change in colour}
        alpha = changes.pop("alpha", "")
        share = int(alpha) / _FULL if alpha.isdigit() else 1.0
        return Fill(None if changes else self._rgb(colour), alpha=share)

    def background(self) -> Rgb | None:
        """The colour of the slide, None when it cannot be told."""
        for owner in self._masters:
            found = owner.element.find(f"{P}cSld/{P}bg")
            if found is not None:
                return self._background(found)
        return WHITE

    def _background(self, found: Any) -> Rgb | None:
        reference = found.find(f"{P}bgRef")
        if reference is not None:
            index = reference.get("idx", "")
            if index in _NO_BACKGROUNDS:
                return WHITE
            is_plain = index == _FIRST_BACKGROUND and self._has_plain_background()
            return self.colour_in(reference).ground if is_plain else None
        fill = self.fill_of(found.find(f"{P}bgPr"))
        return WHITE if fill is None or fill == NO_FILL else fill.ground

    def _has_plain_background(self) -> bool:
        """True when the first background of the theme is nothing but the colour asked for."""
        fills = (
            next(self._theme.iter(f"{A}bgFillStyleLst"), None) if self._theme is not None else None
        )
        first = fills[0] if fills is not None and len(fills) else None
        if first is None or _kind(first) != "solidFill" or not len(first):
            return False
        return first[0].get("val") == "phClr" and not len(first[0])

    def _rgb(self, colour: Any) -> Rgb | None:
        kind, value = _kind(colour), colour.get("val", "")
        if kind == "srgbClr":
            return _hex(value)
        if kind == "sysClr":
            return _hex(colour.get("lastClr", ""))
        if kind == "prstClr":
            return {"white": WHITE, "black": (0, 0, 0)}.get(value)
        if kind != "schemeClr" or self._theme is None:
            return None
        scheme = next(self._theme.iter(f"{A}clrScheme"), None)
        named = scheme.find(f"{A}{self._names.get(value, value)}") if scheme is not None else None
        own = named[0] if named is not None and len(named) else None
        return self._rgb(own) if own is not None and _kind(own) != "schemeClr" else None


def _kind(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _hex(text: str) -> Rgb | None:
    try:
        red, green, blue = bytes.fromhex(text)
    except ValueError:
        return None
    return red, green, blue


def _theme_of(master: Any) -> Any:
    parts = (rel.target_part for rel in master.part.rels.values() if rel.reltype.endswith(_THEME))
    part = next(parts, None)
    return (
        cast("Any", import_module("pptx.oxml")).parse_xml(part.blob) if part is not None else None
    )


def _names_of(owners: tuple[Any, ...]) -> dict[str, str]:
    """What the names that a slide uses stand for in its theme, by the nearest that tells."""
    for owner in owners:
        for tag in (f"{A}overrideClrMapping", f"{P}clrMap"):
            found = next(owner.element.iter(tag), None)
            if found is not None:
                return dict(found.attrib)
    return {}
