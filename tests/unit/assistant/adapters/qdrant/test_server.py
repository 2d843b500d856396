"""The server adapter's own matters: names, identity, and a server that does not answer."""

from __future__ import annotations

import pytest
from qdrant_client import QdrantClient

from assistant.adapters.qdrant.server import ServerChunkIndex, collection_name
from assistant.domain.errors import IndexUnavailable
from assistant.domain.retrieval import EmbedderIdentity
from assistant.testing.contracts.index import EMBEDDER

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")


def test_each_embedder_has_its_collection() -> None:
    small, large = (
        EmbedderIdentity("openai-BAAI/bge-m3", 512),
        EmbedderIdentity("openai-BAAI/bge-m3", 1024),
    )

    assert collection_name("region", embedder=small) == "region-openai-baai-bge-m3-512"
    assert collection_name("region", embedder=small) != collection_name("region", embedder=large)


def test_collection_of_someone_else_is_not_taken_over() -> None:
    client = QdrantClient(":memory:")
    client.create_collection("chunks", vectors_config={})

    with pytest.raises(IndexUnavailable) as caught:
        ServerChunkIndex(client, collection="chunks", embedder=EMBEDDER.identity)

    assert caught.value.code == "index_damaged"
    client.close()


def test_unreachable_server_is_an_error_of_our_tree() -> None:
    client = QdrantClient(url="http://127.0.0.1:9", check_compatibility=False, timeout=1)

    with pytest.raises(IndexUnavailable) as caught:
        ServerChunkIndex(client, collection="chunks", embedder=EMBEDDER.identity)

    assert caught.value.code == "index_unavailable"
    assert caught.value.transient
    client.close()


def test_use_after_close_is_an_error_of_our_tree() -> None:
    index = ServerChunkIndex(
        QdrantClient(":memory:"), collection="chunks", embedder=EMBEDDER.identity
    )
    index.close()

    with pytest.raises(IndexUnavailable):
        index.count_all()
