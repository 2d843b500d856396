"""Every chunk index against the one contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from qdrant_client import QdrantClient

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.adapters.qdrant.server import ServerChunkIndex
from assistant.domain.errors import AssistantError
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.weighing import WordWeighing
from assistant.ports.index import ChunkIndex
from assistant.testing.contracts.index import (
    EMBEDDER,
    ChunkIndexContract,
    DurableChunkIndexContract,
    OpenIndex,
)
from assistant.testing.contracts.index_maintenance import IndexMaintenanceContract
from assistant.testing.contracts.index_weighing import OpenWeighed, WeighedIndexContract
from assistant.testing.index import InMemoryChunkIndex


class TestInMemoryChunkIndex(ChunkIndexContract, IndexMaintenanceContract):
    @pytest.fixture
    def open_index(self) -> OpenIndex:
        return lambda embedder: InMemoryChunkIndex(embedder=embedder)


class TestEdgeChunkIndex(DurableChunkIndexContract, IndexMaintenanceContract):
    @pytest.fixture
    def open_index(self, tmp_path: Path) -> OpenIndex:
        def open_edge(embedder: EmbedderIdentity) -> EdgeChunkIndex:
            return EdgeChunkIndex(tmp_path / "index", embedder=embedder)

        return open_edge


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
@pytest.mark.filterwarnings("ignore:Local mode performs exact")
class TestServerChunkIndexOnLocalMode(DurableChunkIndexContract, IndexMaintenanceContract):
    @pytest.fixture
    def open_index(self, tmp_path: Path) -> OpenIndex:
        def open_local(embedder: EmbedderIdentity) -> ServerChunkIndex:
            client = QdrantClient(
                path=str(tmp_path / "local"), force_disable_check_same_thread=True
            )
            try:
                return ServerChunkIndex(client, collection="chunks", embedder=embedder)
            except AssistantError:
                client.close()
                raise

        return open_local

    @pytest.mark.skip(reason="the local mode of qdrant-client is not made for threads")
    def test_threads_may_read_and_write_at_once(self, index: ChunkIndex) -> None: ...


class TestServerChunkIndexOnServer(DurableChunkIndexContract, IndexMaintenanceContract):
    @pytest.fixture
    def open_index(self, qdrant_url: str) -> Iterator[OpenIndex]:
        name = f"contract-{uuid4()}"

        def open_server(embedder: EmbedderIdentity) -> ServerChunkIndex:
            client = QdrantClient(url=qdrant_url)
            return ServerChunkIndex(client, collection=name, embedder=embedder)

        yield open_server
        QdrantClient(url=qdrant_url).delete_collection(name)


class TestWeighingInMemory(WeighedIndexContract):
    @pytest.fixture
    def open_weighed(self) -> OpenWeighed:
        return lambda weighing: InMemoryChunkIndex(embedder=EMBEDDER.identity, weighing=weighing)


class TestWeighingOnEdge(WeighedIndexContract):
    @pytest.fixture
    def open_weighed(self, tmp_path: Path) -> OpenWeighed:
        def open_edge(weighing: WordWeighing) -> EdgeChunkIndex:
            folder = tmp_path / str(uuid4())
            return EdgeChunkIndex(folder, embedder=EMBEDDER.identity, weighing=weighing)

        return open_edge


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
@pytest.mark.filterwarnings("ignore:Local mode performs exact")
class TestWeighingOnServerInLocalMode(WeighedIndexContract):
    @pytest.fixture
    def open_weighed(self) -> OpenWeighed:
        return lambda weighing: ServerChunkIndex(
            QdrantClient(":memory:"),
            collection="chunks",
            embedder=EMBEDDER.identity,
            weighing=weighing,
        )


class TestWeighingOnServer(WeighedIndexContract):
    @pytest.fixture
    def open_weighed(self, qdrant_url: str) -> Iterator[OpenWeighed]:
        made: list[str] = []

        def open_server(weighing: WordWeighing) -> ServerChunkIndex:
            made.append(f"contract-{uuid4()}")
            return ServerChunkIndex(
                QdrantClient(url=qdrant_url),
                collection=made[-1],
                embedder=EMBEDDER.identity,
                weighing=weighing,
            )

        yield open_server
        for name in made:
            QdrantClient(url=qdrant_url).delete_collection(name)
