"""What wakes workers, against its contract: the loop on SQLite, procrastinate on PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.postgresql import Postgresql
from assistant.adapters.sql.procrastinate_runner import APPLICATION, ProcrastinateRunner
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.ports.running import JobRunner
from assistant.services.lease_loop import LeaseLoop
from assistant.testing.contracts.repositories_world import add_reader, store_job
from assistant.testing.contracts.runner import Hand, RunnerContract, running, until
from tests.databases import PostgresqlServer, migrated_file, postgresql_server

NO_LOOK_S = 300.0
"""Of a runner that is woken or does nothing."""
OF_RUNNERS = f"FROM pg_stat_activity WHERE application_name = '{APPLICATION}'"
DEAD = """
    WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat)
        VALUES (now() - interval '1 minute'), (now()) RETURNING id, last_heartbeat)
    INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id)
    SELECT 'turns', CASE WHEN last_heartbeat < now() THEN 'of the dead' ELSE 'of the living' END,
        'doing', id FROM dead
"""


class TestLeaseLoop(RunnerContract):
    @pytest.fixture
    def open_work(self, tmp_path: Path) -> Generator[UnitOfWorkFactory]:
        database = open_database(migrated_file(tmp_path / "assistant.sqlite3"), migrate=False)
        yield database.unit_of_work
        database.close()

    @pytest.fixture
    def new_runner(self) -> Callable[[], JobRunner]:
        return LeaseLoop


@pytest.fixture
def server_database(postgresql_url: str) -> Generator[Database]:
    database = open_database(Postgresql(postgresql_url), migrate=False)
    yield database
    database.close()


@pytest.fixture(scope="module")
def own_server() -> Generator[PostgresqlServer]:
    """One that no other test loses when it is stopped."""
    with postgresql_server() as server:
        server.keep_commits()
        yield server


class TestProcrastinateRunner(RunnerContract):
    @pytest.fixture
    def open_work(self, server_database: Database) -> UnitOfWorkFactory:
        return server_database.unit_of_work

    @pytest.fixture
    def new_runner(self, postgresql_url: str) -> Callable[[], JobRunner]:
        return lambda: ProcrastinateRunner(Postgresql(postgresql_url))

    @pytest.fixture
    def only_woken(self, postgresql_url: str) -> Callable[[], JobRunner]:
        return lambda: ProcrastinateRunner(Postgresql(postgresql_url), look_s=NO_LOOK_S)

    def test_it_takes_no_turn_while_nothing_is_said(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner]
    ) -> None:
        hand = Hand(open_work, "hand")
        with running(only_woken(), hand.turn):
            until(lambda: hand.turns > 0)
            time.sleep(2)

        assert hand.turns == 1

    def test_a_job_that_is_given_back_is_heard_of_once_that_is_committed(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner], postgresql_url: str
    ) -> None:
        reader = add_reader(open_work, "here")
        job, _ = store_job(open_work, reader)
        other = Hand(open_work, "other")
        hand = Hand(open_work, "hand")
        now = datetime.now(UTC)
        with open_work() as work:
            until_later = now + timedelta(seconds=100)
            assert work.queue.lease(owner=other.name, now=now, until=until_later)
            work.commit()
        with running(only_woken(), hand.turn):
            until(lambda: is_listening(postgresql_url) and is_idle(postgresql_url))
            before = hand.turns
            with open_work() as work:  # and not committed: nobody is told
                assert work.queue.release(job.id, owner=other.name, not_before=None)
            time.sleep(1)
            assert hand.turns == before
            with open_work() as work:
                assert work.queue.release(job.id, owner=other.name, not_before=None)
                work.commit()
            until(lambda: len(hand.taken) == 1)

    def test_a_job_that_waits_and_is_woken_is_heard_of(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner], postgresql_url: str
    ) -> None:
        job, _ = store_job(open_work, add_reader(open_work, "here"))
        now = datetime.now(UTC)
        later = now + timedelta(seconds=100)
        with open_work() as work:
            assert work.queue.lease(owner="other", now=now, until=later)
            assert work.queue.release(job.id, owner="other", not_before=later)
            work.commit()
        hand = Hand(open_work, "hand")
        with running(only_woken(), hand.turn):
            until(lambda: is_listening(postgresql_url) and is_idle(postgresql_url))
            assert hand.taken == []
            with open_work() as work:
                work.queue.wake(job.id)
                work.commit()
            until(lambda: len(hand.taken) == 1)

    def test_it_is_told_and_does_not_only_fetch(
        self, open_work: UnitOfWorkFactory, postgresql_url: str
    ) -> None:
        reader = add_reader(open_work, "here")
        hand = Hand(open_work, "hand")
        place = Postgresql(postgresql_url)
        runner = ProcrastinateRunner(place, look_s=NO_LOOK_S, fetch_s=NO_LOOK_S)
        with running(runner, hand.turn):
            # an entry of its own that it was not told of, as it was just fetching, may still wait
            until(lambda: is_listening(postgresql_url) and not is_at_work(postgresql_url))
            time.sleep(0.5)
            store_job(open_work, reader)
            until(lambda: len(hand.taken) == 1)

    def test_told_to_stop_while_somebody_locks_the_queue_it_ends(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner], postgresql_url: str
    ) -> None:
        add_reader(open_work, "here")
        with (
            psycopg.connect(postgresql_url) as connection,
            started(only_woken(), lambda: False) as (ended, stop),
        ):
            until(lambda: is_listening(postgresql_url))
            connection.execute("LOCK TABLE procrastinate_jobs, procrastinate_workers")
            time.sleep(1.5)
            stop.set()
            ended.result(timeout=15)

    def test_cut_off_from_the_server_it_listens_again(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner], postgresql_url: str
    ) -> None:
        reader = add_reader(open_work, "here")
        hand = Hand(open_work, "hand")
        with running(only_woken(), hand.turn):
            until(lambda: is_listening(postgresql_url))
            ended = set(ask(postgresql_url, f"SELECT pid {OF_RUNNERS}"))
            ask(postgresql_url, f"SELECT pg_terminate_backend(pid) {OF_RUNNERS}")
            until(lambda: not ended & set(ask(postgresql_url, f"SELECT pid {OF_RUNNERS}")))
            until(lambda: is_listening(postgresql_url))
            store_job(open_work, reader)
            until(lambda: len(hand.taken) == 1)

    @pytest.mark.parametrize("away_s", [0.0, 3.0], ids=["for a moment", "for a while"])
    def test_after_an_outage_of_the_server_it_is_woken_again(
        self, own_server: PostgresqlServer, away_s: float
    ) -> None:
        with own_server.new_database() as url:
            database = open_database(Postgresql(url), migrate=False)
            reader = add_reader(database.unit_of_work, "here")
            hand = Hand(database.unit_of_work, "hand")
            with running(ProcrastinateRunner(Postgresql(url), look_s=NO_LOOK_S), hand.turn):
                until(lambda: is_listening(url))
                with away(own_server):
                    time.sleep(away_s)
                until(lambda: is_listening(url))
                store_job(database.unit_of_work, reader)
                until(lambda: len(hand.taken) == 1)
            database.close()

    def test_told_to_stop_while_the_server_is_away_it_ends(
        self, own_server: PostgresqlServer
    ) -> None:
        with own_server.new_database() as url:
            runner = ProcrastinateRunner(Postgresql(url), look_s=NO_LOOK_S)
            with started(runner, lambda: False) as (ended, stop):
                until(lambda: is_listening(url))
                with away(own_server):
                    stop.set()
                    ended.result(timeout=15)

    def test_who_is_at_work_already_hands_one_on_and_has_room_for_no_more(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner], postgresql_url: str
    ) -> None:
        reader = add_reader(open_work, "here")
        statuses = "SELECT status FROM procrastinate_jobs WHERE task_name = 'turn' ORDER BY id"
        done = threading.Event()
        with running(only_woken(), lambda: done.wait() and False):
            try:
                until(lambda: is_listening(postgresql_url))
                store_job(open_work, reader)
                until(lambda: ask(postgresql_url, statuses) == [("doing",), ("todo",)])
                time.sleep(1)
                assert ask(postgresql_url, statuses) == [("doing",), ("todo",)]
            finally:
                done.set()
            until(lambda: is_idle(postgresql_url))

    @pytest.mark.parametrize("table", ["workers", "jobs, workers, periodic_defers, events"])
    def test_a_worker_that_was_taken_for_dead_works_on(
        self,
        open_work: UnitOfWorkFactory,
        only_woken: Callable[[], JobRunner],
        postgresql_url: str,
        table: str,
    ) -> None:
        reader = add_reader(open_work, "here")
        hand = Hand(open_work, "hand")
        with running(only_woken(), hand.turn):
            until(lambda: is_listening(postgresql_url) and is_idle(postgresql_url))
            for name in table.split(", "):
                with psycopg.connect(postgresql_url) as connection:
                    connection.execute(f"DELETE FROM procrastinate_{name}".encode())  # noqa: S608
            store_job(open_work, reader)
            until(lambda: len(hand.taken) == 1)

    def test_a_mistake_of_ours_ends_it_and_is_not_taken_for_a_failed_entry(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner], postgresql_url: str
    ) -> None:
        reader = add_reader(open_work, "here")
        turns = [False]
        with started(only_woken(), turns.pop) as (ended, _):
            until(lambda: is_listening(postgresql_url))
            store_job(open_work, reader)
            with pytest.raises(ExceptionGroup) as raised:
                ended.result(timeout=30)

        assert raised.group_contains(IndexError)

    def test_a_mistake_of_ours_ends_it_while_the_server_is_away(
        self, own_server: PostgresqlServer
    ) -> None:
        is_wrong = threading.Event()

        def turn() -> bool:
            if is_wrong.is_set():
                raise IndexError
            return False

        with (
            own_server.new_database() as url,
            started(ProcrastinateRunner(Postgresql(url), look_s=0.2), turn) as (ended, _),
        ):
            until(lambda: is_listening(url))
            with away(own_server):
                is_wrong.set()
                with pytest.raises(ExceptionGroup) as raised:
                    ended.result(timeout=30)

        assert raised.group_contains(IndexError)

    def test_entries_of_killed_workers_are_removed_and_no_others(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner], postgresql_url: str
    ) -> None:
        with psycopg.connect(postgresql_url) as connection:
            connection.execute(DEAD)
        left = "SELECT task_name FROM procrastinate_jobs"
        with running(only_woken(), Hand(open_work, "hand").turn):
            until(lambda: ask(postgresql_url, left) == [("of the living",)])

    def test_no_entry_is_left_once_all_is_done(
        self, open_work: UnitOfWorkFactory, only_woken: Callable[[], JobRunner], postgresql_url: str
    ) -> None:
        reader = add_reader(open_work, "here")
        hand = Hand(open_work, "hand")
        with running(only_woken(), hand.turn):
            for _ in range(20):
                store_job(open_work, reader)
            until(lambda: len(hand.taken) == 20 and is_idle(postgresql_url))

    def test_it_looks_by_itself_where_there_is_no_server(
        self, open_work: UnitOfWorkFactory
    ) -> None:
        hand = Hand(open_work, "hand")
        nowhere = Postgresql("postgresql://nobody@127.0.0.1:1/none")
        with running(ProcrastinateRunner(nowhere, look_s=0.2), hand.turn) as stop:
            until(lambda: hand.turns > 3)
            asked = time.monotonic()
            stop.set()
        assert time.monotonic() - asked < 5


@contextmanager
def started(
    runner: JobRunner, turn: Callable[[], bool]
) -> Generator[tuple[Future[None], threading.Event]]:
    """A runner that ends by itself, or is told to at the end of the block, and what tells it."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(runner.run, turn, stop=stop), stop
        finally:
            stop.set()


@contextmanager
def away(server: PostgresqlServer) -> Generator[None]:
    """A server that has crashed, until the end of the block."""
    server.crash()
    try:
        yield
    finally:
        server.start()


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def is_idle(url: str) -> bool:
    """No entry waits, and none is at work."""
    return not ask(url, "SELECT FROM procrastinate_jobs")


def is_at_work(url: str) -> bool:
    """Some entry is at work."""
    return bool(ask(url, "SELECT FROM procrastinate_jobs WHERE status = 'doing'"))


def is_listening(url: str) -> bool:
    """True for thirty seconds: then the listener asks whether the server is still there."""
    return len(ask(url, f"SELECT {OF_RUNNERS} AND query LIKE 'LISTEN%' AND state = 'idle'")) == 1
