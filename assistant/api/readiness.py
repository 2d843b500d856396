"""What works now, asked of each part at most every few seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from anyio import to_thread

from assistant.api.errors import spoken
from assistant.containers import Container
from assistant.domain.catalogue import sentence
from assistant.domain.errors import AssistantError
from assistant.schemas.service import ReadyOut

_KEPT_S = 5.0
_EMBEDDER_KEPT_S = 60.0
_ANSWER_S = 10.0
"""An embedder that takes longer for one word does not answer, whatever it may say in the end."""


class Readiness:
    """Looks at database, index, embedder, worker and model. Used from one event loop."""

    def __init__(
        self,
        services: Container,
        *,
        worker_alive: Callable[[], bool] | None,
        worker_refused: Callable[[], bool] | None = None,
    ) -> None:
        self._services = services
        self._worker_alive = worker_alive
        self._worker_refused = worker_refused
        self._lock = asyncio.Lock()
        self._kept: dict[str, tuple[float, bool]] = {}
        self._asked: asyncio.Task[bool] | None = None

    async def report(self) -> ReadyOut:
        """The state of each part; "degraded" when one of them does not work."""
        async with self._lock:
            database = await self._look("database", self._in_thread(self._read_database))
            index = await self._look("index", self._in_thread(self._count_index))
            embedder = await self._look("embedder", self._embedder_answers)
            model = await self._model()
        worker = self._worker_alive is not None and self._worker_alive()
        is_refused = self._worker_refused is not None and self._worker_refused()
        detail = [
            sentence(code)
            for code, works in (
                ("storage_error", database),
                ("index_unavailable", index),
                ("embedder_unavailable", embedder),
                ("worker_refused" if is_refused else "worker_stopped", worker),
                ("model_unavailable", model != "unreachable"),
            )
            if not works
        ]
        trouble = self._services.applier.trouble
        paused = None if trouble is None else spoken(trouble.code, params=trouble.params)
        if paused is not None and paused not in detail:
            detail.append(paused)
        return ReadyOut(
            status="degraded" if detail else "ready",
            database=database,
            index=index,
            embedder=embedder,
            worker=worker,
            worker_refused=is_refused,
            model=model,
            detail=detail,
            indexing_trouble=paused,
        )

    async def _model(self) -> Literal["ok", "unreachable", "none"]:
        model = self._services.model
        if model is None:
            return "none"
        return "ok" if await self._look("model", model.is_reachable) else "unreachable"

    async def _look(self, part: str, works: Callable[[], Awaitable[bool]]) -> bool:
        now = time.monotonic()
        until, value = self._kept.get(part, (0.0, False))
        if now < until:
            return value
        value = await works()
        kept_s = _EMBEDDER_KEPT_S if value and part == "embedder" else _KEPT_S
        self._kept[part] = (time.monotonic() + kept_s, value)
        return value

    async def _embedder_answers(self) -> bool:
        """True when it answers in time; one call at most hangs, and the next look waits for the same."""
        if self._asked is None:
            self._asked = asyncio.create_task(self._try_embedder())
        done, _ = await asyncio.wait({self._asked}, timeout=_ANSWER_S)
        if not done:
            return False
        asked, self._asked = self._asked, None
        return asked.result()

    async def _try_embedder(self) -> bool:
        return await self._in_thread(self._embed)()

    def _in_thread(self, act: Callable[[], object]) -> Callable[[], Awaitable[bool]]:
        async def works() -> bool:
            try:
                await to_thread.run_sync(act, abandon_on_cancel=True)
            except AssistantError:
                return False
            return True

        return works

    def _read_database(self) -> None:
        self._services.access.ensure_default()

    def _count_index(self) -> None:
        for opened in self._services.generations.room.searched:
            opened.index.count_all()

    def _embed(self) -> None:
        for opened in self._services.generations.room.searched:
            opened.searched.embedder.embed_query("délibération")
