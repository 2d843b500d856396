"""One crowd against one server: what its people heard, and what the server spent on them."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from eval.load.api import ask_api, open_api
from eval.load.pages import open_person
from eval.load.people import ANSWER_TOKENS, Ask, Heard, Plan, crowd, watch_lag
from eval.processes import cpu_s, memory_mb

FIRST_LIMIT_MS = 1000.0
RATE_LIMIT = 0.9
WAYS = ("api", "ui")
_PERIOD_S = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """A running server."""

    url: str
    token: str
    pid: int
    model_tokens_per_s: float
    """What the model gives to one caller alone."""
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrowdFigures:
    """The figures of one crowd; times in milliseconds."""

    way: str
    people: int
    seconds: float
    answers: int
    errors: dict[str, int]
    """Code → answers that were not whole."""
    refused: int
    """Whole answers without a stream: the passages were found wanting."""
    first_p50_ms: float
    first_p95_ms: float
    gap_p95_ms: float
    gap_most_ms: float
    slowest: float
    """Rate of the slowest stream, as a share of the model's own."""
    cpu_ms_per_token: float
    memory_mb: float
    lag_p95_ms: float

    @property
    def fault(self) -> str:
        """Which limit is broken: "errors", "first", or none."""
        if self.errors:
            return "errors"
        return "first" if self.first_p95_ms > FIRST_LIMIT_MS else ""

    def as_record(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)


def target_of(
    data_dir: Path,
    *,
    url: str,
    token: str,
    model_tokens_per_s: float,
    questions: Sequence[str],
) -> Target:
    """A server from the record it writes into its data folder."""
    record = json.loads((data_dir / "run" / "server.json").read_text("utf-8"))
    return Target(url, token, record["pid"], model_tokens_per_s, tuple(questions))


def measure(target: Target, plan: Plan, *, way: str) -> CrowdFigures:
    """Let a crowd ask, and count. One question is asked before, which counts for nothing.

    Args:
        target: The server.
        plan: How many, for how long.
        way: "api" or "ui".
    """
    return asyncio.run(_measure(target, plan, way=way))


async def _measure(target: Target, plan: Plan, *, way: str) -> CrowdFigures:
    late_s: list[float] = []
    memories: list[float] = []
    async with AsyncExitStack() as stack:
        asks = await _asks(stack, target, people=plan.people, way=way)
        await asks[0](target.questions[0])
        before_s = cpu_s(target.pid)
        watchers = [
            asyncio.create_task(watch_lag(late_s)),
            asyncio.create_task(_watch_memory(target.pid, memories)),
        ]
        heard = await crowd(plan, asks, questions=target.questions)
        spent_s = cpu_s(target.pid) - before_s
        for watcher in watchers:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher
    return _outcome(
        plan,
        heard,
        way=way,
        model_tokens_per_s=target.model_tokens_per_s,
        spent_s=spent_s,
        memory=max(memories, default=0.0),
        lag_s=late_s,
    )


async def _asks(stack: AsyncExitStack, target: Target, *, people: int, way: str) -> list[Ask]:
    if way == "api":
        http: httpx.AsyncClient = await stack.enter_async_context(
            open_api(target.url, token=target.token)
        )
        return [partial(ask_api, http)] * people
    return [
        (await stack.enter_async_context(open_person(target.url, token=target.token))).ask
        for _ in range(people)
    ]


async def _watch_memory(pid: int, memories: list[float]) -> None:
    while True:
        memories.append(await asyncio.to_thread(memory_mb, pid))
        await asyncio.sleep(_PERIOD_S)


def _outcome(
    plan: Plan,
    heard: Sequence[Heard],
    *,
    way: str,
    model_tokens_per_s: float,
    spent_s: float,
    memory: float,
    lag_s: Sequence[float],
) -> CrowdFigures:
    streams = [each for each in heard if each.is_streamed]
    whole = [each for each in heard if not each.error]
    others = Counter(each.status for each in whole if not each.is_streamed)
    refused = others.pop("refused", 0)
    gaps = [gap for each in streams for gap in each.gaps_s]
    first = [each.first_s for each in streams]
    slowest = min((each.tokens_per_s for each in streams), default=0.0)
    return CrowdFigures(
        way=way,
        people=plan.people,
        seconds=plan.seconds,
        answers=len(heard),
        errors=dict(Counter(each.error for each in heard if each.error) + others),
        refused=refused,
        first_p50_ms=1000 * statistics.median(first or [0.0]),
        first_p95_ms=1000 * percentile_95(first),
        gap_p95_ms=1000 * percentile_95(gaps),
        gap_most_ms=1000 * max(gaps, default=0.0),
        slowest=slowest / model_tokens_per_s,
        cpu_ms_per_token=1000 * spent_s / max(1, ANSWER_TOKENS * len(streams)),
        memory_mb=memory,
        lag_p95_ms=1000 * percentile_95(lag_s),
    )


def percentile_95(values: Sequence[float]) -> float:
    """The value that 95 % do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)] if ordered else 0.0
