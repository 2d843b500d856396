"""The runner on PostgreSQL: procrastinate wakes a worker, leases say what it may take."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from assistant.adapters.sql.postgresql import Postgresql
from assistant.adapters.sql.turn_queue import QUEUE, TURN

_log = structlog.get_logger(__name__)

APPLICATION = "assistant_turns"
"""By this name the server knows connections that wait to be told of turns."""
_LOOK_S = 5.0
_AGAIN_S = 1.0
_HEARS_STOP_S = 0.5
_CONNECTIONS = 2
_CONNECT_S = 2.0
_CLEANED = "*/10 * * * *"
"""When entries of workers that were killed are removed; it is also what keeps watch over a worker's side tasks."""


class ProcrastinateRunner:
    """Implements `JobRunner`: the transaction that queues a job adds an entry to procrastinate's queue.

    An entry only wakes: states, turns and leases are in our own tables, so one that is lost with its
    worker, or comes twice, changes nothing. A worker also looks by itself now and then: for jobs
    whose worker died, for tries whose time has come, and for what it could not be told. Without a
    connection to the queue it goes on looking, and is woken again when there is one.

    Args:
        place: The database.
        look_s: Time between two looks of one's own, in seconds.
    """

    is_shared = True

    def __init__(self, place: Postgresql, *, look_s: float = _LOOK_S) -> None:
        self._place = place
        self._look_s = look_s

    def run(self, turn: Callable[[], bool], *, stop: threading.Event) -> None:
        """Turn after turn, in one thread; when there was nothing, until woken or it is time to look."""
        with ThreadPoolExecutor(1, thread_name_prefix="turns") as hand:
            shift = _Shift(self._place, turn, stop=stop, hand=hand, look_s=self._look_s)
            asyncio.run(shift.work())


class _Shift:
    """One worker from its start until it is told to stop."""

    def __init__(
        self,
        place: Postgresql,
        turn: Callable[[], bool],
        *,
        stop: threading.Event,
        hand: ThreadPoolExecutor,
        look_s: float,
    ) -> None:
        self._place = place
        self._turn = turn
        self._stop = stop
        self._hand = hand
        self._look_s = look_s
        self._is_looking = False
        self._tasks = asyncio.TaskGroup()
        """One that fails by a mistake of ours ends the shift, and is not taken for a failed entry."""

    async def work(self) -> None:
        """Look now and then, and be woken meanwhile."""
        asyncio.get_running_loop().set_exception_handler(_tell)
        async with self._tasks:
            listening = self._tasks.create_task(self._listen())
            while not self._stop.is_set():
                self._is_looking = True
                await self._take_turns()
                self._is_looking = False
                await self._rest(self._look_s)
            listening.cancel()

    async def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stop.is_set() and time.monotonic() < until:
            await asyncio.sleep(min(_HEARS_STOP_S, seconds))

    async def _take_turns(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._hand, self._take_all)

    def _take_all(self) -> None:
        while not self._stop.is_set() and self._turn():
            continue

    async def _listen(self) -> None:
        """Be a worker of procrastinate, again whenever the server was away."""
        while not self._stop.is_set():
            app = self._new_app()
            try:
                await app.open_async()
                await app.run_worker_async(
                    queues=[QUEUE],
                    delete_jobs="always",
                    fetch_job_polling_interval=self._look_s,
                    install_signal_handlers=False,
                )
                _log.warning("no_longer_listening")
            except (ConnectorException, psycopg.Error) as error:
                _log.warning("not_listening", kind=type(error.__cause__ or error).__name__)
            finally:
                await app.close_async()
            await self._rest(_AGAIN_S)

    def _new_app(self) -> App:
        connector = PsycopgConnector(
            kwargs=self._place.parameters() | {"application_name": APPLICATION},
            min_size=0,
            max_size=_CONNECTIONS,
            timeout=_CONNECT_S,
        )
        app = App(connector=connector)

        @app.task(name=TURN, queue=QUEUE)
        async def take_turns() -> None:
            if self._is_looking:  # for hours, perhaps: another worker is woken instead
                await app.configure_task(TURN, queue=QUEUE).defer_async()
            await self._tasks.create_task(self._take_turns())

        @app.periodic(cron=_CLEANED)
        @app.task(name="clean", queue=QUEUE, queueing_lock="clean")
        async def clean(timestamp: int) -> None:
            del timestamp
            for left in await app.job_manager.get_stalled_jobs(queue=QUEUE):
                await app.job_manager.finish_job(left, status=Status.FAILED, delete_job=True)

        del take_turns, clean  # the app knows them by name
        return app


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An entry that could not be put off when the server was away is removed as one of a killed worker."""
    del loop
    _log.warning("not_ended_in_queue", kind=type(context.get("exception")).__name__)
