# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repository of vectors and the index ledger promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import Document, DocumentState, Reason
from assistant.domain.errors import Conflict
from assistant.domain.ids import VersionId, new_id
from assistant.domain.jobs import ItemState
from assistant.domain.retrieval import EmbedderIdentity
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    EMBEDDER,
    NOON,
    RepositoryContract,
    World,
    make_chunks,
    make_document,
    make_version,
    sha,
    store_job,
    store_live,
    store_ready,
)
from ingest.model import Chunk

LATER = NOON + timedelta(hours=1)


class VectorContract(RepositoryContract):
    """Promises of `VectorRepository`."""

    def test_keeps_a_vector_per_embedder_and_text(self, open_work: UnitOfWorkFactory) -> None:
        other = EmbedderIdentity(id="other", dimensions=4)
        with open_work() as work:
            work.vectors.add({"a": (1.0, 0.0, 0.0, 0.0), "b": [0.5] * 4}, embedder=EMBEDDER)
            work.vectors.add({"a": (0.0, 1.0, 0.0, 0.0)}, embedder=other)
            work.commit()

        with open_work() as work:
            found = work.vectors.find(["a", "b", "c"], embedder_id=EMBEDDER.id)
            others = work.vectors.find(["a", "b"], embedder_id="other")
        assert {key: list(vector) for key, vector in found.items()} == {
            "a": [1.0, 0.0, 0.0, 0.0],
            "b": [0.5] * 4,
        }
        assert {key: list(vector) for key, vector in others.items()} == {"a": [0.0, 1.0, 0.0, 0.0]}

    def test_what_is_kept_stays(self, open_work: UnitOfWorkFactory) -> None:
        with open_work() as work:
            work.vectors.add({"a": [0.5] * 4}, embedder=EMBEDDER)
            work.vectors.add({"a": [1.0, 0.0, 0.0, 0.0], "b": [0.5] * 4}, embedder=EMBEDDER)
            work.vectors.add({}, embedder=EMBEDDER)

            found = work.vectors.find(["a", "b"], embedder_id=EMBEDDER.id)
        assert [list(found[key]) for key in "ab"] == [[0.5] * 4] * 2

    def test_finds_many(self, open_work: UnitOfWorkFactory) -> None:
        vectors = {str(number): [0.25 * (number % 8)] * 4 for number in range(1200)}
        with open_work() as work:
            work.vectors.add(vectors, embedder=EMBEDDER)
            found = work.vectors.find([*vectors, *vectors], embedder_id=EMBEDDER.id)
        assert {key: list(vector) for key, vector in found.items()} == vectors

    def test_a_wrong_length_is_refused(self, open_work: UnitOfWorkFactory) -> None:
        with open_work() as work, pytest.raises(ValueError, match="4 dimensions"):
            work.vectors.add({"a": [0.5] * 3}, embedder=EMBEDDER)


class LedgerContract(RepositoryContract):
    """Promises of `IndexLedger`."""

    @pytest.fixture
    def document(self, open_work: UnitOfWorkFactory, world: World) -> Document:
        """A document that was never read."""
        document = make_document(world.here)
        with open_work() as work:
            work.documents.add(document)
            work.commit()
        return document

    def test_ready_versions_wait_oldest_first(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        documents = [make_document(world.here, name=name) for name in "cab"]
        with open_work() as work:
            for document in documents:
                work.documents.add(document)
            work.commit()
        versions = [store_ready(open_work, document).version for document in documents]

        with open_work() as work:
            assert work.ledger.ready_versions(limit=2) == versions[:2]

    def test_a_newer_ready_version_replaces_the_older(
        self, open_work: UnitOfWorkFactory, document: Document
    ) -> None:
        older = store_ready(open_work, document).version
        newer = store_ready(open_work, document).version

        with open_work() as work:
            assert work.ledger.ready_versions(limit=9) == [newer]
            assert work.ledger.retired_versions(limit=9) == [older.id]
            assert not work.ledger.make_live(older.id, now=LATER)

    def test_points_are_in_order_with_their_embedded_text(
        self, open_work: UnitOfWorkFactory, document: Document
    ) -> None:
        stored = store_ready(open_work, document, texts=("un", "deux"))

        with open_work() as work:
            points = work.ledger.points_of(stored.version.id, embedder_id=EMBEDDER.id, cut=ORDINARY)
            texts = work.ledger.texts_of(stored.version.id, ORDINARY)
        expected = [
            Chunk(new.ordinal, new.text, new.locator, new.tokens).embedded_text(
                title=stored.version.title
            )
            for new in stored.chunks
        ]
        assert document.name == "actes/délibération.pdf"
        assert [point.text for point in points] == [f"{text}\nactes" for text in expected]
        assert texts == {sha(text): text for text in expected}
        assert [point.chunk_id for point in points] == stored.chunk_ids
        assert [list(point.vector) for point in points] == [[0.5] * 4] * 2
        point = points[0]
        owner = (point.tenant_id, point.collection_id, point.document_id, point.version_id)
        assert owner == (
            document.tenant_id,
            document.collection_id,
            document.id,
            stored.version.id,
        )

    def test_vectors_of_no_version_are_swept_page_by_page(
        self, open_work: UnitOfWorkFactory, document: Document
    ) -> None:
        version = store_ready(open_work, document).version
        older, younger = _unheld(open_work, count=7), _unheld(open_work, count=3)
        with open_work() as work:
            upto = work.vectors.last_number() - 3 * 2

        after, calls = "", 1
        while after := _sweep(open_work, after=after, upto=upto):
            calls += 1

        with open_work() as work:
            found = work.vectors.find([*older, *younger], embedder_id=EMBEDDER.id)
            assert set(found) == set(younger)
            assert work.ledger.points_of(version.id, embedder_id=EMBEDDER.id, cut=ORDINARY)
        assert calls > 2

    def test_vectors_of_some_texts_are_forgotten_unless_a_version_holds_them(
        self, open_work: UnitOfWorkFactory, document: Document
    ) -> None:
        stored = store_ready(open_work, document)
        held = [chunk.embedded_hash for chunk in stored.chunks]
        first, second = _unheld(open_work, count=2)
        with open_work() as work:
            assert work.vectors.forget_unused([]) == 0
            assert work.vectors.forget_unused([*held, first, "unknown"]) == 2
            work.commit()

        with open_work() as work:
            found = work.vectors.find([*held, first, second], embedder_id=EMBEDDER.id)
        assert set(found) == {*held, second}

    def test_points_need_every_vector(
        self, open_work: UnitOfWorkFactory, document: Document
    ) -> None:
        version = store_ready(open_work, document).version

        with open_work() as work, pytest.raises(Conflict) as raised:
            work.ledger.points_of(version.id, embedder_id="other", cut=ORDINARY)
        assert raised.value.code == "vectors_missing"

    def test_a_refused_version_leaves_what_is_live(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        old = store_live(open_work, world.here)
        new = store_ready(open_work, old.document, texts=("Nouveau texte",))
        reason = Reason("index_refused", {})
        with open_work() as work:
            assert work.ledger.refuse_version(new.version.id, reason=reason, now=LATER)
            assert not work.ledger.refuse_version(new.version.id, reason=reason, now=LATER)
            assert not work.ledger.make_live(new.version.id, now=LATER)
            work.commit()

        with open_work() as work:
            found = work.documents.find(old.document.id, scope=world.here.scope)
            assert work.ledger.live_versions(ORDINARY) == {old.version.id: 1}
            assert work.ledger.retired_versions(limit=9) == [new.version.id]
        assert found is not None
        assert (found.state, found.reason) == (DocumentState.LIVE, reason)

    def test_a_refused_first_version_fails_its_document(
        self, open_work: UnitOfWorkFactory, document: Document, world: World
    ) -> None:
        version = store_ready(open_work, document).version
        reason = Reason("index_refused", {})
        with open_work() as work:
            assert work.ledger.refuse_version(version.id, reason=reason, now=LATER)
            work.commit()

        with open_work() as work:
            found = work.documents.find(document.id, scope=world.here.scope)
        assert found is not None
        assert (found.state, found.reason) == (DocumentState.FAILED, reason)

    def test_making_live_keeps_why_a_newer_attempt_failed(
        self, open_work: UnitOfWorkFactory, document: Document, world: World
    ) -> None:
        version = store_ready(open_work, document).version
        newer = Reason("file_too_large", {"limit_mb": 50, "size_mb": 80})
        with open_work() as work:
            work.documents.update(replace(document, reason=newer, updated_at=LATER))
            work.commit()
        with open_work() as work:
            assert work.ledger.make_live(version.id, now=LATER)
            work.commit()

        with open_work() as work:
            found = work.documents.find(document.id, scope=world.here.scope)
        assert found is not None
        assert (found.state, found.reason) == (DocumentState.LIVE, newer)

    def test_making_live_tells_the_document(
        self, open_work: UnitOfWorkFactory, document: Document, world: World
    ) -> None:
        with open_work() as work:
            work.documents.update(replace(document, reason=Reason("file_damaged", {})))
            work.commit()
        stored = store_ready(open_work, document, texts=("un", "deux"))
        version = stored.version
        with open_work() as work:
            assert work.ledger.make_live(version.id, now=LATER)
            assert not work.ledger.make_live(version.id, now=LATER)
            work.commit()

        with open_work() as work:
            found = work.documents.find(document.id, scope=world.here.scope)
            assert work.ledger.live_versions(ORDINARY) == {version.id: 2}
        assert found == replace(
            document,
            state=DocumentState.LIVE,
            updated_at=LATER,
            title=version.title,
            format=version.format,
            kind=version.kind,
            date=version.date,
            page_count=version.page_count,
            notices=version.notices,
            chunk_count=2,
            live_version_id=version.id,
        )

    def test_the_predecessor_is_retired_then_forgotten(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        old = store_live(open_work, world.here, texts=("commun", "ancien"))
        new = store_ready(open_work, old.document, texts=("commun", "nouveau"))
        with open_work() as work:
            work.ledger.make_live(new.version.id, now=LATER)
            work.commit()
        with open_work() as work:
            assert work.ledger.retired_versions(limit=9) == [old.version.id]
            work.ledger.forget_version(old.version.id)
            work.ledger.forget_version(old.version.id)
            work.commit()

        with open_work() as work:
            kept = {chunk.embedded_hash for chunk in new.chunks}
            hashes = [*kept, *(chunk.embedded_hash for chunk in old.chunks)]
            assert work.vectors.find(hashes, embedder_id=EMBEDDER.id).keys() == kept
            assert work.ledger.retired_versions(limit=9) == []
            assert work.ledger.texts_of(old.version.id, ORDINARY) == {}

    def test_only_a_retired_version_is_forgotten(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)

        with open_work() as work:
            work.ledger.forget_version(VersionId("unknown"))
            with pytest.raises(Conflict):
                work.ledger.forget_version(stored.version.id)

    def test_a_version_belongs_where_its_document_does(
        self, open_work: UnitOfWorkFactory, document: Document, world: World
    ) -> None:
        moved = replace(
            make_version(document),
            tenant_id=world.there.tenant_id,
            collection_id=world.there.collection_id,
        )
        with open_work() as work, pytest.raises(Conflict):
            work.ledger.add_version(moved, make_chunks(moved))

    def test_a_file_is_unused_once_nothing_refers_to_it(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        sha256 = stored.document.sha256

        def unused() -> list[str]:
            with open_work() as work:
                return work.ledger.unused_files(limit=9)

        assert unused() == []
        with open_work() as work:
            work.documents.delete(stored.document.id, scope=world.here.scope, now=NOON)
            work.commit()
        assert unused() == []
        with open_work() as work:
            work.ledger.forget_version(stored.version.id)
            work.commit()
        assert unused() == [sha256]
        with open_work() as work:
            work.ledger.forget_file(sha256)
            work.commit()
        assert unused() == []

    def test_a_noted_content_is_unused_until_something_refers_to_it(
        self, open_work: UnitOfWorkFactory, document: Document
    ) -> None:
        with open_work() as work:
            work.ledger.note_files(["cd" * 32, document.sha256])
            work.ledger.note_files(["cd" * 32])
            work.commit()

        with open_work() as work:
            assert work.ledger.unused_files(limit=9) == ["cd" * 32]

    def test_a_replaced_content_is_unused(
        self, open_work: UnitOfWorkFactory, document: Document
    ) -> None:
        with open_work() as work:
            work.documents.update(replace(document, sha256="cd" * 32))
            work.commit()

        with open_work() as work:
            assert work.ledger.unused_files(limit=9) == [document.sha256]

    def test_an_open_item_keeps_its_file(self, open_work: UnitOfWorkFactory, world: World) -> None:
        _, items = store_job(open_work, world.here, states=[ItemState.AWAITING_FILE])
        with open_work() as work:
            assert work.ledger.unused_files(limit=9) == []
            work.queue.update_item(replace(items[0], state=ItemState.CANCELLED))
            work.commit()

        with open_work() as work:
            assert work.ledger.unused_files(limit=9) == [items[0].sha256]

    def test_names_the_index_in_use(self, open_work: UnitOfWorkFactory) -> None:
        with open_work() as work:
            assert work.ledger.active_index() is None
            work.ledger.set_active_index("a")
            work.ledger.set_active_index("b")
            work.commit()

        with open_work() as work:
            assert work.ledger.active_index() == "b"


_OTHER = EmbedderIdentity(id="other", dimensions=4)


def _unheld(open_work: UnitOfWorkFactory, *, count: int) -> list[str]:
    """Texts with vectors of two embedders, which no version holds."""
    hashes = [new_id() for _ in range(count)]
    with open_work() as work:
        for embedder in (EMBEDDER, _OTHER):
            work.vectors.add(dict.fromkeys(hashes, [0.5] * 4), embedder=embedder)
        work.commit()
    return hashes


def _sweep(open_work: UnitOfWorkFactory, *, after: str, upto: int) -> str:
    with open_work() as work:
        last = work.vectors.sweep(after=after, upto=upto, limit=4)
        work.commit()
    return last
