"""What one Qdrant Edge shard is made of: its settings, its fields, its points."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from assistant.adapters.qdrant.edge_errors import engine_errors
from assistant.adapters.qdrant.identity import write_identity
from assistant.adapters.qdrant.schema import (
    DENSE,
    DOCUMENT_LEXICAL,
    INDEXED_KEYS,
    LAYOUT,
    LEXICAL,
    payload_of,
    sparse_of,
)
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint
from assistant.domain.weighing import WordWeighing

if TYPE_CHECKING:
    import qdrant_edge


def create_shard(path: Path, *, embedder: EmbedderIdentity) -> None:
    """Make an empty shard; the folder `shard` appears last, whole and with its identity."""
    import qdrant_edge

    draft = path / "shard.new"
    shutil.rmtree(draft, ignore_errors=True)
    with engine_errors():
        shard = qdrant_edge.EdgeShard.create(str(draft), shard_config(embedder.dimensions))
        for key in INDEXED_KEYS:
            schema = qdrant_edge.KeywordIndexParams()
            shard.update(qdrant_edge.UpdateOperation.create_field_index(key, schema))
        shard.flush()
        shard.close()
    write_identity(path / "embedder.json", identity=embedder, layout=LAYOUT)
    draft.rename(path / "shard")


def shard_config(dimensions: int) -> qdrant_edge.EdgeConfig:
    """How a shard keeps its vectors: dense ones quantised beside, words by their rarity."""
    import qdrant_edge

    quantised = qdrant_edge.TurboQuantQuantizationConfig(bits=qdrant_edge.TurboQuantBitSize.Bits8)
    dense = qdrant_edge.EdgeVectorParams(
        dimensions, qdrant_edge.Distance.Cosine, quantization_config=quantised
    )
    lexical = qdrant_edge.EdgeSparseVectorParams(modifier=qdrant_edge.Modifier.Idf)
    return qdrant_edge.EdgeConfig(
        vectors={DENSE: dense}, sparse_vectors={LEXICAL: lexical, DOCUMENT_LEXICAL: lexical}
    )


def edge_point(
    point: IndexPoint, vector: list[float], *, weighing: WordWeighing
) -> qdrant_edge.Point:
    """A point as the engine takes it, its words weighed as its index does."""
    import qdrant_edge

    vectors: dict[str, qdrant_edge.NamedVector] = {DENSE: vector}
    for name, terms in sparse_of(point, weighing=weighing):
        vectors[name] = qdrant_edge.SparseVector(list(terms.indices), list(terms.weights))
    return qdrant_edge.Point(UUID(point.chunk_id), vectors, dict(payload_of(point)))
