from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.coalescer import Coalescer


def test_the_first_text_is_due_at_once() -> None:
    coalescer = Coalescer(per_second=10)
    coalescer.hold("a")

    assert coalescer.take(now=5.0) == "a"


def test_later_text_waits_for_its_turn() -> None:
    coalescer = Coalescer(per_second=10)
    coalescer.hold("a")
    coalescer.take(now=0.0)
    coalescer.hold("b")

    assert coalescer.take(now=0.05) == ""
    assert coalescer.wait_s(now=0.05) == 0.05
    assert coalescer.take(now=0.1) == "b"
    assert coalescer.wait_s(now=0.1) is None


def test_a_flush_does_not_wait() -> None:
    coalescer = Coalescer(per_second=1)
    coalescer.hold("a")
    coalescer.take(now=0.0)
    coalescer.hold("b")

    assert coalescer.flush() == "b"
    assert coalescer.flush() == ""


@given(steps=st.lists(st.floats(min_value=0, max_value=0.3), max_size=200))
def test_never_more_than_the_rate_and_nothing_is_lost(steps: list[float]) -> None:
    coalescer, now, sent = Coalescer(per_second=10), 0.0, list[tuple[float, str]]()
    for number, step in enumerate(steps):
        now += step
        coalescer.hold(f"{number};")
        if text := coalescer.take(now=now):
            sent.append((now, text))

    assert all(later - sooner >= 0.1 - 1e-9 for (sooner, _), (later, _) in pairwise(sent))
    whole = "".join(text for _, text in sent) + coalescer.flush()
    assert whole == "".join(f"{number};" for number in range(len(steps)))
