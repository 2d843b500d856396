from __future__ import annotations

import threading
import time

import pytest

from assistant.services.aside import Aside


class Left(Exception):
    pass


def nothing() -> None:
    return


def test_result_and_error_are_those_of_the_call() -> None:
    aside = Aside()

    assert aside.run(lambda: 3, watch=nothing) == 3
    for error in (ValueError("non"), TimeoutError(), KeyboardInterrupt()):

        def fail(error: BaseException = error) -> int:
            raise error

        with pytest.raises(type(error)):
            aside.run(fail, watch=nothing)


def test_a_call_is_left_while_it_goes_on_and_the_next_one_waits_for_it() -> None:
    aside = Aside(look_s=0.01)
    go_on = threading.Event()
    order: list[str] = []

    def slow() -> None:
        assert go_on.wait(20)
        order.append("left")

    def leave() -> None:
        raise Left

    begun = time.monotonic()
    with pytest.raises(Left):
        aside.run(slow, watch=leave)
    assert time.monotonic() - begun < 5

    threading.Timer(0.05, go_on.set).start()
    aside.run(lambda: order.append("next"), watch=nothing)

    assert order == ["left", "next"]


def test_a_call_left_before_its_turn_never_runs() -> None:
    aside = Aside(look_s=0.01)
    go_on = threading.Event()
    calls: list[str] = []

    def leave() -> None:
        raise Left

    for name in ("first", "second"):

        def call(name: str = name) -> None:
            assert go_on.wait(20)
            calls.append(name)

        with pytest.raises(Left):
            aside.run(call, watch=leave)
    go_on.set()
    aside.run(lambda: calls.append("third"), watch=nothing)

    assert calls == ["first", "third"]
