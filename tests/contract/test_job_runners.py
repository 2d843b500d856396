"""What wakes workers, against its contract: the loop on SQLite, LISTEN and NOTIFY on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.listening import ListeningRunner
from assistant.adapters.sql.postgresql import Postgresql
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.ports.running import JobRunner
from assistant.services.lease_loop import LeaseLoop
from assistant.testing.contracts.repositories_world import add_reader, store_job
from assistant.testing.contracts.runner import Hand, RunnerContract, running, until
from tests.databases import migrated_file

OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"


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


class TestListeningRunner(RunnerContract):
    @pytest.fixture
    def open_work(self, server_database: Database) -> UnitOfWorkFactory:
        return server_database.unit_of_work

    @pytest.fixture
    def new_runner(self, postgresql_url: str) -> Callable[[], JobRunner]:
        return lambda: ListeningRunner(Postgresql(postgresql_url))

    def test_it_asks_the_database_nothing_while_nothing_is_said(
        self, open_work: UnitOfWorkFactory, postgresql_url: str
    ) -> None:
        hand = Hand(open_work, "hand")
        runner = ListeningRunner(Postgresql(postgresql_url), look_s=30)
        with running(runner, hand.turn):
            until(lambda: hand.turns > 0)
            time.sleep(2)

        assert hand.turns == 1

    def test_a_job_that_is_woken_or_given_back_is_heard_of(
        self, open_work: UnitOfWorkFactory, postgresql_url: str
    ) -> None:
        reader = add_reader(open_work, "here")
        job, _ = store_job(open_work, reader)
        other = Hand(open_work, "other")
        hand = Hand(open_work, "hand")
        runner = ListeningRunner(Postgresql(postgresql_url), look_s=30)
        now = datetime.now(UTC)
        with open_work() as work:
            until_later = now + timedelta(seconds=100)
            assert work.queue.lease(owner=other.name, now=now, until=until_later)
            work.commit()
        with running(runner, hand.turn):
            until(lambda: hand.turns > 0)
            with open_work() as work:
                assert work.queue.release(job.id, owner=other.name, not_before=None)
                work.commit()
            until(lambda: len(hand.taken) == 1)

    def test_cut_off_from_the_server_it_listens_again(
        self, open_work: UnitOfWorkFactory, postgresql_url: str
    ) -> None:
        reader = add_reader(open_work, "here")
        hand = Hand(open_work, "hand")
        runner = ListeningRunner(Postgresql(postgresql_url), look_s=1)
        with running(runner, hand.turn):
            until(lambda: hand.turns > 0)
            with psycopg.connect(postgresql_url, autocommit=True) as connection:
                assert connection.execute(OTHERS).fetchall()
            time.sleep(1.5)
            store_job(open_work, reader)
            until(lambda: len(hand.taken) == 1)
