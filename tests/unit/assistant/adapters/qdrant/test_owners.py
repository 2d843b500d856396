"""Which version a point belongs to: read once, and read again when it may have changed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from assistant.adapters.qdrant import owners
from assistant.adapters.qdrant.owners import Owners
from assistant.domain.ids import ChunkId, VersionId

ONE, TWO, GONE = (UUID(int=number) for number in range(3))


class Payloads:
    def __init__(self) -> None:
        self.held: dict[UUID, VersionId] = {ONE: VersionId("v1"), TWO: VersionId("v1")}
        self.asked: list[UUID] = []

    def read(self, point_ids: Sequence[UUID]) -> dict[UUID, VersionId]:
        self.asked += point_ids
        return {each: self.held[each] for each in point_ids if each in self.held}


def test_a_point_is_read_once_and_one_that_is_gone_left_out() -> None:
    payloads = Payloads()
    known = Owners(payloads.read)

    first = known.scored([(ONE, 0.9), (GONE, 0.5)])
    second = known.scored([(TWO, 0.8), (ONE, 0.4)])

    assert [(item.chunk_id, item.score, item.version_id) for item in first] == [
        (str(ONE), 0.9, "v1")
    ]
    assert [item.chunk_id for item in second] == [str(TWO), str(ONE)]
    assert payloads.asked == [ONE, GONE, TWO]


def test_a_point_written_again_is_read_again() -> None:
    payloads = Payloads()
    known = Owners(payloads.read)
    known.scored([(ONE, 0.9)])
    payloads.held[ONE] = VersionId("v2")

    known.forget([ChunkId(str(ONE))])

    assert known.scored([(ONE, 0.9)])[0].version_id == "v2"


def test_no_more_is_remembered_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "_MOST", 1)
    payloads = Payloads()
    known = Owners(payloads.read)

    for point_id in (ONE, TWO, ONE):
        assert known.scored([(point_id, 0.1)])

    assert payloads.asked == [ONE, TWO, ONE]
    assert [item.chunk_id for item in known.scored([(ONE, 0.2), (TWO, 0.1)])] == [
        str(ONE),
        str(TWO),
    ]
