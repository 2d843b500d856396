"""Embeddings from any OpenAI-compatible `/embeddings` endpoint, taken with suspicion."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise
from math import isfinite, sqrt
from typing import cast

import httpx

from assistant.adapters.embeddings.retrying import Patience, post_with_patience
from assistant.domain.errors import EmbedderUnavailable
from assistant.domain.retrieval import EmbedderIdentity, Vector

_KEY_REFUSED = (401, 403)
_NOT_FOUND = 404


class OpenAIEmbedder:
    """An `Embedder` behind HTTP. Every vector is checked, then given unit length."""

    def __init__(
        self,
        *,
        url: str,
        model: str,
        api_key: str,
        dimensions: int,
        batch_size: int,
        timeout_s: float,
        passage_patience: Patience,
        query_patience: Patience,
        query_prefix: str = "",
        passage_prefix: str = "",
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare; nothing is sent before the first text.

        Args:
            url: Base address, such as "http://127.0.0.1:8000/v1".
            model: Name known to the service.
            api_key: Sent as a bearer token unless empty.
            dimensions: Length of the vectors, checked on each.
            batch_size: Texts of one request.
            timeout_s: Longest wait for one request.
            passage_patience: How long to insist when indexing, which can wait.
            query_patience: How long to insist when somebody waits for the answer.
            query_prefix: Put before each question.
            passage_prefix: Put before each passage.
            http: Client to use instead of our own, which ignores proxies of the environment.
            sleep: Waits between attempts.
        """
        self._endpoint = f"{url.rstrip('/')}/embeddings"
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._batch_size = batch_size
        self._timeout_s = timeout_s
        self._patience = (query_patience, passage_patience)
        self._prefixes = (query_prefix, passage_prefix)
        self._http = http or httpx.Client(trust_env=False)
        self._sleep = sleep
        self._identity = EmbedderIdentity(_name(model, dimensions, self._prefixes), dimensions)

    @property
    def identity(self) -> EmbedderIdentity:
        """The vector space: model, dimensions and prefixes, whatever the address."""
        return self._identity

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """One unit vector per text, in order.

        Raises:
            EmbedderUnavailable: Unreachable or overloaded to the last attempt, key refused
                ("embedder_unauthorized"), model unknown ("embedder_unknown_model"), request
                refused ("embedder_refused"), vectors of another length
                ("embedder_wrong_dimensions"), or an unusable reply ("embedder_malformed").
        """
        prefix = self._prefixes[1]
        bounds = [*range(0, len(texts), self._batch_size), len(texts)]
        vectors: list[Vector] = []
        for start, end in pairwise(bounds):
            batch = [prefix + text for text in texts[start:end]]
            vectors.extend(self._embed(batch, patience=self._patience[1]))
        return vectors

    def embed_query(self, text: str) -> Vector:
        """The unit vector of a question.

        Raises:
            EmbedderUnavailable: As for passages, after attempts of its own.
        """
        return self._embed([self._prefixes[0] + text], patience=self._patience[0])[0]

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._http.close()

    def _embed(self, texts: list[str], *, patience: Patience) -> list[Vector]:
        request = self._http.build_request(
            "POST",
            self._endpoint,
            json={
                "model": self._model,
                "input": [_sendable(text) for text in texts],
                "encoding_format": "float",
            },
            headers=self._headers,
            timeout=self._timeout_s,
        )
        response = post_with_patience(self._http, request, patience=patience, sleep=self._sleep)
        _refuse_status(response.status_code, model=self._model)
        rows = _rows_in_order(response, count=len(texts))
        return [_unit_vector(row, dimensions=self._identity.dimensions) for row in rows]


def _name(model: str, dimensions: int, prefixes: tuple[str, str]) -> str:
    """Prefixes change vectors, so they are part of the name; as a digest, for they may be long."""
    name = f"openai-{model}-{dimensions}"
    if not any(prefixes):
        return name
    return f"{name}-{sha256(repr(prefixes).encode()).hexdigest()[:8]}"


def _sendable(text: str) -> str:
    """The text without what JSON cannot carry; services refuse an empty one."""
    return text.encode("utf-8", "replace").decode("utf-8") or " "


def _refuse_status(status: int, *, model: str) -> None:
    if status in _KEY_REFUSED:
        raise EmbedderUnavailable("embedder_unauthorized", transient=False)
    if status == _NOT_FOUND:
        raise EmbedderUnavailable("embedder_unknown_model", transient=False, model=model)
    if not httpx.codes.is_success(status):
        raise EmbedderUnavailable("embedder_refused", transient=False, status=status)


def _malformed() -> EmbedderUnavailable:
    return EmbedderUnavailable("embedder_malformed")


def _rows_in_order(response: httpx.Response, *, count: int) -> list[object]:
    """The vectors of a reply by their `index`; exactly one for each text."""
    try:
        body = cast("object", response.json())
    except ValueError as error:
        raise _malformed() from error
    data = cast("dict[str, object]", body).get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        raise _malformed()
    pairs = [_indexed(item) for item in cast("list[object]", data)]
    rows = dict(pairs)
    if sorted(index for index, _ in pairs) != list(range(count)):
        raise _malformed()
    return [rows[index] for index in range(count)]


def _indexed(item: object) -> tuple[int, object]:
    fields = cast("dict[str, object]", item) if isinstance(item, dict) else {}
    index = fields.get("index")
    if not isinstance(index, int):
        raise _malformed()
    return index, fields.get("embedding")


def _unit_vector(row: object, *, dimensions: int) -> list[float]:
    if not isinstance(row, list):
        raise _malformed()
    values = [_number(value) for value in cast("list[object]", row)]
    if len(values) != dimensions:
        raise EmbedderUnavailable(
            "embedder_wrong_dimensions",
            transient=False,
            received=len(values),
            expected=dimensions,
        )
    length = sqrt(sum(value * value for value in values))
    if not length or not isfinite(length):
        raise _malformed()
    return [value / length for value in values]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _malformed()
    return float(value)
