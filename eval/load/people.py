"""People who read, think and ask again, and what each of their answers looked like from outside."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SEED = 20260101
ANSWER_TOKENS = 300
ANSWER_TIMEOUT_S = 90.0
"""An answer that is not whole by then counts as an error; also what bounds a run past its end."""
_LAG_PERIOD_S = 0.05


@dataclass(slots=True)
class Heard:
    """One answer as a person saw it come."""

    asked_at: float = field(default_factory=time.perf_counter)
    arrivals: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    """When more text was there, and how many characters in all."""
    status: str = ""
    """Of the whole answer; empty while it comes."""
    error: str = ""
    """Why there is no whole answer: a code or the name of an exception."""

    def grew(self, chars: int) -> None:
        """Note the text's length when it is longer than before."""
        if chars > (self.arrivals[-1][1] if self.arrivals else 0):
            self.arrivals.append((time.perf_counter(), chars))

    @property
    def is_streamed(self) -> bool:
        """True for a whole answer whose text came in pieces."""
        return not self.error and self.status == "answered" and len(self.arrivals) > 1

    @property
    def first_s(self) -> float:
        """From the question to the first text."""
        return self.arrivals[0][0] - self.asked_at

    @property
    def gaps_s(self) -> list[float]:
        """Between one text and the next."""
        times = [at for at, _ in self.arrivals]
        return [later - earlier for earlier, later in pairwise(times)]

    @property
    def tokens_per_s(self) -> float:
        """Tokens that came after the first text, by the time they took."""
        (begin, first), (end, whole) = self.arrivals[0], self.arrivals[-1]
        return ANSWER_TOKENS * (whole - first) / whole / (end - begin)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a crowd behaves."""

    people: int
    seconds: float
    """No question is asked after them; answers under way end."""
    think_s: float
    """Mean of the exponential time before each question, the first one too."""


Ask = Callable[[str], Awaitable[Heard]]


async def crowd(plan: Plan, asks: Sequence[Ask], *, questions: Sequence[str]) -> list[Heard]:
    """All answers heard by a crowd, one way of asking for each person."""
    deadline = time.perf_counter() + plan.seconds
    people = [
        _person(
            plan, ask, questions=questions, chance=random.Random(SEED + number), deadline=deadline
        )
        for number, ask in enumerate(asks)
    ]
    return [heard for each in await asyncio.gather(*people) for heard in each]


async def _person(
    plan: Plan, ask: Ask, *, questions: Sequence[str], chance: random.Random, deadline: float
) -> list[Heard]:
    heard: list[Heard] = []
    while True:
        thinking_s = chance.expovariate(1 / plan.think_s)
        if time.perf_counter() + thinking_s > deadline:
            return heard
        await asyncio.sleep(thinking_s)
        heard.append(await ask(chance.choice(questions)))


async def watch_lag(late_s: list[float]) -> None:
    """Note, until cancelled, how late this process itself is: what it measures is as late."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(_LAG_PERIOD_S)
        late_s.append(time.perf_counter() - begin - _LAG_PERIOD_S)
