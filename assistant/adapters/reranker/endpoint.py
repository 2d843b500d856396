"""A cross-encoder behind a `/rerank` endpoint of Cohere, Jina, TEI or vLLM, taken with suspicion."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import isfinite
from typing import Literal, cast

import httpx

from assistant.domain.errors import RerankerUnavailable

_PATH = "/rerank"
_KEY_REFUSED = (401, 403)
_NOT_FOUND, _BUSY, _SERVER_ERRORS = 404, 429, 500
_SCORES = ("relevance_score", "score")
_LISTS = ("results", "data")


class EndpointReranker:
    """A `Reranker` over HTTP. Every score is checked; nothing is tried twice, for somebody waits."""

    def __init__(
        self,
        *,
        url: str,
        protocol: Literal["documents", "texts"],
        model: str = "",
        api_key: str = "",
        batch_size: int,
        timeout_s: float,
        http: httpx.Client | None = None,
    ) -> None:
        """Prepare; nothing is sent before the first text.

        Args:
            url: Address, with or without its final "/rerank".
            protocol: Name of the field of texts: "documents" (Cohere, Jina, vLLM) or "texts" (TEI).
            model: Name known to the service; left out when empty.
            api_key: Sent as a bearer token unless empty.
            batch_size: Texts of one request.
            timeout_s: Longest wait for all requests of one call.
            http: Client to use instead of our own, which ignores proxies of the environment.
        """
        self._endpoint = url.strip().rstrip("/").removesuffix(_PATH) + _PATH
        self._protocol = protocol
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._batch_size = batch_size
        self._timeout_s = timeout_s
        self._http = http or httpx.Client(trust_env=False)

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers a query, one finite number per text, in order.

        Raises:
            RerankerUnavailable: Unreachable or late, key refused ("reranker_unauthorized"), address
                or model unknown ("reranker_unknown"), request refused ("reranker_refused"), or an
                unusable reply ("reranker_malformed").
        """
        deadline_s = time.monotonic() + self._timeout_s
        scores: list[float] = []
        for start in range(0, len(texts), self._batch_size):
            batch = [_sendable(text) for text in texts[start : start + self._batch_size]]
            scores += self._scored(query, batch, left_s=deadline_s - time.monotonic())
        return scores

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._http.close()

    def _scored(self, query: str, texts: list[str], *, left_s: float) -> list[float]:
        if left_s <= 0:
            raise RerankerUnavailable
        try:
            response = self._http.post(
                self._endpoint, json=self._body(query, texts), headers=self._headers, timeout=left_s
            )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise RerankerUnavailable from error
        _refuse_status(response.status_code)
        try:
            body = cast("object", response.json())
        except ValueError as error:
            raise _malformed() from error
        return scores_of(body, count=len(texts))

    def _body(self, query: str, texts: list[str]) -> dict[str, object]:
        body: dict[str, object] = {"query": _sendable(query), self._protocol: texts}
        if self._protocol == "documents":
            body |= {"top_n": len(texts), "return_documents": False}
        else:
            body |= {"truncate": True}
        return body | ({"model": self._model} if self._model else {})


def scores_of(body: object, *, count: int) -> list[float]:
    """The scores of a reply by their `index`: exactly one finite number for each text.

    Three forms are read: a list of `{index, score}` (TEI), and the same under "results" or "data"
    with `relevance_score` (Cohere, Jina, vLLM, Voyage), whatever else they carry.

    Raises:
        RerankerUnavailable: The reply is none of these ("reranker_malformed").
    """
    rows = _rows(body)
    found = dict(_indexed(row) for row in rows)
    if len(rows) != count or sorted(found) != list(range(count)):
        raise _malformed()
    return [found[index] for index in range(count)]


def _rows(body: object) -> list[object]:
    if isinstance(body, dict):
        fields = cast("dict[str, object]", body)
        body = next((fields[name] for name in _LISTS if name in fields), None)
    if not isinstance(body, list):
        raise _malformed()
    return cast("list[object]", body)


def _indexed(row: object) -> tuple[int, float]:
    fields = cast("dict[str, object]", row) if isinstance(row, dict) else {}
    index = fields.get("index")
    score = next((fields[name] for name in _SCORES if name in fields), None)
    if not _is_number(index) or not isinstance(index, int) or not _is_number(score):
        raise _malformed()
    return index, float(cast("float", score))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _refuse_status(status: int) -> None:
    if status in _KEY_REFUSED:
        raise RerankerUnavailable("reranker_unauthorized", transient=False)
    if status == _NOT_FOUND:
        raise RerankerUnavailable("reranker_unknown", transient=False)
    if status >= _SERVER_ERRORS or status == _BUSY:
        raise RerankerUnavailable
    if not httpx.codes.is_success(status):
        raise RerankerUnavailable("reranker_refused", transient=False, status=status)


def _malformed() -> RerankerUnavailable:
    return RerankerUnavailable("reranker_malformed")


def _sendable(text: str) -> str:
    """The text without what JSON cannot carry; services refuse an empty one."""
    return text.encode("utf-8", "replace").decode("utf-8") or " "
