"""A reading as JSON and back, so that it can leave the process that made it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any, cast

from ingest.model import (
    Act,
    ActStatus,
    Block,
    BlockKind,
    Box,
    Chunk,
    DocumentKind,
    Effect,
    FileFormat,
    IngestedFile,
    LineBox,
    Locator,
    Notice,
    ParsedDocument,
    Place,
    Quality,
    Reference,
    Suspicion,
    Table,
)
from ingest.tools import Tool

_Json = dict[str, Any]


def encode(ingested: IngestedFile) -> bytes:
    """The reading as UTF-8 JSON."""
    return json.dumps(to_json(ingested), ensure_ascii=False, separators=(",", ":")).encode()


def to_json(ingested: IngestedFile) -> dict[str, Any]:
    """The reading as plain values; the date in ISO 8601."""
    plain = asdict(ingested)
    del plain["chunk_tokens"]
    document = ingested.document
    plain["document"]["date"] = document.date.isoformat() if document.date is not None else None
    plain["document"]["act"] = act_fields(document.act)
    return plain


def act_fields(act: Act) -> dict[str, Any]:
    """An act as plain values; dates in ISO 8601."""
    plain = asdict(act)
    for fields in (plain, *plain["references"]):
        for name in ("date", "in_force_on"):
            if fields.get(name) is not None:
                fields[name] = fields[name].isoformat()
    return plain


def act_of(plain: dict[str, Any]) -> Act:
    """The act of values made by `act_fields`."""
    status = plain["status"]
    references = (
        Reference(
            effect=Effect(each["effect"]),
            key=str(each["key"]),
            date=_date(each["date"]),
            quote=str(each["quote"]),
            articles=tuple(map(str, each.get("articles", ()))),
        )
        for each in plain["references"]
    )
    return Act(
        number=plain["number"],
        key=str(plain["key"]),
        authority=plain["authority"],
        subject=plain["subject"],
        date=_date(plain["date"]),
        status=ActStatus(status) if status else None,
        in_force_on=_date(plain["in_force_on"]),
        references=tuple(references),
    )


def quality_of(plain: dict[str, Any]) -> Quality:
    """The quality of values made by `dataclasses.asdict`."""
    return Quality(
        letters=int(plain["letters"]),
        letters_per_page=_optional(plain["letters_per_page"]),
        ocr_share=_optional(plain["ocr_share"]),
        ocr_confidence=_optional(plain["ocr_confidence"]),
        headings=int(plain["headings"]),
        tables=int(plain["tables"]),
        links=int(plain["links"]),
        french_share=_optional(plain["french_share"]),
        suspicions=tuple(
            Suspicion(str(each["quote"]), each["page"]) for each in plain["suspicions"]
        ),
        unread_parts=tuple(map(str, plain.get("unread_parts", ()))),
    )


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
        date=_date(plain["date"]),
        page_count=int(plain["page_count"]),
        notices=tuple(Notice(notice) for notice in plain["notices"]),
        engine=str(plain["engine"]),
        act=act_of(plain["act"]),
        quality=quality_of(plain["quality"]),
        sketch=tuple(int(value) for value in plain["sketch"]),
        missing_tools=tuple(Tool(tool) for tool in plain["missing_tools"]),
    )


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


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
            page_starts=tuple(int(start) for start in locator["page_starts"]),
        ),
        tokens=int(plain["tokens"]),
    )
