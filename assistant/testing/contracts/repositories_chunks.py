# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repository of chunks promises."""

from __future__ import annotations

from datetime import timedelta

from assistant.domain.documents import SourceChunk
from assistant.domain.ids import ChunkId
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    SAME_TEXT,
    RepositoryContract,
    World,
    store_live,
    store_ready,
)

LATER = NOON + timedelta(hours=1)


class ChunkContract(RepositoryContract):
    """Promises of `ChunkRepository`."""

    def test_finds_a_live_chunk_with_its_document(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        version, chunk = stored.version, stored.chunks[0]

        with open_work() as work:
            asked = [chunk.id, chunk.id, ChunkId("unknown")]
            found = work.chunks.find_live(asked, scope=world.here.scope)
        assert found == {
            chunk.id: SourceChunk(
                id=chunk.id,
                document_id=stored.document.id,
                version_id=version.id,
                tenant_id=world.here.tenant_id,
                collection_id=world.here.collection_id,
                ordinal=0,
                text=SAME_TEXT,
                locator=chunk.locator,
                tokens=12,
                file=stored.document.name,
                title=version.title,
                kind=version.kind,
                date=version.date,
                format=version.format,
            )
        }

    def test_finds_many(self, open_work: UnitOfWorkFactory, world: World) -> None:
        texts = [f"Article {number}" for number in range(1200)]
        stored = store_live(open_work, world.here, texts=texts)

        with open_work() as work:
            found = work.chunks.find_live(stored.chunk_ids, scope=world.here.scope)
        assert [found[chunk_id].text for chunk_id in stored.chunk_ids] == texts

    def test_a_version_that_waits_is_not_read(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        old = store_live(open_work, world.here)
        new = store_ready(open_work, old.document, texts=("Nouveau texte",))

        with open_work() as work:
            ids = [*old.chunk_ids, *new.chunk_ids]
            assert [*work.chunks.find_live(ids, scope=world.here.scope)] == old.chunk_ids

    def test_a_new_version_replaces_the_old_in_one_step(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        old = store_live(open_work, world.here)
        new = store_ready(open_work, old.document, texts=("Nouveau texte",))
        ids = [*old.chunk_ids, *new.chunk_ids]

        with open_work() as reader, open_work() as work:
            assert [*reader.chunks.find_live(ids, scope=world.here.scope)] == old.chunk_ids
            assert work.ledger.make_live(new.version.id, now=LATER)
            work.commit()
        with open_work() as work:
            assert [*work.chunks.find_live(ids, scope=world.here.scope)] == new.chunk_ids
            assert work.chunks.live_ids(ids, scope=world.here.scope) == {*new.chunk_ids}

    def test_section_is_in_order_and_ends_at_its_document(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_live(open_work, world.here, name="autre", texts=("x", "y"))
        stored = store_live(open_work, world.here, texts=("a", "b", "c", "d"))

        def around(place: int, radius: int) -> list[str]:
            with open_work() as work:
                chunk_id = stored.chunk_ids[place]
                found = work.chunks.section_around(chunk_id, scope=world.here.scope, radius=radius)
            return [chunk.text for chunk in found]

        assert around(1, 1) == ["a", "b", "c"]
        assert around(3, 2) == ["b", "c", "d"]
        assert around(0, 0) == ["a"]

    def test_lists_a_document_by_pages(self, open_work: UnitOfWorkFactory, world: World) -> None:
        stored = store_live(open_work, world.here, texts=("a", "b", "c", "d"))

        with open_work() as work:
            found = work.chunks.list_of_document(
                stored.document.id, scope=world.here.scope, limit=2, offset=1
            )
        assert [chunk.text for chunk in found] == ["b", "c"]

    def test_headings_are_one_a_document(self, open_work: UnitOfWorkFactory, world: World) -> None:
        stored = [
            store_live(open_work, world.here, name=name, texts=(name, "suite")) for name in "abc"
        ]
        expected = sorted((each.document.id, each.document.name) for each in stored)

        with open_work() as work:
            found = work.chunks.sample_headings(scope=world.here.scope, limit=2)
        assert [(chunk.document_id, chunk.text) for chunk in found] == expected[:2]
