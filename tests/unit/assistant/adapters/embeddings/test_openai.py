"""The OpenAI-compatible embedder against an endpoint that misbehaves in every known way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.adapters.embeddings.openai import OpenAIEmbedder
from assistant.adapters.embeddings.retrying import Patience
from assistant.domain.errors import EmbedderUnavailable
from assistant.embedders import build_embedder
from assistant.settings import EmbeddingsSettings, Settings

Handler = Callable[[httpx.Request], httpx.Response]


def make_embedder(
    handler: Handler, *, waits: list[float] | None = None, **options: Any
) -> OpenAIEmbedder:
    waited = [] if waits is None else waits
    settings: dict[str, Any] = {
        "url": "http://embeddings.test/v1/",
        "model": "bge-m3",
        "api_key": "secret",
        "dimensions": 2,
        "batch_size": 2,
        "timeout_s": 1,
        "passage_patience": Patience(attempts=5, first_pause_s=1, longest_pause_s=30),
        "query_patience": Patience(attempts=2, first_pause_s=0.3, longest_pause_s=1),
        "http": httpx.Client(transport=httpx.MockTransport(handler)),
        "sleep": waited.append,
    }
    return OpenAIEmbedder(**{**settings, **options})


def reply(*rows: Any) -> httpx.Response:
    data = [{"index": number, "embedding": row} for number, row in enumerate(rows)]
    return httpx.Response(200, content=json.dumps({"data": data}))


def in_turn(*responses: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    queue: Iterator[httpx.Response | Exception] = iter(responses)
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        response = next(queue)
        if isinstance(response, Exception):
            raise response
        return response

    return handle, seen


def test_request_carries_model_key_prefix_and_texts_in_batches() -> None:
    handler, seen = in_turn(reply([3, 4], [1, 0]), reply([0, 2]))
    embedder = make_embedder(handler, passage_prefix="passage: ")

    vectors = embedder.embed_passages(["a", "b", "c"])

    assert vectors == [[0.6, 0.8], [1.0, 0.0], [0.0, 1.0]]
    assert str(seen[0].url) == "http://embeddings.test/v1/embeddings"
    assert seen[0].headers["Authorization"] == "Bearer secret"
    bodies = [json.loads(request.content) for request in seen]
    assert [body["input"] for body in bodies] == [["passage: a", "passage: b"], ["passage: c"]]
    assert {body["model"] for body in bodies} == {"bge-m3"}


def test_no_key_sends_no_authorization() -> None:
    handler, seen = in_turn(reply([1, 0]))

    make_embedder(handler, api_key="").embed_query("eau")

    assert "Authorization" not in seen[0].headers


def test_query_has_its_own_prefix() -> None:
    handler, seen = in_turn(reply([1, 0]))

    make_embedder(handler, query_prefix="query: ").embed_query("eau")

    assert json.loads(seen[0].content)["input"] == ["query: eau"]


def test_vectors_follow_index_not_position() -> None:
    data = [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]
    handler, _ = in_turn(httpx.Response(200, json={"data": data}))

    assert make_embedder(handler).embed_passages(["a", "b"]) == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    "fault",
    [
        httpx.Response(429),
        httpx.Response(500),
        httpx.Response(503),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
    ],
)
def test_passing_faults_are_tried_again(fault: httpx.Response | Exception) -> None:
    waits: list[float] = []
    handler, seen = in_turn(fault, fault, reply([1, 0]))

    assert make_embedder(handler, waits=waits).embed_passages(["a"]) == [[1, 0]]
    assert len(seen) == 3
    assert waits == [1.0, 2.0]


def test_attempts_are_bounded_and_fewer_for_a_query() -> None:
    handler, seen = in_turn(*[httpx.Response(503)] * 20)
    embedder = make_embedder(handler)

    with pytest.raises(EmbedderUnavailable) as caught:
        embedder.embed_passages(["a"])
    assert len(seen) == 5
    with pytest.raises(EmbedderUnavailable):
        embedder.embed_query("a")

    assert len(seen) == 7
    assert caught.value.code == "embedder_unavailable"
    assert caught.value.transient


def test_pauses_double_up_to_the_longest_and_a_question_has_its_own() -> None:
    waits: list[float] = []
    handler, seen = in_turn(*[httpx.Response(503)] * 20)
    embedder = make_embedder(
        handler,
        waits=waits,
        passage_patience=Patience(attempts=5, first_pause_s=2, longest_pause_s=7),
        query_patience=Patience(attempts=3, first_pause_s=0.1, longest_pause_s=0.15),
    )

    for ask in (lambda: embedder.embed_passages(["a"]), lambda: embedder.embed_query("a")):
        with pytest.raises(EmbedderUnavailable):
            ask()

    assert waits == [2, 4, 7, 7, 0.1, 0.15]
    assert len(seen) == 8


def test_how_long_to_insist_comes_from_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []

    def make(**given: Any) -> None:
        made.append(given)

    monkeypatch.setattr("assistant.adapters.embeddings.openai.OpenAIEmbedder", make)
    chosen = EmbeddingsSettings(
        provider="openai", passage_attempts=7, passage_longest_pause_s=90, query_pause_s=0.2
    )

    build_embedder(Settings(data_dir=tmp_path, embeddings=chosen), role="web")

    (given,) = made
    assert given["passage_patience"] == Patience(7, first_pause_s=1, longest_pause_s=90)
    assert given["query_patience"] == Patience(2, first_pause_s=0.2, longest_pause_s=1)


def test_retry_after_in_seconds_is_honoured() -> None:
    waits: list[float] = []
    handler, _ = in_turn(httpx.Response(429, headers={"Retry-After": "7"}), reply([1, 0]))

    make_embedder(handler, waits=waits).embed_passages(["a"])

    assert waits == [7.0]


def test_retry_after_as_a_date_is_honoured() -> None:
    waits: list[float] = []
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    handler, _ = in_turn(httpx.Response(503, headers={"Retry-After": date}), reply([1, 0]))

    make_embedder(handler, waits=waits).embed_passages(["a"])

    assert 10 < waits[0] <= 20


@pytest.mark.parametrize("value", ["soon", "9" * 400])
def test_unreadable_retry_after_falls_back_to_our_pause(value: str) -> None:
    waits: list[float] = []
    handler, _ = in_turn(httpx.Response(429, headers={"Retry-After": value}), reply([1, 0]))

    make_embedder(handler, waits=waits).embed_passages(["a"])

    assert waits == [1.0]


def test_a_too_long_retry_after_gives_up_and_says_it() -> None:
    waits: list[float] = []
    handler, seen = in_turn(httpx.Response(429, headers={"Retry-After": "3600"}))

    with pytest.raises(EmbedderUnavailable) as caught:
        make_embedder(handler, waits=waits).embed_passages(["a"])

    assert caught.value.retry_after_s == 3600
    assert (len(seen), waits) == (1, [])


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (httpx.Response(401), "embedder_unauthorized"),
        (httpx.Response(403), "embedder_unauthorized"),
        (httpx.Response(404), "embedder_unknown_model"),
        (httpx.Response(400), "embedder_refused"),
        (httpx.Response(302, headers={"Location": "http://elsewhere.test"}), "embedder_refused"),
        (httpx.Response(200, content=b"<html>"), "embedder_malformed"),
        (httpx.Response(200, content=b"\xff\xfe{"), "embedder_malformed"),
        (httpx.Response(200, json=[]), "embedder_malformed"),
        (httpx.Response(200, json={"data": "x"}), "embedder_malformed"),
        (httpx.Response(200, json={"data": ["x"]}), "embedder_malformed"),
        (httpx.Response(200, json={"data": [{"embedding": [1, 0]}]}), "embedder_malformed"),
        (
            httpx.Response(200, json={"data": [{"index": 1, "embedding": [1, 0]}]}),
            "embedder_malformed",
        ),
        (reply(), "embedder_malformed"),
        (reply([1, 0], [1, 0]), "embedder_malformed"),
        (reply("AAAA"), "embedder_malformed"),
        (reply([1, None]), "embedder_malformed"),
        (reply([1, True]), "embedder_malformed"),
        (reply([1, float("nan")]), "embedder_malformed"),
        (reply([1, float("inf")]), "embedder_malformed"),
        (reply([0, 0]), "embedder_malformed"),
        (reply([1e300, 1e300]), "embedder_malformed"),
        (reply([1, 0, 0]), "embedder_wrong_dimensions"),
    ],
)
def test_unusable_replies_are_refused_at_once_with_a_sentence(
    response: httpx.Response, code: str
) -> None:
    handler, seen = in_turn(response)

    with pytest.raises(EmbedderUnavailable) as caught:
        make_embedder(handler).embed_passages(["a"])

    assert caught.value.code == code
    assert caught.value.sentence.endswith(".")
    assert len(seen) == 1


def test_duplicate_index_is_refused() -> None:
    data = [{"index": 0, "embedding": [1, 0]}, {"index": 0, "embedding": [1, 0]}]
    handler, _ = in_turn(httpx.Response(200, json={"data": data}))

    with pytest.raises(EmbedderUnavailable) as caught:
        make_embedder(handler).embed_passages(["a", "b"])

    assert caught.value.code == "embedder_malformed"


def test_wrong_dimensions_are_named_in_the_sentence() -> None:
    handler, _ = in_turn(reply([1, 0, 0]))

    with pytest.raises(EmbedderUnavailable) as caught:
        make_embedder(handler).embed_query("a")

    assert "3 dimensions au lieu de 2" in caught.value.sentence


def test_identity_changes_with_what_changes_vectors_only() -> None:
    handler, _ = in_turn()
    plain = make_embedder(handler).identity

    assert plain == make_embedder(handler, url="http://other.test", batch_size=9).identity
    assert plain != make_embedder(handler, passage_prefix="passage: ").identity
    assert plain != make_embedder(handler, model="other").identity
    assert plain.id != make_embedder(handler, dimensions=3).identity.id
