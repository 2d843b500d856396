"""The head of the chain: noted on the first look of each day, at the end, and compared with the chain."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from assistant.adapters.sql.audit_tables import audit_entries
from assistant.domain.audit import Act
from assistant.domain.audit_chain import Head
from assistant.domain.errors import StorageError
from assistant.ports.audit import NotedHeads
from assistant.services.audit_heads import HeadKeeper
from assistant.services.audit_log import AuditLog
from assistant.services.audit_reading import verify
from assistant.testing.clock import FrozenClock
from tests.house import House
from tests.unit.assistant.services.organisations import KeptAudit

DAY_S = 24 * 3600


class MemoryHeadSink:
    """Implements `HeadSink` in a list; fails while told so."""

    def __init__(self) -> None:
        self.heads: list[Head] = []
        self.fails = False

    def append(self, head: Head) -> None:
        if self.fails:
            raise StorageError("heads_unwritable")
        self.heads.append(head)

    def noted(self) -> NotedHeads:
        return NotedHeads(tuple(self.heads))


@pytest.fixture
def sink() -> MemoryHeadSink:
    return MemoryHeadSink()


@pytest.fixture
def log(house: House, sink: MemoryHeadSink) -> AuditLog:
    return AuditLog(house.open_work, house.clock, spare=KeptAudit(), sink=sink)


def act(log: AuditLog, house: House) -> None:
    by = house.principal
    log.trail.record(Act.SIGNED_IN, by=by, tenant_id=by.tenant_id, subject="s-1")


def numbers(sink: MemoryHeadSink) -> list[int]:
    return [head.number for head in sink.heads]


def test_nothing_is_noted_of_an_empty_chain(log: AuditLog, sink: MemoryHeadSink) -> None:
    log.keeper.look()

    assert not log.keeper.note(at_end=True)
    assert sink.heads == []


def test_the_first_look_of_each_day_notes_the_head(
    log: AuditLog, sink: MemoryHeadSink, house: House
) -> None:
    act(log, house)
    log.keeper.look()
    act(log, house)
    log.keeper.look()
    assert numbers(sink) == [1]

    house.clock.advance(DAY_S)
    log.keeper.look()
    log.keeper.look()
    assert numbers(sink) == [1, 2]

    house.clock.advance(DAY_S)
    log.keeper.look()
    assert numbers(sink) == [1, 2, 2]
    assert [head.time[:10] for head in sink.heads] == ["2026-01-02", "2026-01-03", "2026-01-04"]
    assert verify(house.open_work, heads=sink.heads).is_whole


def test_the_end_notes_what_is_new_and_nothing_twice(
    log: AuditLog, sink: MemoryHeadSink, house: House
) -> None:
    act(log, house)
    log.keeper.look()
    assert not log.keeper.note(at_end=True)
    act(log, house)

    assert log.keeper.note(at_end=True)
    assert not log.keeper.note(at_end=True)
    assert numbers(sink) == [1, 2]


def test_the_thread_looks_by_itself_and_stops_with_counts_and_head(
    sink: MemoryHeadSink, house: House
) -> None:
    log = AuditLog(house.open_work, house.clock, spare=KeptAudit(), sink=sink)
    keeper = HeadKeeper(house.open_work, house.clock, sink=sink, counts=log.trail, every_s=0.01)
    act(log, house)
    keeper.start()
    keeper.start()
    deadline = time.monotonic() + 20
    while not sink.heads:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    house.clock.advance(DAY_S)
    while len(sink.heads) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for _ in range(3):
        log.refused("forbidden", status=403, by=house.principal)

    keeper.stop()
    keeper.stop()

    with house.open_work() as work:
        last = work.audit.last()
    assert last is not None
    assert last.facts["count"] == 2
    assert sink.heads[-1].hash == last.hash
    assert numbers(sink) == [1, 1, 3]


def test_a_keeper_that_was_not_started_notes_nothing(
    log: AuditLog, sink: MemoryHeadSink, house: House
) -> None:
    act(log, house)

    log.keeper.stop()

    assert sink.heads == []


@pytest.mark.usefixtures("default_logs")
def test_a_sink_that_fails_is_logged_and_tried_again(
    log: AuditLog, sink: MemoryHeadSink, house: House
) -> None:
    act(log, house)
    sink.fails = True
    with capture_logs() as told:
        log.keeper.look()
    sink.fails = False
    log.keeper.look()

    assert [each["event"] for each in told] == ["audit_head_not_noted"]
    assert numbers(sink) == [1]


@pytest.mark.usefixtures("default_logs")
def test_an_end_cut_off_is_told_at_the_next_head_even_when_others_follow(
    log: AuditLog, sink: MemoryHeadSink, house: House
) -> None:
    for _ in range(3):
        act(log, house)
    log.keeper.look()
    with house.database.engine.begin() as connection:
        connection.execute(audit_entries.delete().where(audit_entries.c.number > 1))
    for _ in range(4):
        act(log, house)
    house.clock.advance(DAY_S)

    with capture_logs() as told:
        log.keeper.look()

    assert [each["event"] for each in told] == ["audit_chain_broken", "audit_head"]
    verdict = verify(house.open_work, heads=sink.heads)
    assert verdict.fault is None
    assert verdict.lost_heads == (sink.heads[0],)


def test_a_clock_set_back_notes_no_head_twice_a_day(
    log: AuditLog, sink: MemoryHeadSink, house: House
) -> None:
    act(log, house)
    sink.heads.append(Head("2026-01-09T00:00:00.000000Z", 1, "a"))
    assert isinstance(house.clock, FrozenClock)

    log.keeper.look()

    assert sink.heads == [replace(sink.heads[0])]
