from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assistant.client.sse import SseDecoder, SseEvent

STREAM = (
    "\ufeff: ping\n\n"
    'event: text.delta\ndata: {"text":\ndata:  "été"}\nid: 1\n\n'
    ": deux\r\nevent: error\r\ndata: a\r\nid: 2\r\n\r\n"
    "data\rretry: 3\rinconnu: x\r\r"
    "event: vide\n\n"
    "data: reste"
).encode()
EVENTS = [
    SseEvent("text.delta", '{"text":\n "été"}', "1"),
    SseEvent("error", "a", "2"),
    SseEvent("message", "", ""),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cut_gives_the_same_events(cuts: list[int]) -> None:
    decoder, events = SseDecoder(), list[SseEvent]()
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(places):
        events += decoder.feed(STREAM[start:end])

    assert events == EVENTS


def test_byte_by_byte() -> None:
    decoder = SseDecoder()

    assert [e for byte in STREAM for e in decoder.feed(bytes([byte]))] == EVENTS
