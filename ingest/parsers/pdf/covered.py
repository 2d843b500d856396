"""Text of a PDF that lies under something opaque: blacked out by hand, with the words still there.

Half-covered runs count as a whole: to give away what somebody blacked out is worse than to lose a line.
A picture of much of the page is that of a scan, whose text lies under it on purpose.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in the units of a page."""

_MIN_SIDE = 4.0
_OPAQUE_ALPHA = 250
_MAX_COVERS = 2000
_MAX_PAIRS = 5000
_COVERED_HEIGHT = 0.6
_COVERED_SIZES = 1.5
"""Width in sizes of print from which a covered part is more than a letter that touches a frame."""
_COVERED_SHARE = 0.9
_SCAN_SHARE = 0.5
_SEEN_DIFFERENCE = 12
_SEEN_SHARE = 0.05
_MAX_PIXELS = 4_000_000
_SHAPES = frozenset({3, 5, 6, 7, 13, 28})
"""Annotations that may hide print: free text, square, circle, polygon, stamp, redaction."""


class Printed(Protocol):
    """A text object and where it stands."""

    handle: Any
    box: Box
    size: float
    order: int
    """Position among the objects of its page: a later one is painted over an earlier one."""


Run = TypeVar("Run", bound=Printed)


@dataclass(frozen=True, slots=True)
class _Cover:
    box: Box
    order: float
    handle: Any
    """None for an annotation."""


def covered_runs(raw: Any, page: Any, *, runs: Sequence[Run]) -> list[Run]:
    """Those of some runs of which a part cannot be seen for what is painted over it.

    Args:
        raw: The functions of PDFium.
        page: An open page.
        runs: Its text.
    """
    width, height = page.get_size()
    if not runs or width * height > _MAX_PIXELS:
        return []
    covers = _covers(raw, page, first=min(run.order for run in runs))
    pairs = list(_pairs(runs, covers))
    if not pairs:
        return []
    handles = [run.handle for run in {id(run): run for run, _, _ in pairs}.values()]
    seen = _changed(raw, page, handles, has_annotations=True)
    with _inactive(raw, [cover.handle for _, cover, _ in pairs if cover.handle is not None]):
        ink = _changed(raw, page, handles, has_annotations=False)
    hidden = {
        id(run): run
        for run, _, part in pairs
        if _share(raw, page, ink, part) >= _SEEN_SHARE > _share(raw, page, seen, part)
    }
    return list(hidden.values())


def _covers(raw: Any, page: Any, *, first: int) -> list[_Cover]:
    found: list[_Cover] = []
    pictures: list[_Cover] = []
    for index in range(raw.FPDFPage_CountObjects(page)):
        item = raw.FPDFPage_GetObject(page, index)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            pictures += _cover(raw, item, order=index)
        elif index > first and kind == raw.FPDF_PAGEOBJ_PATH and _is_opaque(raw, item):
            found += _cover(raw, item, order=index)
        if len(found) >= _MAX_COVERS:
            break
    width, height = page.get_size()
    pictured = sum(_area(picture.box) for picture in pictures)
    if pictured < width * height * _SCAN_SHARE:
        found += pictures[:_MAX_COVERS]
    return [*found, *_annotations(raw, page)]


def _cover(raw: Any, item: Any, *, order: int) -> list[_Cover]:
    sides = [ctypes.c_float() for _ in range(4)]
    if not raw.FPDFPageObj_GetBounds(item, *sides):
        return []
    left, bottom, right, top = (side.value for side in sides)
    is_wide = right - left >= _MIN_SIDE and top - bottom >= _MIN_SIDE
    return [_Cover((left, bottom, right, top), order, item)] if is_wide else []


def _is_opaque(raw: Any, item: Any) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    colour = [ctypes.c_uint() for _ in range(4)]
    if not raw.FPDFPath_GetDrawMode(item, fill, stroke) or not fill.value:
        return False
    is_known = raw.FPDFPageObj_GetFillColor(item, *colour)
    return not is_known or colour[3].value >= _OPAQUE_ALPHA


def _annotations(raw: Any, page: Any) -> Iterator[_Cover]:
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_COVERS)):
        note = raw.FPDFPage_GetAnnot(page, index)
        rect = raw.FS_RECTF()
        if raw.FPDFAnnot_GetSubtype(note) in _SHAPES and raw.FPDFAnnot_GetRect(note, rect):
            bottom, top = sorted((rect.bottom, rect.top))
            yield _Cover((rect.left, bottom, rect.right, top), math.inf, None)
        raw.FPDFPage_CloseAnnot(note)


def _pairs(runs: Sequence[Run], covers: Sequence[_Cover]) -> Iterator[tuple[Run, _Cover, Box]]:
    """Runs, what is painted over them, and the part that both have in common."""
    import numpy as np

    boxes = np.array([run.box for run in runs])
    orders = np.array([run.order for run in runs])
    sizes = np.array([run.size for run in runs])
    count = 0
    for cover in covers:
        low = np.maximum(boxes[:, :2], cover.box[:2])
        high = np.minimum(boxes[:, 2:], cover.box[2:])
        wide, tall = (high - low).T
        widths, heights = (boxes[:, 2:] - boxes[:, :2]).T
        is_covered = (orders < cover.order) & (tall >= heights * _COVERED_HEIGHT)
        is_covered &= (wide >= sizes * _COVERED_SIZES) | (wide >= widths * _COVERED_SHARE)
        for index in np.flatnonzero(is_covered).tolist():
            part = (*low[index].tolist(), *high[index].tolist())
            yield runs[index], cover, part
            count += 1
            if count >= _MAX_PAIRS:
                return


def _changed(raw: Any, page: Any, handles: list[Any], *, has_annotations: bool) -> Any:
    """Where the drawn page is another one without some of its text."""
    whole = _drawn(page, has_annotations=has_annotations)
    with _inactive(raw, handles):
        without = _drawn(page, has_annotations=has_annotations)
    return abs(whole - without) > _SEEN_DIFFERENCE


@contextmanager
def _inactive(raw: Any, handles: list[Any]) -> Generator[None]:
    for handle in handles:
        raw.FPDFPageObj_SetIsActive(handle, 0)
    try:
        yield
    finally:
        for handle in handles:
            raw.FPDFPageObj_SetIsActive(handle, 1)


def _drawn(page: Any, *, has_annotations: bool) -> Any:
    import numpy as np

    bitmap = page.render(scale=1, grayscale=True, may_draw_forms=False, draw_annots=has_annotations)
    return np.array(bitmap.to_numpy(), dtype=np.int16).reshape(bitmap.height, bitmap.width)


def _share(raw: Any, page: Any, changed: Any, box: Box) -> float:
    """Share of the pixels of a box that are changed, 0 for a box off the page."""
    rows, columns = changed.shape
    xs: list[int] = []
    ys: list[int] = []
    for x, y in (box[:2], box[2:]):
        shown_x, shown_y = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, columns, rows, 0, x, y, shown_x, shown_y)
        xs.append(max(shown_x.value, 0))
        ys.append(max(shown_y.value, 0))
    area = changed[min(ys) : max(ys) + 1, min(xs) : max(xs) + 1]
    return float(area.mean()) if area.size else 0.0


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
