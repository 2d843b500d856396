"""What stands at the head or the foot of every page: said once, and only what the body does not say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ingest.cleaning import fold, one_line
from ingest.draft import text_block
from ingest.model import Block

_LEAST_LETTERS = 12
"""Fewer are a number of a page, or a logo's."""
_MAX_CHARS = 2_000
_LETTER = re.compile(r"[^\W\d_]")


def readable(lines: Callable[[], Iterable[str]]) -> list[str]:
    """The lines, none where the parts of a file that hold them are damaged: its text can do without."""
    try:
        return [*lines()]
    except Exception:  # noqa: BLE001 - such parts fail in as many ways as they are damaged
        return []


def running_blocks(lines: Iterable[str], *, body: Sequence[Block]) -> list[Block]:
    """One paragraph of the lines that tell more than the body does, or none."""
    said = " ".join(fold(one_line(block.text)) for block in body)
    kept: dict[str, str] = {}
    for line in map(one_line, lines):
        key = fold(line)
        if len(_LETTER.findall(line)) >= _LEAST_LETTERS and key not in said:
            kept.setdefault(key, line)
    block = text_block("\n".join(kept.values())[:_MAX_CHARS])
    return [block] if block else []
