"""What a file becomes, printed for a person or as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.catalogue import sentence
from ingest.model import BlockKind, Chunk, FileFormat, IngestedFile, Locator, ParsedDocument

_MAX_CHUNK_CHARS = 400
_MESSAGES = frozenset({FileFormat.EML, FileFormat.MSG})


def describe(ingested: IngestedFile, *, seconds: float) -> str:
    """The document, its outline and its chunks, in French, for a terminal."""
    document = ingested.document
    return "\n".join(
        [
            *_document_lines(document, seconds=seconds),
            "",
            *_outline_lines(document),
            "",
            *_chunk_lines(ingested),
        ]
    )


def _document_lines(document: ParsedDocument, *, seconds: float) -> Iterator[str]:
    found = document.date
    yield f"Titre     {document.title}"
    yield f"Date      {found.isoformat() if found is not None else 'aucune'}"
    yield f"Type      {document.kind}"
    yield f"Format    {document.format}"
    yield f"Lecteur   {document.engine} ({seconds:.2f} s)"
    yield f"Pages     {document.page_count or 'sans pagination'}"
    for notice in document.notices:
        yield f"Remarque  {sentence(notice)}"
    for name in document.quality.unread_parts:
        yield f"Non lue   {name}"


def _outline_lines(document: ParsedDocument) -> Iterator[str]:
    headings = [block for block in document.blocks if block.kind is BlockKind.HEADING]
    yield f"Plan ({len(headings)} titres)"
    for block in headings:
        page = f"  p. {block.box.page}" if block.box is not None else ""
        yield f"{'  ' * block.level}{block.text}{page}"


def _chunk_lines(ingested: IngestedFile) -> Iterator[str]:
    yield f"Passages ({len(ingested.chunks)})"
    for chunk in ingested.chunks:
        yield ""
        yield _chunk_head(chunk, is_message=ingested.document.format in _MESSAGES)
        text = chunk.text
        yield text if len(text) <= _MAX_CHUNK_CHARS else text[:_MAX_CHUNK_CHARS] + " […]"


def _chunk_head(chunk: Chunk, *, is_message: bool) -> str:
    places = _places(chunk.locator, is_message=is_message)
    where = ", ".join((f"{chunk.tokens} jetons", *places))
    breadcrumb = " > ".join(chunk.locator.section)
    return f"[{chunk.ordinal}] {where}{' — ' + breadcrumb if breadcrumb else ''}"


def _places(locator: Locator, *, is_message: bool) -> Iterator[str]:
    """Page, slide, sheet and range, part of a message: whatever a chunk has of them."""
    place = locator.place
    if locator.pages:
        yield f"p. {', '.join(map(str, locator.pages))}"
    if place.slide:
        yield f"diapositive {place.slide}"
    if place.sheet:
        yield f"feuille « {place.sheet} »"
    if locator.cells:
        yield f"plage {locator.cells}"
    if is_message:
        yield f"pièce « {place.part} »" if place.part else "corps du message"
