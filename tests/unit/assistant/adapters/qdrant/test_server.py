"""The server adapter's own matters: identity, emptying, and a server that does not answer."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest
from qdrant_client import QdrantClient

from assistant.adapters.qdrant.server import ServerChunkIndex
from assistant.domain.errors import IndexUnavailable
from assistant.testing.contracts.index import ALL, EMBEDDER, make_point
from tests.webdav import Answer, said, told_server

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")


def test_collection_of_someone_else_is_not_taken_over() -> None:
    client = QdrantClient(":memory:")
    client.create_collection("chunks", vectors_config={})

    with pytest.raises(IndexUnavailable) as caught:
        ServerChunkIndex(client, collection="chunks", embedder=EMBEDDER.identity)

    assert caught.value.code == "index_damaged"
    client.close()


@pytest.mark.filterwarnings("ignore:Local mode performs exact")
def test_a_collection_without_documents_is_emptied_to_be_filled_again() -> None:
    client = QdrantClient(":memory:")
    index = ServerChunkIndex(client, collection="chunks", embedder=EMBEDDER.identity)
    index.upsert([make_point(1, text="Aide")])
    identity = EMBEDDER.identity
    told = {"embedder": identity.id, "dimensions": identity.dimensions, "layout": 1}
    client.update_collection("chunks", metadata=told)

    again = ServerChunkIndex(client, collection="chunks", embedder=identity)

    assert again.count_all() == 0
    again.upsert([make_point(1, text="Aide", whole=("Aide",))])
    assert again.search_documents("aide", scope=ALL, limit=5)
    third = ServerChunkIndex(client, collection="chunks", embedder=identity)
    assert third.count_all() == 1
    client.close()


def test_unreachable_server_is_an_error_of_our_tree() -> None:
    client = QdrantClient(url="http://127.0.0.1:9", check_compatibility=False, timeout=1)

    with pytest.raises(IndexUnavailable) as caught:
        ServerChunkIndex(client, collection="chunks", embedder=EMBEDDER.identity)

    assert caught.value.code == "index_unavailable"
    assert caught.value.transient
    client.close()


def hang_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.close()


def say_nothing(request: BaseHTTPRequestHandler) -> None:
    request.connection.settimeout(5)
    request.rfile.read(1)  # until who asked has given up


@pytest.mark.parametrize(
    "answer",
    [said(500, b"{}", kind="application/json"), said(200, b"<html>"), hang_up, say_nothing],
    ids=["500", "a page", "hangs up", "says nothing"],
)
def test_a_server_that_answers_badly_is_an_error_of_our_tree(answer: Answer) -> None:
    with told_server(answer) as url:
        client = QdrantClient(url=url, check_compatibility=False, timeout=1)

        with pytest.raises(IndexUnavailable) as caught:
            ServerChunkIndex(client, collection="chunks", embedder=EMBEDDER.identity)

        client.close()
    assert caught.value.transient


def test_use_after_close_is_an_error_of_our_tree() -> None:
    index = ServerChunkIndex(
        QdrantClient(":memory:"), collection="chunks", embedder=EMBEDDER.identity
    )
    index.close()

    with pytest.raises(IndexUnavailable):
        index.count_all()


@pytest.mark.filterwarnings("ignore:Local mode performs exact")
def test_a_cleared_index_is_empty_and_usable() -> None:
    index = ServerChunkIndex(
        QdrantClient(":memory:"), collection="chunks", embedder=EMBEDDER.identity
    )
    index.upsert([make_point(1, text="Aide")])

    index.clear()

    assert index.count_all() == 0
    index.upsert([make_point(1, text="Aide")])
    assert index.count_all() == 1
    index.close()
