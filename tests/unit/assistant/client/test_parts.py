"""Large contents sent in parts over connections that are cut."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from assistant.client import ClientError
from assistant.client import parts as parts_module
from assistant.client.parts import PartSender
from assistant.client.transport import Transport

CONTENT = bytes(range(256)) * 4
PATH = "/api/v1/jobs/j/items/i/content"


@dataclass
class Service:
    """Takes parts; `fail` says which requests are cut, after how many of their bytes."""

    fail: Callable[[int], int | None] = lambda _: None
    content: bytes = b""
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.method)
        cut_after = self.fail(len(self.asked))
        if request.method == "HEAD":
            if cut_after is not None:
                raise httpx.ConnectError("cut")
            return httpx.Response(200, headers={"Upload-Offset": str(len(self.content))})
        assert int(request.headers["Upload-Offset"]) == len(self.content)
        assert request.headers["Content-Type"] == "application/offset+octet-stream"
        self.content += request.read()[:cut_after]
        if cut_after is not None:
            raise httpx.ReadError("cut")
        return httpx.Response(204, headers={"Upload-Offset": str(len(self.content))})


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "PART_BYTES", 300)


def sender(
    service: Callable[[httpx.Request], httpx.Response], told: list[int], waits: list[float]
) -> PartSender:
    http = httpx.Client(transport=httpx.MockTransport(service))
    return PartSender(
        Transport("http://127.0.0.1:1", token="t", cookie=None, http=http),
        PATH,
        progress=told.append,
        wait=waits.append,
    )


def send(service: Service, content: bytes = CONTENT) -> tuple[bool, list[int], list[float]]:
    told: list[int] = []
    waits: list[float] = []
    is_whole = sender(service, told, waits).send(io.BytesIO(content), size_bytes=len(CONTENT))
    return is_whole, told, waits


def test_a_content_goes_in_parts() -> None:
    service = Service()

    is_whole, told, waits = send(service)

    assert is_whole
    assert service.content == CONTENT
    assert told == [300, 300, 300, 124]
    assert service.asked == ["HEAD", "PATCH", "PATCH", "PATCH", "PATCH"]
    assert waits == []


def test_what_was_sent_before_is_not_sent_again() -> None:
    service = Service(content=CONTENT[:1000])

    _, told, _ = send(service)

    assert service.content == CONTENT
    assert told == [24]


def test_a_cut_part_goes_on_where_it_was_cut() -> None:
    service = Service(fail=lambda number: 100 if number in {2, 3} else None)

    is_whole, told, waits = send(service)

    assert is_whole
    assert service.content == CONTENT
    assert sum(told) == len(CONTENT)
    assert waits == [1.0, 2.0]


def test_a_service_that_stays_away_is_given_up_with_its_reason() -> None:
    service = Service(fail=lambda number: 0 if number > 2 else None)
    waits: list[float] = []

    with pytest.raises(ClientError) as gone:
        sender(service, [], waits).send(io.BytesIO(CONTENT), size_bytes=len(CONTENT))

    assert gone.value.code == "server_unreachable"
    assert service.content == CONTENT[:300]
    assert sum(waits) > 200


def test_a_file_that_shrinks_is_not_whole() -> None:
    assert send(Service(), CONTENT[:500])[0] is False


def test_what_is_not_awaited_is_told_by_the_next_request() -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        assert request.method == "HEAD"
        return httpx.Response(409)

    assert not sender(gone, [], []).send(io.BytesIO(CONTENT), size_bytes=len(CONTENT))
