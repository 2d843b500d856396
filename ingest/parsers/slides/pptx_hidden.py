"""Text of a PPTX slide that its audience does not see: beside it, without size, of the colour under it.

Only what is told counts: text on a picture, a gradient or a table style stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.parsers.slides.extents import Extent
from ingest.parsers.slides.pptx_colours import NO_FILL, A, Fill, P, Palette, Rgb, are_close

_LEAST_SIZE = 200
"""Of letters, in hundredths of a point."""
_USUAL_SIZE = 1800
_LEAST_ALPHA = 0.05
_MAX_DEPTH = 20
_MAX_SHAPES = 400
"""Beyond, what lies under a text is not looked for, and its colour tells nothing."""
_FURNITURE = frozenset({"dt", "ftr", "hdr", "sldNum"})
_EFFECTS = ("ln", "effectLst", "effectDag", "highlight")
"""By which letters are seen whatever their fill."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """From lengths inside a group to those of the slide."""

    by: tuple[float, float] = (1.0, 1.0)
    to: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Drawn:
    shape: Any
    box: Extent | None
    """None where it cannot be told."""


def drop_hidden(slide: Any, *, width: float, height: float) -> bool:
    """Remove from a slide the shapes and words that are not seen.

    Args:
        slide: Of python-pptx, changed in place.
        width: Of the slide, in the unit of its shapes.
        height: Likewise.

    Returns:
        True when any of it held a word.
    """
    page = Extent(0, 0, width, height)
    is_hiding = False
    for drawn in list(_leaves(slide.shapes)):
        is_outside = drawn.box is not None and not drawn.box.meets(page)
        if is_outside or _is_switched_off(drawn.shape):
            is_hiding = _removed(drawn.shape.element) or is_hiding
    return _Reader(slide).drop_disguised() or is_hiding


class _Reader:
    def __init__(self, slide: Any) -> None:
        self._palette = Palette(slide)
        layout = slide.slide_layout
        self._below = [
            drawn
            for owner in (layout.slide_master, layout)
            for drawn in _leaves(owner.shapes)
            if not drawn.shape.is_placeholder
        ]
        self._drawn = list(_leaves(slide.shapes))

    def drop_disguised(self) -> bool:
        """Remove the words that are not seen; True when there were any."""
        is_hiding = False
        for index, drawn in enumerate(self._drawn):
            chain = [drawn.shape, *_bases(drawn.shape)]
            for holder in drawn.shape.element.iter(f"{P}txBody", f"{A}tc"):
                hidden = [
                    run
                    for run in holder.iter(f"{A}r", f"{A}fld")
                    if self._is_hidden(run, holder=holder, chain=chain, index=index)
                ]
                for run in hidden:
                    is_hiding = _removed(run) or is_hiding
        return is_hiding

    def _is_hidden(self, run: Any, *, holder: Any, chain: list[Any], index: int) -> bool:
        looks = list(_properties(run, chain=chain))
        size = next((int(look.get("sz")) for look in looks if look.get("sz", "").isdigit()), None)
        if (_USUAL_SIZE if size is None else size) * _shrinking(holder) < _LEAST_SIZE:
            return True
        if any(look.find(f"{A}{name}") is not None for look in looks for name in _EFFECTS):
            return False
        fills = (self._palette.fill_of(look) for look in looks)
        fill = next((found for found in fills if found is not None), self._style_colour(chain[0]))
        if fill is None or fill.alpha <= _LEAST_ALPHA:
            return fill is not None
        rgb = fill.rgb
        if rgb is None:
            return False
        grounds = self._grounds(holder, chain=chain, index=index)
        return all(ground is not None and are_close(rgb, ground) for ground in grounds)

    def _style_colour(self, shape: Any) -> Fill | None:
        reference = shape.element.find(f"{P}style/{A}fontRef")
        return self._palette.colour_in(reference) if reference is not None else None

    def _grounds(self, holder: Any, *, chain: list[Any], index: int) -> list[Rgb | None]:
        """All that a text may stand on; None for what cannot be told."""
        if holder.tag == f"{A}tc":
            own = self._palette.fill_of(holder.find(f"{A}tcPr")) or Fill()
        else:
            own = self._area(chain)
        if own != NO_FILL:
            return [own.ground]
        if index > _MAX_SHAPES:
            return [None]
        box = self._drawn[index].box
        under = (*self._below, *self._drawn[:index])
        met = (
            self._painted(other.shape)
            for other in under
            if box is None or other.box is None or other.box.meets(box)
        )
        return [self._palette.background(), *(fill.ground for fill in met if fill != NO_FILL)]

    def _painted(self, shape: Any) -> Fill:
        kind = str(shape.element.tag)
        if kind == f"{P}cxnSp":
            return NO_FILL
        return self._area([shape, *_bases(shape)]) if kind == f"{P}sp" else Fill()

    def _area(self, chain: list[Any]) -> Fill:
        """What fills a shape, by itself or by what it builds on."""
        fills = (self._palette.fill_of(shape.element.find(f"{P}spPr")) for shape in chain)
        found = next((fill for fill in fills if fill is not None), None)
        if found is not None:
            return found
        reference = chain[0].element.find(f"{P}style/{A}fillRef")
        return NO_FILL if reference is None or reference.get("idx") == "0" else Fill()


def _leaves(shapes: Any, *, scale: _Scale | None = _Scale(), depth: int = 0) -> Iterator[_Drawn]:
    """All shapes that are no groups, from the lowest to the topmost."""
    for shape in shapes:
        if not hasattr(shape, "shapes"):
            yield _Drawn(shape, box=_box_of(shape, scale=scale))
        elif depth < _MAX_DEPTH:
            if _is_switched_off(shape):
                yield _Drawn(shape, box=None)
            else:
                inner = _inside(shape, scale=scale)
                yield from _leaves(shape.shapes, scale=inner, depth=depth + 1)


def _box_of(shape: Any, *, scale: _Scale | None) -> Extent | None:
    sides = (shape.left, shape.top, shape.width, shape.height)
    if any(side is None for side in sides) or scale is None:
        return None
    left, top, width, height = map(float, sides)
    box = Extent(left, top, left + max(width, 1), top + max(height, 1))
    if getattr(shape, "rotation", 0):
        box = box.turned()
    (by_x, by_y), (to_x, to_y) = scale.by, scale.to
    return Extent(
        box.left * by_x + to_x,
        box.top * by_y + to_y,
        box.right * by_x + to_x,
        box.bottom * by_y + to_y,
    )


def _inside(group: Any, *, scale: _Scale | None) -> _Scale | None:
    """The scale of what a group holds, None where it cannot be told."""
    found = group.element.find(f"{P}grpSpPr/{A}xfrm")
    if found is None or scale is None or found.get("rot", "0") != "0":
        return None
    parts = [found.find(f"{A}{name}") for name in ("off", "chOff", "ext", "chExt")]
    if any(part is None for part in parts):
        return None
    off, start = ((float(part.get("x", "0")), float(part.get("y", "0"))) for part in parts[:2])
    ext, inner = ((float(part.get("cx", "0")), float(part.get("cy", "0"))) for part in parts[2:])
    if not all(inner) or not all(ext):
        return None
    by = (ext[0] / inner[0], ext[1] / inner[1])
    to = (off[0] - start[0] * by[0], off[1] - start[1] * by[1])
    return _Scale(
        by=(by[0] * scale.by[0], by[1] * scale.by[1]),
        to=(to[0] * scale.by[0] + scale.to[0], to[1] * scale.by[1] + scale.to[1]),
    )


def _is_switched_off(shape: Any) -> bool:
    names = (item for item in shape.element.iter() if str(item.tag).endswith("}cNvPr"))
    properties = next(names, None)
    return properties is not None and properties.get("hidden") in {"1", "true"}


def _bases(shape: Any) -> Iterator[Any]:
    """The placeholders of layout and master that a placeholder builds on."""
    for _ in range(2):
        shape = getattr(shape, "_base_placeholder", None)
        if shape is None:
            return
        yield shape


def _properties(run: Any, *, chain: list[Any]) -> Iterator[Any]:
    """What tells how a run looks, nearest first."""
    own = run.find(f"{A}rPr")
    if own is not None:
        yield own
    paragraph = next(run.iterancestors(f"{A}p"), None)
    settings = paragraph.find(f"{A}pPr") if paragraph is not None else None
    level = settings.get("lvl", "0") if settings is not None else "0"
    depth = int(level) + 1 if level.isdigit() else 1
    for shape in chain:
        found = shape.element.find(f"{P}txBody/{A}lstStyle/{A}lvl{depth}pPr/{A}defRPr")
        if found is not None:
            yield found


def _shrinking(holder: Any) -> float:
    fitted = next(holder.iter(f"{A}normAutofit"), None)
    share = fitted.get("fontScale", "") if fitted is not None else ""
    return int(share) / 100_000 if share.isdigit() else 1.0


def _removed(element: Any) -> bool:
    """Remove an element; True when it held a word that is not a number of a slide or the like."""
    is_furniture = any(mark.get("type") in _FURNITURE for mark in element.iter(f"{P}ph"))
    has_words = any(char.isalnum() for text in element.iter(f"{A}t") for char in text.text or "")
    element.getparent().remove(element)
    return has_words and not is_furniture
