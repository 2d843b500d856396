"""A reading as JSON and back, so that it can leave the process that made it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any, cast

from ingest.model import (
    Block,
    BlockKind,
    Box,
    Chunk,
    DocumentKind,
    FileFormat,
    IngestedFile,
    LineBox,
    Locator,
    Notice,
    ParsedDocument,
    Place,
    Table,
)

_Json = dict[str, Any]


def encode(ingested: IngestedFile) -> bytes:
    """The reading as UTF-8 JSON."""
    return json.dumps(to_json(ingested), ensure_ascii=False, separators=(",", ":")).encode()


def to_json(ingested: IngestedFile) -> dict[str, Any]:
    """The reading as plain values; the date in ISO 8601."""
    plain = asdict(ingested)
    found = ingested.document.date
    plain["document"]["date"] = found.isoformat() if found is not None else None
    return plain


def decode(data: bytes) -> IngestedFile:
    """The reading that `encode` wrote.

    Raises:
        ValueError: The data is not such a reading.
    """
    try:
        plain = cast("_Json", json.loads(data))
        return IngestedFile(
            document=_document(plain["document"]),
            chunks=tuple(_chunk(chunk) for chunk in plain["chunks"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a reading") from error


def _document(plain: _Json) -> ParsedDocument:
    return ParsedDocument(
        format=FileFormat(plain["format"]),
        title=str(plain["title"]),
        blocks=tuple(_block(block) for block in plain["blocks"]),
        kind=DocumentKind(plain["kind"]),
        date=date.fromisoformat(plain["date"]) if plain["date"] else None,
        page_count=int(plain["page_count"]),
        notices=tuple(Notice(notice) for notice in plain["notices"]),
        engine=str(plain["engine"]),
    )


def _block(plain: _Json) -> Block:
    return Block(
        kind=BlockKind(plain["kind"]),
        text=str(plain["text"]),
        level=int(plain["level"]),
        box=_box(plain["box"]) if plain["box"] else None,
        table=_table(plain["table"]) if plain["table"] else None,
        lines=tuple(
            LineBox(int(line["start"]), int(line["end"]), _box(line["box"]))
            for line in plain["lines"]
        ),
        place=_place(plain["place"]),
        confidence=_optional(plain["confidence"]),
    )


def _place(plain: _Json) -> Place:
    return Place(sheet=str(plain["sheet"]), slide=int(plain["slide"]), part=str(plain["part"]))


def _optional(value: object) -> float | None:
    return None if value is None else float(cast("float", value))


def _box(plain: _Json) -> Box:
    return Box(
        page=int(plain["page"]),
        left=float(plain["left"]),
        top=float(plain["top"]),
        right=float(plain["right"]),
        bottom=float(plain["bottom"]),
    )


def _table(plain: _Json) -> Table:
    rows = tuple(tuple(str(cell) for cell in row) for row in plain["rows"])
    first, last = plain["sheet_columns"]
    return Table(
        header=tuple(str(cell) for cell in plain["header"]),
        rows=rows,
        row_boxes=tuple(_box(box) for box in plain["row_boxes"]),
        sheet_rows=tuple(int(row) for row in plain["sheet_rows"]),
        sheet_columns=(int(first), int(last)),
    )


def _chunk(plain: _Json) -> Chunk:
    locator = plain["locator"]
    return Chunk(
        ordinal=int(plain["ordinal"]),
        text=str(plain["text"]),
        locator=Locator(
            pages=tuple(int(page) for page in locator["pages"]),
            boxes=tuple(_box(box) for box in locator["boxes"]),
            section=tuple(str(label) for label in locator["section"]),
            first_block=int(locator["first_block"]),
            last_block=int(locator["last_block"]),
            place=_place(locator["place"]),
            cells=str(locator["cells"]),
            confidence=_optional(locator["confidence"]),
        ),
        tokens=int(plain["tokens"]),
    )
