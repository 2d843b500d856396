"""Text of a PDF that nobody sees: white, tiny, transparent, off the page, in a closed layer, blacked out.

It is removed from a copy before any engine reads the file, so that no engine can bring it back. What
might be seen is drawn twice, with and without it: where no pixel changes, there is nothing to see.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ingest.parsers.pages.shown import Share, shown_share
from ingest.parsers.pdf.covered import covered_runs

if TYPE_CHECKING:
    from ingest.parsers.pdf.text import PlainPdf

_COPY_NAME = "visible.pdf"
_MAX_OBJECTS = 60_000
_MAX_DEPTH = 4
_MAX_CLIP_PARTS = 12
_CUT_SHARE = 0.1
_MIN_POINTS = 2.0
_LEAST_SIZE = 0.01
_CHAR_WIDTH = 0.5
_MIN_CHARS = 8.0
"""Fewer on a page say nothing: a page number of the colour of its ground."""
_MIN_COVERED_CHARS = 3.0
"""Shorter than any name that somebody would black out."""
_TELLING_CHARS = 40
"""Fewer are what a program leaves behind; cut away, they are not read by the first engine either."""
_WHITE = 235
_FAINT_ALPHA = 26
_NO_INK = frozenset({3, 7})
_FILLED = frozenset({0, 4})
_SEEN_DIFFERENCE = 12
_SEEN_SHARE = 0.05
_MAX_PIXELS = 4_000_000
_MARK_BYTES = 64
_LAYER_MARK = "OC".encode("utf-16-le")

_Box = tuple[float, float, float, float]
_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class _Run:
    """A text object, where it is and what holds it."""

    handle: Any
    parent: Any
    """The form that holds it, None for the page itself."""
    box: _Box
    """Left, bottom, right, top in the page's own units."""
    size: float
    """Size of the print in points."""
    is_without_ink: bool = False
    is_cut_away: bool = False
    """Lies outside the area that its page or figure lets be seen."""
    is_doubtful: bool = False
    """Pale, transparent or in a layer that may be switched off: has to be looked at."""
    is_covered: bool = False
    """Something opaque is painted over some of it."""
    order: int = 0
    """Position among the objects of the page: a later one is painted over an earlier one."""


@dataclass(frozen=True, slots=True)
class VisibleFile:
    """What is left of a PDF once its hidden text is gone."""

    path: Path
    """The file itself when nothing was hidden, else a copy beside it."""
    spots: dict[int, list[Share]] = field(default_factory=dict[int, "list[Share]"])
    """What could not be removed from the copy, by page: left, top, right, bottom as shares of it."""
    is_worth_telling: bool = False
    """More was hidden than the remnants that programs leave behind."""


def visible_file(plain: PlainPdf, *, path: Path) -> VisibleFile:
    """A PDF without its hidden text.

    An invisible text over an image is the layer of a scan and stays.

    Args:
        plain: The file as PDFium holds it; hidden text leaves it too, and its pages are read on the way.
        path: The file.
    """
    raw = cast("Any", import_module("pypdfium2.raw"))
    chars = 0.0
    is_covered = False
    spots: dict[int, list[Share]] = {}
    for number in range(1, len(plain) + 1):
        page = plain.page(number)
        if page is None:
            continue
        hidden = _hidden_runs(raw, page)
        if hidden:
            nested = [run.box for run in hidden if run.parent is not None]
            if nested:
                spots[number] = [shown_share(page, box) for box in nested]
            _remove(raw, page, hidden)
            chars += _chars(hidden)
            is_covered = is_covered or any(run.is_covered for run in hidden)
        plain.keep_text(page, number=number)
        page.close()
    if not chars:
        return VisibleFile(path)
    copy = path.with_name(_COPY_NAME)
    plain.save(copy)
    is_worth_telling = is_covered or chars >= _TELLING_CHARS
    return VisibleFile(copy, spots=spots, is_worth_telling=is_worth_telling)


def _hidden_runs(raw: Any, page: Any) -> list[_Run]:
    runs: list[_Run] = []
    images: list[_Box] = []
    for run, image in _walk(raw, page):
        if run is not None:
            runs.append(run)
        elif image is not None:
            images.append(image)
    left, bottom, right, top = cast("_Box", page.get_bbox())
    hidden: list[_Run] = []
    doubtful: list[_Run] = []
    for run in runs:
        is_off = run.is_cut_away or not _share_within(run.box, (left, bottom, right, top))
        height = min(run.box[3] - run.box[1], run.box[2] - run.box[0])
        is_tiny = max(run.size, height) < _MIN_POINTS
        is_bare = run.is_without_ink and not any(_holds(image, run.box) for image in images)
        if is_off or is_tiny or is_bare:
            hidden.append(run)
        elif run.is_doubtful:
            doubtful.append(run)
    if _chars(doubtful) >= _MIN_CHARS:
        hidden += _unseen(raw, page, doubtful)
    is_remnant = all(run.is_cut_away for run in hidden)
    if _chars(hidden) < (_TELLING_CHARS if is_remnant else _MIN_CHARS):
        hidden = []
    return hidden + _covered(raw, page, runs, besides=hidden)


def _covered(raw: Any, page: Any, runs: list[_Run], *, besides: list[_Run]) -> list[_Run]:
    known = set(map(id, besides))
    printed = [run for run in runs if not run.is_without_ink and id(run) not in known]
    covered = covered_runs(raw, page, runs=printed)
    if _chars(covered) < _MIN_COVERED_CHARS:
        return []
    for run in covered:
        run.is_covered = True
    return covered


def _chars(runs: list[_Run]) -> float:
    """About how many characters some runs hold, by their width."""
    return sum((run.box[2] - run.box[0]) / (run.size * _CHAR_WIDTH) for run in runs)


def _walk(raw: Any, page: Any) -> Iterator[tuple[_Run | None, _Box | None]]:
    """Text objects and boxes of images of a page, those inside forms included."""
    look = _Look(raw)
    stack: list[tuple[Any, _Matrix, int, int]] = [(None, _IDENTITY, 0, 0)]
    seen = 0
    while stack:
        parent, matrix, depth, within = stack.pop()
        for index, item in enumerate(_items(raw, page, parent)):
            seen += 1
            order = index if parent is None else within
            if seen > _MAX_OBJECTS:
                return
            kind = raw.FPDFPageObj_GetType(item)
            if kind == raw.FPDF_PAGEOBJ_TEXT:
                yield look.run(item, parent=parent, matrix=matrix, order=order), None
            elif kind == raw.FPDF_PAGEOBJ_IMAGE:
                yield None, look.box(item, matrix=matrix)
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
                inner = _product(look.matrix(item), matrix)
                stack.append((item, inner, depth + 1, order))


def _items(raw: Any, page: Any, parent: Any) -> Iterator[Any]:
    if parent is None:
        for index in range(raw.FPDFPage_CountObjects(page)):
            yield raw.FPDFPage_GetObject(page, index)
    else:
        for index in range(raw.FPDFFormObj_CountObjects(parent)):
            yield raw.FPDFFormObj_GetObject(parent, index)


class _Look:
    """What PDFium tells of one object; its answers go to numbers that are made once."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._sides = tuple(ctypes.c_float() for _ in range(4))
        self._colours = tuple(ctypes.c_uint() for _ in range(4))
        self._point = (ctypes.c_float(), ctypes.c_float())
        self._points = ctypes.c_float()
        self._matrix = raw.FS_MATRIX()
        self._name = ctypes.create_string_buffer(_MARK_BYTES)
        self._name_pointer = ctypes.cast(self._name, ctypes.POINTER(ctypes.c_ushort))
        self._name_bytes = ctypes.c_ulong()

    def run(self, item: Any, *, parent: Any, matrix: _Matrix, order: int) -> _Run | None:
        """A text object, None when it holds no print at all."""
        box = self.box(item, matrix=matrix)
        if box is None or box[0] >= box[2] or box[1] >= box[3]:
            return None
        mode = self._raw.FPDFTextObj_GetTextRenderMode(item)
        is_pale = mode in _FILLED and self._is_pale(item)
        return _Run(
            handle=item,
            parent=parent,
            box=box,
            size=self._size(item, box=box, matrix=matrix),
            is_without_ink=mode in _NO_INK,
            is_cut_away=self._is_cut_away(item, box=box, matrix=matrix),
            is_doubtful=is_pale or self._is_optional(item),
            order=order,
        )

    def box(self, item: Any, *, matrix: _Matrix) -> _Box | None:
        """Where an object stands on its page."""
        if not self._raw.FPDFPageObj_GetBounds(item, *self._sides):
            return None
        left, bottom, right, top = (side.value for side in self._sides)
        if matrix is _IDENTITY:
            return left, bottom, right, top
        return _around([(x, y) for x in (left, right) for y in (bottom, top)], matrix)

    def matrix(self, item: Any) -> _Matrix:
        """From the space of an object to that of what holds it."""
        if not self._raw.FPDFPageObj_GetMatrix(item, self._matrix):
            return _IDENTITY
        found = self._matrix
        return found.a, found.b, found.c, found.d, found.e, found.f

    def _size(self, item: Any, *, box: _Box, matrix: _Matrix) -> float:
        """Size of the print in points; the height of what is printed where that is enough to know."""
        height = min(box[3] - box[1], box[2] - box[0])
        if height >= _MIN_POINTS:
            return height
        self._raw.FPDFTextObj_GetFontSize(item, self._points)
        own = _product(self.matrix(item), matrix)
        scale = abs(own[0] * own[3] - own[1] * own[2]) ** 0.5
        return max(self._points.value * scale, _LEAST_SIZE)

    def _is_pale(self, item: Any) -> bool:
        if not self._raw.FPDFPageObj_GetFillColor(item, *self._colours):
            return False
        red, green, blue, alpha = (colour.value for colour in self._colours)
        return min(red, green, blue) >= _WHITE or alpha <= _FAINT_ALPHA

    def _is_cut_away(self, item: Any, *, box: _Box, matrix: _Matrix) -> bool:
        raw = self._raw
        clip = raw.FPDFPageObj_GetClipPath(item)
        for index in range(max(raw.FPDFClipPath_CountPaths(clip), 0)):
            corners: list[tuple[float, float]] = []
            parts = min(raw.FPDFClipPath_CountPathSegments(clip, index), _MAX_CLIP_PARTS)
            for part in range(parts):
                segment = raw.FPDFClipPath_GetPathSegment(clip, index, part)
                if raw.FPDFPathSegment_GetPoint(segment, *self._point):
                    corners.append((self._point[0].value, self._point[1].value))
            if len(corners) > 2 and _share_within(box, _around(corners, matrix)) < _CUT_SHARE:
                return True
        return False

    def _is_optional(self, item: Any) -> bool:
        """The object belongs to a layer that may be switched off."""
        raw = self._raw
        for index in range(max(raw.FPDFPageObj_CountMarks(item), 0)):
            mark = raw.FPDFPageObj_GetMark(item, index)
            found = raw.FPDFPageObjMark_GetName(
                mark, self._name_pointer, _MARK_BYTES, self._name_bytes
            )
            if found and self._name.raw[: max(self._name_bytes.value - 2, 0)] == _LAYER_MARK:
                return True
        return False


def _share_within(box: _Box, area: _Box) -> float:
    width = min(box[2], area[2]) - max(box[0], area[0])
    height = min(box[3], area[3]) - max(box[1], area[1])
    whole = (box[2] - box[0]) * (box[3] - box[1])
    return max(width, 0.0) * max(height, 0.0) / whole


def _around(corners: list[tuple[float, float]], matrix: _Matrix) -> _Box:
    if matrix is not _IDENTITY:
        a, b, c, d, e, f = matrix
        corners = [(a * x + c * y + e, b * x + d * y + f) for x, y in corners]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _product(inner: _Matrix, outer: _Matrix) -> _Matrix:
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )


def _holds(image: _Box, box: _Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return image[0] <= x <= image[2] and image[1] <= y <= image[3]


def _unseen(raw: Any, page: Any, runs: list[_Run]) -> list[_Run]:
    """Those whose absence changes nothing of the drawn page."""
    width, height = page.get_size()
    if width * height > _MAX_PIXELS:
        return []
    whole = _drawn(page)
    for run in runs:
        raw.FPDFPageObj_SetIsActive(run.handle, 0)
    without = _drawn(page)
    for run in runs:
        raw.FPDFPageObj_SetIsActive(run.handle, 1)
    changed = abs(whole - without) > _SEEN_DIFFERENCE
    return [run for run in runs if not _is_seen(page, changed, run.box)]


def _drawn(page: Any) -> Any:
    import numpy as np

    bitmap = page.render(scale=1, grayscale=True, may_draw_forms=False)
    return np.array(bitmap.to_numpy(), dtype=np.int16).reshape(bitmap.height, bitmap.width)


def _is_seen(page: Any, changed: Any, box: _Box) -> bool:
    rows, columns = changed.shape
    left, top, right, bottom = shown_share(page, box)
    area = changed[
        max(int(top * rows), 0) : int(bottom * rows) + 1,
        max(int(left * columns), 0) : int(right * columns) + 1,
    ]
    return area.size == 0 or float(area.mean()) >= _SEEN_SHARE


def _remove(raw: Any, page: Any, hidden: list[_Run]) -> None:
    for run in hidden:
        if run.parent is None:
            raw.FPDFPage_RemoveObject(page, run.handle)
        else:
            raw.FPDFFormObj_RemoveObject(run.parent, run.handle)
    raw.FPDFPage_GenerateContent(page)
