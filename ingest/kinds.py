"""The administrative kind of a document, from its own words before its file name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from ingest.cleaning import fold, one_line
from ingest.model import Block, BlockKind, DocumentKind

_KINDS: tuple[tuple[DocumentKind, re.Pattern[str]], ...] = (
    (
        DocumentKind.COMPTE_RENDU,
        re.compile(
            r"compte[ s]*-?[ ]?rendu|proces[ -]verba|\bpv\b|\bcr\b|releve de (?:conclusions|decisions)|"
            r"conseil (?:municipal|communautaire|regional|departemental) d[ue]\b"
        ),
    ),
    (DocumentKind.OTHER, re.compile(r"^(?:attestation|certificat)\b")),
    (DocumentKind.DELIBERATION, re.compile(r"deliberation")),
    (DocumentKind.ARRETE, re.compile(r"\barretes?\b(?! dans| a la)")),
    (DocumentKind.CONVENTION, re.compile(r"\bconvention\b(?! collective)|\bavenant\b")),
    (DocumentKind.REGLEMENT, re.compile(r"\breglement\b(?! d'urbanisme)|cadre d'intervention")),
    (
        DocumentKind.SCHEMA,
        re.compile(
            r"\bschema (?!de donnees|xml|relationnel)|\bsraddet\b|\bplan regional\b|\bsrdeii\b"
        ),
    ),
    (
        DocumentKind.GUIDE,
        re.compile(r"\bguide\b|\bmanuel\b|mode d'emploi|\bnotice\b|\bmethodologie\b"),
    ),
    (DocumentKind.NOTE, re.compile(r"\bnote\b|\bcirculaire\b|\binstruction\b")),
)
_MENTION = re.compile(r"^\W*(?:sources?|references?|ref|cf|voir|vus?|selon|d'apres|nota)\b")
"""How a line begins that names another document than its own."""
_FIRST_BLOCKS = 8
_START_CHARS = 40
_MAX_LINE_CHARS = 110


def find_kind(*, title: str, blocks: Iterable[Block], name: str) -> DocumentKind:
    """The administrative kind, by the first telling word of the title, of short first lines, or of the name."""
    starts = [line[:_START_CHARS] for line in _short_lines(blocks)]
    for source in (title, *starts, re.sub(r"[_\W]+", " ", PurePosixPath(name).stem)):
        folded = fold(one_line(source))
        found = [
            (match.start(), order)
            for order, (_, pattern) in enumerate(_KINDS)
            if (match := pattern.search(folded)) is not None
        ]
        if found:
            return _KINDS[min(found)[1]][0]
    return DocumentKind.OTHER


def _short_lines(blocks: Iterable[Block]) -> list[str]:
    first = [block for block, _ in zip(blocks, range(_FIRST_BLOCKS), strict=False)]
    lines = [cell for block in first for cell in _lines(block)]
    return [
        line
        for line in lines
        if len(line) <= _MAX_LINE_CHARS
        and not line.rstrip().endswith((".", ";", ","))
        and not _MENTION.match(fold(line))
    ]


def _lines(block: Block) -> list[str]:
    if block.place.sheet and block.kind is not BlockKind.HEADING:
        return []  # cells are data: a column "Délibération" does not make a list one
    if block.table is not None:
        return list(block.table.header)
    return block.text.split("\n")
