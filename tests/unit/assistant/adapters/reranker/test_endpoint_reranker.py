from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from assistant.adapters.reranker.endpoint import EndpointReranker, scores_of
from assistant.domain.errors import RerankerUnavailable
from assistant.testing.reranker import Behaviour, RerankServer

TEXTS = ["un", "deux", "trois"]


def make(server: RerankServer, **options: Any) -> EndpointReranker:
    known: dict[str, Any] = {
        "url": "http://reranker.test/v1",
        "protocol": "documents",
        "batch_size": 2,
        "timeout_s": 5,
    }
    return EndpointReranker(**known | options, http=server.client())


def test_what_is_asked_of_a_service_that_takes_documents() -> None:
    server = RerankServer("cohere")

    make(server, model="rerank-v3", api_key="key").score("deux", TEXTS)

    assert [body["documents"] for body in server.bodies] == [["un", "deux"], ["trois"]]
    assert server.bodies[0] == {
        "query": "deux",
        "documents": ["un", "deux"],
        "top_n": 2,
        "return_documents": False,
        "model": "rerank-v3",
    }
    assert server.requests[0].headers["authorization"] == "Bearer key"


def test_what_is_asked_of_a_service_that_takes_texts() -> None:
    server = RerankServer("tei")

    make(server, protocol="texts").score("deux", TEXTS)

    assert server.bodies[1] == {"query": "deux", "texts": ["trois"], "truncate": True}
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    "url", ["http://r.test/v1", "http://r.test/v1/", "http://r.test/v1/rerank"]
)
def test_the_address_is_taken_with_or_without_its_end(url: str) -> None:
    server = RerankServer("cohere")

    make(server, url=url).score("deux", ["un"])

    assert str(server.requests[0].url) == "http://r.test/v1/rerank"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("unreachable", "reranker_unavailable"),
        ("late", "reranker_unavailable"),
        ("server_error", "reranker_unavailable"),
        ("busy", "reranker_unavailable"),
        ("unauthorized", "reranker_unauthorized"),
        ("unknown", "reranker_unknown"),
        ("refused", "reranker_refused"),
        ("not_json", "reranker_malformed"),
        ("missing", "reranker_malformed"),
        ("twice", "reranker_malformed"),
        ("not_a_number", "reranker_malformed"),
        ("nan", "reranker_malformed"),
        ("words", "reranker_malformed"),
    ],
)
def test_each_failure_has_its_code_and_sentence(behaviour: Behaviour, code: str) -> None:
    server = RerankServer(behaviour)

    with pytest.raises(RerankerUnavailable) as caught:
        make(server).score("deux", TEXTS)

    assert caught.value.code == code
    assert caught.value.sentence
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        None,
        "x",
        {},
        {"results": None},
        [1],
        [{"index": True, "score": 1}],
        [{"index": 0, "score": True}],
        [{"index": 0.0, "score": 1}],
        [{"index": 1, "score": 1}],
        [{"index": -1, "score": 1}],
        [{"index": 0}],
        [{"index": 0, "score": 1}, {"index": 1, "score": 1}],
    ],
)
def test_a_reply_of_another_form_is_refused(body: object) -> None:
    with pytest.raises(RerankerUnavailable) as caught:
        scores_of(body, count=1)
    assert caught.value.code == "reranker_malformed"


def test_a_key_that_no_header_can_carry_is_one_of_its_errors() -> None:
    with pytest.raises(RerankerUnavailable):
        make(RerankServer("cohere"), api_key="clé").score("deux", TEXTS)


def test_scores_under_another_name_are_read() -> None:
    body = {
        "object": "list",
        "data": [{"index": 1, "relevance_score": 1}, {"index": 0, "score": -2.5}],
    }

    assert scores_of(body, count=2) == [-2.5, 1.0]


def test_the_time_allowed_is_that_of_all_requests_together() -> None:
    server = RerankServer("cohere")

    def slow(request: httpx.Request) -> httpx.Response:
        time.sleep(0.15)
        return server.answer(request)

    http = httpx.Client(transport=httpx.MockTransport(slow))
    reranker = EndpointReranker(
        url="http://r.test", protocol="documents", batch_size=1, timeout_s=0.2, http=http
    )

    with pytest.raises(RerankerUnavailable):
        reranker.score("deux", TEXTS)
    assert len(server.requests) == 2
