"""Follows the events of an answer across cut connections, each event once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from pydantic import TypeAdapter, ValidationError

from assistant.client.errors import ClientError, client_error
from assistant.client.sse import SseDecoder, SseEvent
from assistant.client.transport import Transport
from assistant.schemas.answers import AnswerEventOut, CompletedEvent, ErrorEvent

MAX_TRIES = 5
"""Connections in a row that bring no event before giving up."""

_PAUSE_S = 0.2
_EVENTS: TypeAdapter[AnswerEventOut] = TypeAdapter(AnswerEventOut)
_CUT = frozenset({"server_unreachable", "server_timeout"})


@dataclass
class Follower:
    """Reads one answer; `number` is the last event handed out."""

    transport: Transport
    answer_id: str
    number: int = 0
    has_ended: bool = False

    def read(self, response: httpx.Response) -> Iterator[AnswerEventOut]:
        """Events of one connection, those already handed out left away; ends with it."""
        decoder = SseDecoder()
        for chunk in response.iter_raw():
            for raw in decoder.feed(chunk):
                event = self._accept(raw)
                if event is not None:
                    yield event
                if self.has_ended:
                    return

    def follow(self) -> Iterator[AnswerEventOut]:
        """Events until the last, reconnecting where a connection was cut.

        Raises:
            ClientError: "stream_cut" after `MAX_TRIES` fruitless connections, or what the
                service says.
        """
        path = f"/api/v1/answers/{self.answer_id}/events"
        failures = 0
        while not self.has_ended:
            before = self.number
            try:
                yield from self._once(path)
            except ClientError as error:
                if error.code not in _CUT:
                    raise
            failures = 0 if self.number > before else failures + 1
            if self.has_ended:
                return
            if failures >= MAX_TRIES:
                raise client_error("stream_cut", instance=path)
            time.sleep(_PAUSE_S * failures)

    def _once(self, path: str) -> Iterator[AnswerEventOut]:
        headers = {"Accept": "text/event-stream"}
        query = {"after": self.number}
        with self.transport.stream("GET", path, params=query, headers=headers) as response:
            yield from self.read(response)

    def _accept(self, raw: SseEvent) -> AnswerEventOut | None:
        number = int(raw.id) if raw.id.isascii() and raw.id.isdigit() else self.number + 1
        if number <= self.number:
            return None
        try:
            event = _EVENTS.validate_json(raw.data)
        except ValidationError:
            raise client_error(
                "response_invalid", instance=f"/api/v1/answers/{self.answer_id}/events", status=200
            ) from None
        self.number = number
        self.has_ended = isinstance(event, CompletedEvent | ErrorEvent)
        return event
