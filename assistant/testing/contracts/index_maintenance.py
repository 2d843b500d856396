# ruff: noqa: S101 - a test suite that ships with the product
"""What every `ChunkIndex` promises to whoever keeps it in order; inherited beside `ChunkIndexContract`."""

from __future__ import annotations

import pytest

from assistant.domain.ids import ChunkId, VersionId
from assistant.ports.index import ChunkIndex
from assistant.testing.contracts.index import ALL, ids_of, make_point, uuid_of


class IndexMaintenanceContract:
    """Points walked, looked up and removed one by one."""

    def test_every_point_is_walked_once_in_order(self, index: ChunkIndex) -> None:
        """Whatever the page; what a point says of itself is what it was given."""
        assert [list(page) for page in index.iter_points(page=2)] == [[]]
        points = [make_point(n, text="eau", version=f"v{n % 2}") for n in range(5)]
        head = make_point(9, text="eau", tenant="t2", collection="c2", whole=("eau",))
        index.upsert([head, *points])

        for size in (1, 2, 6, 7):
            walked = [point for page in index.iter_points(page=size) for point in page]
            assert [point.chunk_id for point in walked] == [
                uuid_of(number) for number in (0, 1, 2, 3, 4, 9)
            ]
        assert [point.is_head for point in walked] == [False] * 5 + [True]
        last = walked[-1]
        assert (last.tenant_id, last.collection_id, last.document_id, last.version_id) == (
            head.tenant_id,
            head.collection_id,
            head.document_id,
            head.version_id,
        )
        assert all(point.is_granted for point in walked)
        wanted = [ChunkId(uuid_of(number)) for number in (9, 3, 77)]
        assert index.find_points(wanted) == {each.chunk_id: each for each in (last, walked[3])}

    def test_single_points_are_removed(self, index: ChunkIndex) -> None:
        """The others of the version stay; what is not there is no error."""
        index.upsert([make_point(n, text="eau") for n in range(3)])
        index.remove_points([ChunkId(uuid_of(1)), ChunkId(uuid_of(8))])
        index.remove_points([])
        assert ids_of(index.search_lexical("eau", scope=ALL, limit=9)) == [uuid_of(0), uuid_of(2)]
        assert index.held_versions() == {VersionId("v1"): 2}

    def test_maintenance_calls_are_bounded(self, index: ChunkIndex) -> None:
        """A call of the engine holds everybody up."""
        with pytest.raises(ValueError, match="200"):
            index.remove_points([ChunkId(uuid_of(n)) for n in range(201)])
        with pytest.raises(ValueError, match="1000"):
            index.find_points([ChunkId(uuid_of(n)) for n in range(1001)])
