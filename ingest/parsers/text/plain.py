"""Plain text to blocks: paragraphs by blank lines, headings by their form."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.charsets import decode
from ingest.cleaning import clean_text
from ingest.draft import Draft, Work, text_block
from ingest.headings import heading_level, is_structural_heading
from ingest.model import Block, BlockKind

_ITEM = re.compile(r"^\s*(?:[-–—•▪◦➢*·]|\d{1,2}[.)]|[a-z]\))\s+(?=\S)")
_UNDERLINE = re.compile(r"^[=\-_*~]{3,}$")
_MAX_HEADING_CHARS = 120


def read_text(path: Path, work: Work) -> Draft:
    """The blocks of a plain text file, whatever its encoding."""
    del work
    return Draft(engine="texte", blocks=text_blocks(decode(path.read_bytes())))


def text_blocks(text: str) -> list[Block]:
    """Blocks of a plain text: blank lines part paragraphs, bullets part list items."""
    blocks: list[Block] = []
    for paragraph in clean_text(text).split("\n\n"):
        blocks.extend(_paragraph_blocks(paragraph.split("\n")))
    return blocks


def _paragraph_blocks(lines: list[str]) -> list[Block]:
    blocks: list[Block] = []
    pending: list[str] = []

    def flush() -> None:
        if pending:
            kind = BlockKind.LIST_ITEM if _ITEM.match(pending[0]) else BlockKind.PARAGRAPH
            _append(blocks, text_block("\n".join(pending), kind=kind))
            pending.clear()

    for index, line in enumerate(lines):
        if _UNDERLINE.match(line.strip()):
            continue
        following = lines[index + 1].strip() if index + 1 < len(lines) else ""
        if _is_heading(
            line, is_alone=len(lines) == 1, is_underlined=bool(_UNDERLINE.match(following))
        ):
            flush()
            _append(
                blocks,
                text_block(line, kind=BlockKind.HEADING, level=heading_level(line, default=2)),
            )
            continue
        if _ITEM.match(line):
            flush()
        pending.append(line)
    flush()
    return blocks


def _is_heading(line: str, *, is_alone: bool, is_underlined: bool) -> bool:
    text = line.strip()
    if not 3 <= len(text) <= _MAX_HEADING_CHARS:
        return False
    if is_underlined or is_structural_heading(text):
        return True
    letters = [char for char in text if char.isalpha()]
    return is_alone and len(letters) >= 4 and all(char.isupper() for char in letters)


def _append(blocks: list[Block], block: Block | None) -> None:
    if block is not None:
        blocks.append(block)
