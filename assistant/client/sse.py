"""Reads an event stream cut at any byte, as the HTML standard says."""

from __future__ import annotations

import codecs
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One dispatched event."""

    event: str
    """Type, "message" when the stream names none."""
    data: str
    id: str
    """Its own id, empty when it carries none; earlier ids are not inherited."""


class SseDecoder:
    """Turns bytes into events; an event not yet ended by an empty line is kept for the next bytes.

    Source:
        WHATWG HTML, section 9.2.6 "Interpreting an event stream".
    """

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._event = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that these bytes complete."""
        self._rest += self._text.decode(chunk)
        events: list[SseEvent] = []
        while (line := self._next_line()) is not None:
            event = self._take(line)
            if event is not None:
                events.append(event)
        return events

    def _next_line(self) -> str | None:
        ends = [at for at in (self._rest.find("\n"), self._rest.find("\r")) if at >= 0]
        if not ends:
            return None
        end = min(ends)
        following = end + 1
        if self._rest[end] == "\r":
            if following == len(self._rest):
                return None
            following += self._rest[following] == "\n"
        line, self._rest = self._rest[:end], self._rest[following:]
        return line

    def _take(self, line: str) -> SseEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> SseEvent | None:
        data, event, own_id = self._data, self._event, self._id
        self._data, self._event, self._id = [], "", ""
        if not data:
            return None
        return SseEvent(event or "message", "\n".join(data), own_id)
