"""Chunks in the outer form LlamaIndex works with: `TextNode`s tied to each other and to their document."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.model import Chunk, IngestedFile

if TYPE_CHECKING:
    from llama_index.core.schema import TextNode


def to_nodes(ingested: IngestedFile, *, document_id: str) -> list[TextNode]:
    """The chunks of a reading as nodes, in order.

    Each node knows its document (SOURCE) and its neighbours (PREVIOUS, NEXT). Its metadata hold title,
    breadcrumb, pages, date and kind; the breadcrumb and the title count for embedding, the rest does not.

    Args:
        ingested: The reading.
        document_id: Identifier of the document; node ids are "<document_id>:<ordinal>".
    """
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

    nodes = [
        TextNode(
            id_=f"{document_id}:{chunk.ordinal}",
            text=chunk.text,
            metadata=_metadata(ingested, chunk=chunk),
            excluded_embed_metadata_keys=["pages", "date", "kind", "format"],
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document_id)},
        )
        for chunk in ingested.chunks
    ]
    for node, following in pairwise(nodes):
        node.relationships[NodeRelationship.NEXT] = RelatedNodeInfo(node_id=following.node_id)
        following.relationships[NodeRelationship.PREVIOUS] = RelatedNodeInfo(node_id=node.node_id)
    return nodes


def _metadata(ingested: IngestedFile, *, chunk: Chunk) -> dict[str, object]:
    document = ingested.document
    return {
        "title": document.title,
        "section": " > ".join(chunk.locator.section),
        "pages": list(chunk.locator.pages),
        "date": document.date.isoformat() if document.date is not None else None,
        "kind": str(document.kind),
        "format": str(document.format),
    }
