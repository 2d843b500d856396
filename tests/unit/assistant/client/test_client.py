from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from assistant.client import AssistantClient, ClientError
from assistant.client.errors import messages
from assistant.client.following import MAX_TRIES
from assistant.schemas.answers import (
    AnswerEventOut,
    AnswerOut,
    CompletedEvent,
    DeltaEvent,
    ErrorEvent,
)
from assistant.schemas.documents import JobItemOut
from assistant.schemas.service import MeOut
from assistant.schemas.wire import Problem

PROBLEM = Problem(
    type="urn:assistant:error:not_found",
    title="Élément introuvable",
    status=404,
    detail="Cet élément n'existe pas.",
    instance="/api/v1/me",
    code="not_found",
    request_id="r",
)
ANSWER = AnswerOut(
    id="a",
    answer_id="a",
    status="answered",
    answer="Oui non",
    citations=[],
    unsupported=[],
    model=None,
    tokens=None,
    first_token_ms=None,
    notice=None,
)
SCRIPT: list[AnswerEventOut] = [
    DeltaEvent(text="Oui "),
    DeltaEvent(text="non"),
    CompletedEvent(answer=ANSWER),
]
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(_: float) -> None:
        return

    monkeypatch.setattr(time, "sleep", at_once)


def client_of(handler: Handler, **credentials: str) -> AssistantClient:
    http = httpx.Client(transport=httpx.MockTransport(handler))
    return AssistantClient("http://127.0.0.1:1/", http=http, **credentials)


class Cut(httpx.SyncByteStream):
    """A body that breaks after some blocks, or ends."""

    def __init__(self, *blocks: bytes, error: Exception | None = None) -> None:
        self._blocks, self._error = blocks, error

    def __iter__(self) -> Iterator[bytes]:
        yield from self._blocks
        if self._error is not None:
            raise self._error


def frames(events: list[AnswerEventOut], *, first: int = 1) -> list[bytes]:
    return [
        f"event: {event.type}\ndata: {event.model_dump_json()}\nid: {number}\n\n".encode()
        for number, event in enumerate(events, first)
    ]


def test_credentials_go_with_every_call_and_no_cookie_is_kept() -> None:
    seen: list[httpx.Headers] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        body = MeOut(person_id="p", roles=[], is_admin=False, max_file_mb=50).model_dump_json()
        return httpx.Response(200, content=body, headers={"Set-Cookie": "assistant_session=vole"})

    owner = client_of(handler, token="jeton")
    owner.me()
    visitor = owner.with_cookie("un")
    visitor.me()
    owner.with_cookie(None).me()
    visitor.me()
    owner.close()

    assert seen[0]["authorization"] == "Bearer jeton"
    assert "cookie" not in seen[0]
    assert [headers.get("cookie") for headers in seen[1:]] == [
        "assistant_session=un",
        None,
        "assistant_session=un",
    ]
    assert "authorization" not in seen[1]


def test_a_problem_is_raised_as_it_is() -> None:
    client = client_of(lambda _: httpx.Response(404, content=PROBLEM.model_dump_json()))

    with pytest.raises(ClientError) as refused:
        client.me()

    assert refused.value.problem == PROBLEM
    assert str(refused.value) == PROBLEM.detail


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>"), (200, b"{}"), (502, b"<html>"), (500, b"")]
)
def test_nonsense_is_said_so(status: int, body: bytes) -> None:
    client = client_of(lambda _: httpx.Response(status, content=body))

    with pytest.raises(ClientError) as refused:
        client.me()

    assert refused.value.code == "response_invalid"
    assert str(status) in refused.value.problem.detail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ConnectError("x"), "server_unreachable"),
        (httpx.ReadTimeout("x"), "server_timeout"),
        (httpx.RemoteProtocolError("x"), "server_unreachable"),
    ],
)
def test_an_unreachable_service_has_a_sentence(error: Exception, code: str) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(ClientError) as refused:
        client_of(handler).health()

    assert refused.value.code == code
    assert refused.value.problem.status == 0


def test_a_port_where_nobody_listens() -> None:
    client = AssistantClient("http://127.0.0.1:9")

    with pytest.raises(ClientError) as refused:
        client.health()
    client.close()

    assert refused.value.code == "server_unreachable"
    assert "http://127.0.0.1:9" in refused.value.problem.detail


@pytest.mark.parametrize("kept", [0, 1, 2])
@pytest.mark.parametrize("error", [None, httpx.ReadError("coupure")])
def test_a_cut_stream_is_taken_up_and_each_event_comes_once(
    kept: int, error: Exception | None
) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.raw_path.decode()}")
        if request.method == "POST":
            body = Cut(*frames(SCRIPT)[:kept], b": ping\n\nda", error=error)
            return httpx.Response(200, stream=body, headers={"X-Answer-Id": "a"})
        after = int(request.url.params["after"])
        repeated = max(0, after - 1)
        return httpx.Response(200, stream=Cut(*frames(SCRIPT[repeated:], first=repeated + 1)))

    assert list(client_of(handler).stream_answer("Oui ?")) == SCRIPT
    assert asked == ["POST /api/v1/answers", f"GET /api/v1/answers/a/events?after={kept}"]


def test_a_stream_that_never_ends_is_given_up() -> None:
    asked: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(int(request.url.params["after"]))
        return httpx.Response(200, stream=Cut(*frames(SCRIPT[:1])))

    with pytest.raises(ClientError) as refused:
        list(client_of(handler).answer_events("a"))

    assert refused.value.code == "stream_cut"
    assert asked == [0] + [1] * MAX_TRIES


def test_an_error_without_number_ends_the_stream() -> None:
    event = ErrorEvent(problem=PROBLEM)
    body = frames(SCRIPT[:1])[0] + f"event: error\ndata: {event.model_dump_json()}\n\n".encode()

    client = client_of(lambda _: httpx.Response(200, stream=Cut(body)))

    assert list(client.answer_events("a")) == [SCRIPT[0], event]


def test_a_refusal_is_not_tried_again() -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(404, content=PROBLEM.model_dump_json())

    with pytest.raises(ClientError):
        list(client_of(handler).answer_events("a"))

    assert len(asked) == 1


def test_a_question_that_never_arrived_is_not_asked_twice() -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("x")

    with pytest.raises(ClientError) as refused:
        list(client_of(handler).stream_answer("Oui ?"))

    assert refused.value.code == "server_unreachable"
    assert len(asked) == 1


@pytest.mark.parametrize(("size_bytes", "sent"), [(None, 600_000), (600_000, 600_000), (9, 10)])
def test_a_file_is_sent_without_a_promise_of_its_length(
    tmp_path: Path, size_bytes: int | None, sent: int
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 600_000)
    item = JobItemOut(
        id="i",
        name="a.txt",
        state="pending",
        document_id=None,
        chunks=0,
        pages=0,
        reason_code=None,
        reason=None,
    )
    told: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        assert "content-length" not in request.headers
        assert len(request.read()) == sent
        return httpx.Response(200, content=item.model_dump_json())

    client = client_of(handler)

    assert (
        client.send_item("j", "i", path=path, size_bytes=size_bytes, progress=told.append) == item
    )
    assert sum(told) == sent


def test_every_sentence_says_what_to_do() -> None:
    assert all(text.count(".") >= 2 for text in messages().values())


def test_sessions_are_listed_and_ended() -> None:
    asked: list[str] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        if request.method == "GET":
            return httpx.Response(200, json=[])
        if request.url.path.endswith("/sessions"):
            return httpx.Response(200, json={"ended": 2})
        return httpx.Response(204)

    client = client_of(service, cookie="c")

    assert client.list_sessions() == []
    client.end_session("s")
    assert client.end_other_sessions().ended == 2
    root = "/api/v1/sessions"
    assert asked == [f"GET {root}", f"DELETE {root}/s", f"DELETE {root}"]
