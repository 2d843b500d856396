"""The text of a passage as paragraphs, list items and tables, for a page that shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_RULE = re.compile(r"\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?")
_ITEM = re.compile(r"[-*•–]\s+")
_CELL_BORDER = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """One paragraph, list item or table."""

    kind: Literal["paragraph", "item", "table"]
    text: str = ""
    """Empty for a table."""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def text_blocks(text: str) -> list[TextBlock]:
    """The blocks of a text in order; Markdown tables of pipes become tables, nothing else is read."""
    blocks: list[TextBlock] = []
    table: list[str] = []
    for line in [*text.splitlines(), ""]:
        stripped = line.strip()
        if stripped.startswith("|"):
            table.append(stripped)
            continue
        if table:
            blocks.append(_table(table))
            table = []
        if _ITEM.match(stripped):
            blocks.append(TextBlock("item", _ITEM.sub("", stripped, count=1)))
        elif stripped:
            blocks.append(TextBlock("paragraph", stripped))
    return blocks


def _table(lines: list[str]) -> TextBlock:
    rows = [_cells(line) for line in lines if not _RULE.fullmatch(line)]
    has_header = len(lines) > 1 and _RULE.fullmatch(lines[1]) is not None
    if has_header and rows:
        return TextBlock("table", header=rows[0], rows=tuple(rows[1:]))
    return TextBlock("table", rows=tuple(rows))


def _cells(line: str) -> tuple[str, ...]:
    inner = line.removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL_BORDER.split(inner))
