# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What every job runner promises, with the queue: jobs get their turns, one at a time, again after a crash."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.ids import JobId
from assistant.domain.jobs import JobState
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.ports.running import JobRunner
from assistant.testing.contracts.repositories_world import Reader, add_reader, store_job

_PATIENCE_S = 30.0
_LEASE = timedelta(seconds=60)


class Hand:
    """A worker that only takes jobs, and notes which."""

    def __init__(self, open_work: UnitOfWorkFactory, name: str, *, holds_s: float = 0.0) -> None:
        self._open_work = open_work
        self.name = name
        self._holds_s = holds_s
        self.turns = 0
        self.taken: list[tuple[JobId, float, float]] = []
        """Jobs, and from when to when it had them."""

    def turn(self) -> bool:
        self.turns += 1
        now = datetime.now(UTC)
        with self._open_work() as work:
            job = work.queue.lease(owner=self.name, now=now, until=now + _LEASE)
            work.commit()
        if job is None:
            return False
        begun = time.monotonic()
        time.sleep(self._holds_s)
        ended = time.monotonic()
        with self._open_work() as work:
            work.queue.finish(job.id, state=JobState.SUCCEEDED, now=datetime.now(UTC))
            work.commit()
        self.taken.append((job.id, begun, ended))
        return True


@contextmanager
def running(runner: JobRunner, turn: Callable[[], bool]) -> Generator[threading.Event]:
    """Run a runner in a thread for the time of the block."""
    stop = threading.Event()
    thread = threading.Thread(target=runner.run, args=(turn,), kwargs={"stop": stop})
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(_PATIENCE_S)
        assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    """Wait for something, not for ever."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class RunnerContract:
    """Override `open_work` with an empty store, and `new_runner` with what wakes workers on it."""

    @pytest.fixture
    def open_work(self) -> UnitOfWorkFactory:
        """Opens units of work over one empty store."""
        raise NotImplementedError

    @pytest.fixture
    def new_runner(self) -> Callable[[], JobRunner]:
        """Makes a runner as another process would."""
        raise NotImplementedError

    @pytest.fixture
    def reader(self, open_work: UnitOfWorkFactory) -> Reader:
        return add_reader(open_work, "here")

    def test_a_job_queued_before_the_start_has_its_turn(
        self, open_work: UnitOfWorkFactory, new_runner: Callable[[], JobRunner], reader: Reader
    ) -> None:
        job, _ = store_job(open_work, reader)
        hand = Hand(open_work, "hand")

        with running(new_runner(), hand.turn):
            until(lambda: [taken for taken, _, _ in hand.taken] == [job.id])

    def test_a_job_queued_while_nothing_is_to_do_has_its_turn_at_once(
        self, open_work: UnitOfWorkFactory, new_runner: Callable[[], JobRunner], reader: Reader
    ) -> None:
        hand = Hand(open_work, "hand")
        with running(new_runner(), hand.turn):
            until(lambda: hand.turns > 0)
            time.sleep(1)
            queued = time.monotonic()
            store_job(open_work, reader)
            until(lambda: bool(hand.taken))

        assert hand.taken[0][1] - queued < 3

    def test_each_job_is_had_by_one_worker_at_a_time(
        self, open_work: UnitOfWorkFactory, new_runner: Callable[[], JobRunner], reader: Reader
    ) -> None:
        hands = [Hand(open_work, name, holds_s=0.05) for name in ("left", "right")]
        with running(new_runner(), hands[0].turn), running(new_runner(), hands[1].turn):
            jobs = [store_job(open_work, reader)[0] for _ in range(8)]
            until(lambda: sum(len(hand.taken) for hand in hands) == len(jobs))

        taken = [job_id for hand in hands for job_id, _, _ in hand.taken]
        assert sorted(taken) == sorted(job.id for job in jobs)

    def test_a_job_whose_worker_died_has_another_turn(
        self, open_work: UnitOfWorkFactory, new_runner: Callable[[], JobRunner], reader: Reader
    ) -> None:
        job, _ = store_job(open_work, reader)
        now = datetime.now(UTC)
        with open_work() as work:
            assert work.queue.lease(owner="dead", now=now, until=now + timedelta(seconds=2))
            work.commit()
        hand = Hand(open_work, "alive")

        with running(new_runner(), hand.turn):
            until(lambda: [taken for taken, _, _ in hand.taken] == [job.id])

    def test_told_to_stop_it_does_not_wait_for_a_job(
        self, open_work: UnitOfWorkFactory, new_runner: Callable[[], JobRunner]
    ) -> None:
        hand = Hand(open_work, "hand")
        with running(new_runner(), hand.turn) as stop:
            until(lambda: hand.turns > 0)
            asked = time.monotonic()
            stop.set()
        assert time.monotonic() - asked < 5
