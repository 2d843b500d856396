"""The runner on PostgreSQL: procrastinate wakes a worker, leases say what it may take."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import Status

from assistant.adapters.sql.postgresql import Postgresql, bounds
from assistant.adapters.sql.turn_queue import QUEUE, TURN

_log = structlog.get_logger(__name__)

APPLICATION = "assistant_turns"
"""By this name the server knows connections that wait to be told of turns."""
_LOOK_S = 5.0
_FETCH_S = 1.0
"""A notification that comes while procrastinate 3.10 ends a fetch is lost: it fetches again after this."""
_BUSY_S = 2.0
"""How long a statement of theirs waits for whoever holds a lock on their tables."""
_END_S = 5.0
"""How long procrastinate may take to end by itself, the turn under way included."""
_AGAIN_S = 1.0
"""Between two tries to listen while the server is away."""
_PIECE_S = 0.5
_CONNECTIONS = 2
"""Most in the pool; the listener has one more."""
_CONNECTION_S = 2.0
"""How long one of the pool is waited for: an end of the worker waits no longer for a server that is away."""
_CLEANED = "*/10 * * * *"
"""When entries of killed workers are removed. Without any periodic task, procrastinate 3.10 does not
notice that its listener has died (ADR 0029)."""


class ProcrastinateRunner:
    """Implements `JobRunner`: the transaction that queues a job adds an entry to procrastinate's queue.

    An entry only wakes: states, turns and leases are in our own tables, so one that is lost with its
    worker, or comes twice, changes nothing. A worker also looks by itself now and then: for jobs
    whose worker died, for tries whose time has come, and for what it could not be told. Without a
    connection to the queue it goes on looking, and is woken again when there is one.

    Args:
        place: The database.
        look_s: Time between two looks of one's own, in seconds.
        fetch_s: Time between two fetches of an entry while nothing is notified, in seconds.
    """

    is_shared = True

    def __init__(
        self, place: Postgresql, *, look_s: float = _LOOK_S, fetch_s: float = _FETCH_S
    ) -> None:
        self._place = place
        self._look_s = look_s
        self._fetch_s = fetch_s

    def run(self, turn: Callable[[], bool], *, stop: threading.Event) -> None:
        """Turn after turn, in one thread; when there was nothing, until woken or it is time to look."""
        with ThreadPoolExecutor(1, thread_name_prefix="turns") as thread:
            shift = _Shift(self._place, turn, stop=stop, thread=thread)
            asyncio.run(shift.work(look_s=self._look_s, fetch_s=self._fetch_s))


class _Shift:
    """One worker from its start until it is told to stop."""

    def __init__(
        self,
        place: Postgresql,
        turn: Callable[[], bool],
        *,
        stop: threading.Event,
        thread: ThreadPoolExecutor,
    ) -> None:
        self._place = place
        self._turn = turn
        self._stop = stop
        self._thread = thread
        self._is_looking = False
        """At work because of a look of its own, perhaps for hours."""
        self._tasks = asyncio.TaskGroup()
        """One that fails by a mistake of ours ends the shift, and is not taken for a failed entry."""

    async def work(self, *, look_s: float, fetch_s: float) -> None:
        """Look now and then, and be woken meanwhile."""
        asyncio.get_running_loop().set_exception_handler(_tell_of_entry_left)
        async with self._tasks:
            listening = self._tasks.create_task(self._listen(fetch_s))
            while not self._stop.is_set():
                self._is_looking = True
                await self._take_turns()
                self._is_looking = False
                await self._rest(look_s)
            listening.cancel()
            await asyncio.wait({listening}, timeout=_END_S)
            listening.cancel()  # it may wait for a lock, or for a server that says nothing

    async def _rest(self, seconds: float) -> None:
        """Until told to stop; by pieces, since a thread that waits cannot be cancelled."""
        until = time.monotonic() + seconds
        while not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            await asyncio.to_thread(self._stop.wait, min(_PIECE_S, left))

    async def _take_turns(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._take_all)

    def _take_all(self) -> None:
        while not self._stop.is_set() and self._turn():
            continue

    async def _listen(self, fetch_s: float) -> None:
        """Be a worker of procrastinate, again whenever the server was away."""
        task = asyncio.current_task()
        # an end that meets a server that is away raises the server's error, not its cancellation
        while not self._stop.is_set() and not (task and task.cancelling()):
            app = self._new_app()
            try:
                await app.open_async()
                await app.run_worker_async(
                    queues=[QUEUE],
                    delete_jobs="always",
                    fetch_job_polling_interval=fetch_s,
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
            timeout=_CONNECTION_S,
            configure=_bounded,
        )
        app = App(connector=connector)

        @app.task(name=TURN, queue=QUEUE)
        async def take_turns() -> None:
            if self._is_looking:
                with _told("turn_not_handed_on"):
                    await app.configure_task(TURN, queue=QUEUE).defer_async()
            await self._tasks.create_task(self._take_turns())

        @app.periodic(cron=_CLEANED)
        @app.task(name="clean", queue=QUEUE)
        async def clean(timestamp: int) -> None:
            del timestamp
            with _told("entries_not_cleaned"):
                for left in await app.job_manager.get_stalled_jobs(queue=QUEUE):
                    await app.job_manager.finish_job(left, status=Status.FAILED, delete_job=True)

        del take_turns, clean  # the app knows them by name
        return app


async def _bounded(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(bounds(_BUSY_S).encode())
    await connection.commit()


@contextmanager
def _told(what: str) -> Generator[None]:
    """Say what failed; a look, or the next cleaning, makes up for it."""
    try:
        yield
    except ConnectorException as error:
        _log.warning(what, kind=type(error.__cause__ or error).__name__)


def _tell_of_entry_left(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An entry that could not be deleted while the server was away is cleaned once its worker has ended."""
    if isinstance(context.get("exception"), ProcrastinateException):
        _log.warning("entry_left")
    else:
        loop.default_exception_handler(context)
