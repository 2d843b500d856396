"""The retriever inside LlamaIndex's own query engine, without network nor download."""

from __future__ import annotations

import datetime

import pytest
from llama_index.core.indices.prompt_helper import PromptHelper
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import CompactAndRefine
from llama_index.core.schema import MetadataMode, TextNode

from assistant.adapters.llamaindex.retriever import AssistantRetriever
from assistant.domain.documents import SourceChunk
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, TenantId, VersionId
from assistant.domain.retrieval import Hit
from ingest.model import DocumentKind, FileFormat, Locator


def make_hit(rank: int, *, text: str) -> Hit:
    chunk = SourceChunk(
        id=ChunkId(f"chunk-{rank}"),
        document_id=DocumentId(f"document-{rank}"),
        version_id=VersionId("version-1"),
        tenant_id=TenantId("t1"),
        collection_id=CollectionId("c1"),
        ordinal=rank,
        text=text,
        locator=Locator(pages=(3, 4), section=("Titre I", "Article 2")),
        tokens=10,
        file="reglement.pdf",
        title="Règlement d'intervention",
        kind=DocumentKind.REGLEMENT,
        date=datetime.date(2024, 3, 1),
        format=FileFormat.PDF,
    )
    return Hit(rank=rank, chunk=chunk, score=1 / rank)


HITS = [
    make_hit(1, text="L'aide est plafonnée à 50 000 €."),
    make_hit(2, text="Elle est annuelle."),
]


def test_hits_become_nodes_in_order_with_their_place() -> None:
    asked: list[str] = []

    def search(query: str) -> list[Hit]:
        asked.append(query)
        return HITS

    nodes = AssistantRetriever(search).retrieve("quel plafond ?")

    assert asked == ["quel plafond ?"]
    assert [(node.node_id, node.score) for node in nodes] == [("chunk-1", 1.0), ("chunk-2", 0.5)]
    first = nodes[0].node
    assert isinstance(first, TextNode)
    assert first.text == "L'aide est plafonnée à 50 000 €."
    assert first.ref_doc_id == "document-1"
    assert first.metadata["pages"] == "3, 4"
    assert first.metadata["section"] == "Titre I > Article 2"
    assert first.metadata["date"] == "2024-03-01"
    assert first.metadata["file"] == "reglement.pdf"


def test_ids_and_files_are_not_shown_to_the_model() -> None:
    (node, _) = AssistantRetriever(lambda _: HITS).retrieve("quel plafond ?")

    content = node.node.get_content(MetadataMode.LLM)

    assert "Règlement d'intervention" in content
    assert "version-1" not in content
    assert "reglement.pdf" not in content


def test_no_hit_gives_no_node() -> None:
    assert AssistantRetriever(lambda _: []).retrieve("rien") == []


@pytest.mark.anyio
async def test_asynchronous_retrieval_gives_the_same() -> None:
    nodes = await AssistantRetriever(lambda _: HITS).aretrieve("quel plafond ?")

    assert [node.node_id for node in nodes] == ["chunk-1", "chunk-2"]


def test_query_engine_answers_from_our_passages_without_network_or_download() -> None:
    llm = MockLLM()  # repeats its prompt
    helper = PromptHelper(context_window=4000, num_output=100, tokenizer=str.split)
    synthesizer = CompactAndRefine(llm=llm, prompt_helper=helper)
    engine = RetrieverQueryEngine(AssistantRetriever(lambda _: HITS), synthesizer)

    response = engine.query("Quel est le plafond de l'aide ?")

    assert "plafonnée à 50 000 €" in str(response)
    assert "Quel est le plafond de l'aide ?" in str(response)
    assert [node.node_id for node in response.source_nodes] == ["chunk-1", "chunk-2"]
