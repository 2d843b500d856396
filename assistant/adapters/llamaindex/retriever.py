"""The product's retriever as a LlamaIndex `BaseRetriever`, for engines and evaluations built on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import (
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from assistant.domain.retrieval import Hit


class AssistantRetriever(BaseRetriever):
    """Gives the hits of a question as scored nodes, best first.

    The scope is bound in the callable, so that no caller of LlamaIndex can widen it.
    """

    def __init__(self, search: Callable[[str], Sequence[Hit]]) -> None:
        """Wrap a search.

        Args:
            search: Hits of a query within one scope, best first.
        """
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self._search = search

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._search(query_bundle.query_str)
        return [NodeWithScore(node=_node(hit), score=hit.score) for hit in hits]


def _node(hit: Hit) -> TextNode:
    """A chunk as a node: the model reads title and section, not ids."""
    chunk = hit.chunk
    metadata: dict[str, object] = {
        "title": chunk.title,
        "section": " > ".join(chunk.locator.section),
        "pages": ", ".join(str(page) for page in chunk.locator.pages),
        "date": chunk.date.isoformat() if chunk.date else "",
        "file": chunk.file,
        "kind": chunk.kind.value,
        "rank": hit.rank,
        "version_id": chunk.version_id,
    }
    hidden = ["file", "kind", "rank", "version_id"]
    return TextNode(
        id_=chunk.id,
        text=chunk.text,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=chunk.document_id)},
    )
