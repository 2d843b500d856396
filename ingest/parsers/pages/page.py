"""Pieces of a PDF page between the layout engine and the blocks: plain, mutable, in page units.

Coordinates are points (72 to the inch) from the top left of the page as it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.model import BlockKind, Box


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle on a page, in points."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """Height in points."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Area in square points, 0 for an inverted rectangle."""
        return max(self.right - self.left, 0) * max(self.bottom - self.top, 0)

    def joined(self, other: Rect) -> Rect:
        """The smallest rectangle that holds both."""
        return Rect(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def share_inside(self, other: Rect) -> float:
        """Share of this rectangle's area that lies in the other, in [0, 1]."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        return max(width, 0) * max(height, 0) / self.area if self.area else 0.0


@dataclass(slots=True)
class Line:
    """A run of text on one line, as the engine read it."""

    text: str
    rect: Rect


@dataclass(slots=True)
class Piece:
    """A future block on its page."""

    kind: BlockKind
    text: str
    rect: Rect
    level: int = 0
    rows: list[list[str]] | None = None
    """Cells of a table, header first; None for other kinds."""
    row_rects: list[Rect] = field(default_factory=list[Rect])
    """Place of each of the rows; empty where unknown."""
    lines: list[Line] = field(default_factory=list[Line])
    """Its printed lines in order; empty where the engine does not tell them."""
    confidence: float | None = None
    """Mean certainty of its characters, in [0, 1], when read from an image; else None."""


@dataclass(slots=True)
class Page:
    """One page: its size, pieces in reading order, and lines."""

    number: int
    """From 1."""
    width: float
    height: float
    pieces: list[Piece] = field(default_factory=list[Piece])
    lines: list[Line] = field(default_factory=list[Line])
    ruled_tables: list[Piece] = field(default_factory=list[Piece])
    """Tables drawn with lines, not yet among the pieces."""
    tags: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """Words and depth of the headings that the file itself tags as such."""
    strokes: int = 0
    """Number of lines and shapes drawn on it."""
    is_fallback: bool = False
    """The pieces come from the second engine."""

    def rect(self, share: tuple[float, float, float, float]) -> Rect:
        """A rectangle in points, of its sides as shares of the page."""
        left, top, right, bottom = share
        return Rect(left * self.width, top * self.height, right * self.width, bottom * self.height)

    def box(self, rect: Rect) -> Box:
        """A rectangle as shares of the page, kept within it."""
        return Box(
            page=self.number,
            left=_share(rect.left, self.width),
            top=_share(rect.top, self.height),
            right=_share(rect.right, self.width),
            bottom=_share(rect.bottom, self.height),
        )


def _share(value: float, whole: float) -> float:
    return round(min(max(value / whole, 0.0), 1.0), 4) if whole > 0 else 0.0


def union(rects: list[Rect]) -> Rect:
    """The smallest rectangle that holds all; at least one is needed."""
    result = rects[0]
    for rect in rects[1:]:
        result = result.joined(rect)
    return result


def piece_words(piece: Piece) -> str:
    """All text of a piece, cells included."""
    if piece.rows is None:
        return piece.text
    return " ".join(cell for row in piece.rows for cell in row)


def lines_text(lines: list[Line]) -> str:
    """Text of loose runs: runs at one height make a line, from left to right, lines from top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: (item.rect.top + item.rect.bottom, item.rect.left)):
        middle = (line.rect.top + line.rect.bottom) / 2
        if rows and rows[-1][0].rect.top <= middle <= rows[-1][0].rect.bottom:
            rows[-1].append(line)
        else:
            rows.append([line])
    ordered = (sorted(row, key=lambda item: item.rect.left) for row in rows)
    return "\n".join(" ".join(item.text.strip() for item in row) for row in ordered)
