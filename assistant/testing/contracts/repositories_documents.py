# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What document repositories promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from assistant.domain.documents import (
    Document,
    DocumentCounts,
    DocumentState,
    ListFilter,
    Reason,
    VersionState,
)
from assistant.domain.errors import Conflict, NotFound, StorageError
from assistant.domain.ids import DocumentId
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    RepositoryContract,
    World,
    make_document,
    sha,
    store_live,
    store_ready,
)
from ingest.model import DocumentKind, FileFormat, Notice


class DocumentContract(RepositoryContract):
    """Promises of `DocumentRepository`."""

    def test_keeps_every_field(self, open_work: UnitOfWorkFactory, world: World) -> None:
        document = replace(
            make_document(world.here),
            state=DocumentState.FAILED,
            title="Règlement",
            format=FileFormat.ODT,
            kind=DocumentKind.REGLEMENT,
            date=NOON.date(),
            page_count=7,
            notices=(Notice.NO_TITLE, Notice.NEARLY_EMPTY),
            reason=Reason("parser_timeout", {"seconds": 30.5, "engine": "é"}),
        )
        with open_work() as work:
            work.documents.add(document)
            work.commit()

        with open_work() as work:
            assert work.documents.find(document.id, scope=world.here.scope) == document

    def test_a_name_is_taken_once_in_its_source(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first = make_document(world.here)
        twin = replace(first, id=DocumentId("twin"))
        elsewhere = replace(first, id=DocumentId("elsewhere"), source="/srv/actes")
        with open_work() as work:
            work.documents.add(first)
            work.documents.add(elsewhere)
            work.commit()

        with open_work() as work, pytest.raises(Conflict):
            work.documents.add(twin)

    def test_a_deleted_name_is_free_again(self, open_work: UnitOfWorkFactory, world: World) -> None:
        stored = store_live(open_work, world.here)
        with open_work() as work:
            work.documents.delete(stored.document.id, scope=world.here.scope, now=NOON)
            work.documents.add(replace(stored.document, id=DocumentId("again")))
            work.commit()

        with open_work() as work:
            found = work.documents.list_of_source(
                "upload", collection_id=world.here.collection_id, scope=world.here.scope
            )
        assert [document.id for document in found] == ["again"]

    def test_finds_by_name(self, open_work: UnitOfWorkFactory, world: World) -> None:
        document = make_document(world.here)
        with open_work() as work:
            work.documents.add(document)
            work.commit()

        with open_work() as work:
            find = partial(
                work.documents.find_named,
                collection_id=world.here.collection_id,
                scope=world.here.scope,
            )
            assert find(document.name, source="upload") == document
            assert find("autre.pdf", source="upload") is None
            assert find(document.name, source="autre") is None

    def test_update_leaves_what_is_live(self, open_work: UnitOfWorkFactory, world: World) -> None:
        stored = store_live(open_work, world.here)
        failed = replace(
            stored.document,
            state=DocumentState.LIVE,
            reason=Reason("file_damaged", {}),
            sha256="ab" * 32,
        )
        with open_work() as work:
            work.documents.update(failed)
            work.commit()

        with open_work() as work:
            found = work.documents.find(failed.id, scope=world.here.scope)
        assert found == replace(failed, live_version_id=stored.version.id, chunk_count=1)

    def test_update_of_a_deleted_document_is_refused(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        with open_work() as work:
            work.documents.delete(stored.document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work, pytest.raises(NotFound):
            work.documents.update(stored.document)

    def test_update_never_overwrites_what_came_between(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        with open_work() as late, open_work() as early:
            read = _found(late.documents.find(stored.document.id, scope=world.here.scope))
            early.documents.update(replace(read, title="Autre titre"))
            early.commit()

            with pytest.raises(StorageError) as raised:
                late.documents.update(replace(read, size_bytes=1))
        assert raised.value.code == "database_locked"

    def test_pages_are_by_name_and_filtered(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        names = ["B.pdf", "Été 100%.pdf", "a_b.pdf", "axb.pdf"]
        with open_work() as work:
            for name in names:
                work.documents.add(make_document(world.here, name=name))
            work.commit()

        def page(contains: str, *, limit: int = 10, offset: int = 0) -> list[str]:
            with open_work() as work:
                found = work.documents.list_page(
                    scope=world.here.scope,
                    wanted=ListFilter(state=DocumentState.PENDING, name_contains=contains),
                    limit=limit,
                    offset=offset,
                )
            return [document.name for document in found]

        assert page("") == sorted(names)
        assert page("", limit=2, offset=1) == sorted(names)[1:3]
        assert page("ÉTÉ 100%") == ["Été 100%.pdf"]
        assert page("a_b") == ["a_b.pdf"]

    def test_pages_hold_one_state(self, open_work: UnitOfWorkFactory, world: World) -> None:
        stored = store_live(open_work, world.here)
        with open_work() as work:
            work.documents.add(make_document(world.here, name="b"))
            work.commit()

        with open_work() as work:
            found = work.documents.list_page(
                scope=world.here.scope,
                wanted=ListFilter(state=DocumentState.LIVE),
                limit=9,
                offset=0,
            )
        assert [document.id for document in found] == [stored.document.id]

    def test_names_are_those_of_what_can_be_found(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        second, first, gone = (store_live(open_work, world.here, name=n) for n in ("b", "a", "c"))
        store_live(open_work, world.there, name="foreign")
        with open_work() as work:
            work.documents.add(make_document(world.here, name="pending"))
            work.documents.delete(gone.document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work:
            assert work.documents.list_names(scope=world.here.scope) == [
                ("a", first.version.title),
                ("b", second.version.title),
            ]
            assert work.documents.list_names(scope=world.nobody) == []

    def test_counts(self, open_work: UnitOfWorkFactory, world: World) -> None:
        store_live(open_work, world.here, name="a", texts=("un", "deux"))
        store_live(open_work, world.here, name="b", texts=("trois",))
        failed = replace(make_document(world.here, name="c"), state=DocumentState.FAILED)
        with open_work() as work:
            work.documents.add(failed)
            work.documents.add(make_document(world.here, name="d"))
            work.commit()

        with open_work() as work:
            counts = work.documents.counts(scope=world.here.scope)
        assert counts == DocumentCounts(pending=1, live=2, failed=1, chunks=3)

    def test_live_versions_tell_what_is_served(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        store_ready(open_work, stored.document)
        waiting = make_document(world.here, name="waiting")
        with open_work() as work:
            work.documents.add(waiting)
            work.commit()

        with open_work() as work:
            asked = [stored.document.id, waiting.id, DocumentId("unknown")]
            found = work.documents.live_versions(asked * 400, scope=world.here.scope)
        assert found == {stored.document.id: replace(stored.version, state=VersionState.LIVE)}

    def test_contents_are_held_by_whoever_has_them(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        newer = sha("newer")
        with open_work() as work:
            work.documents.update(replace(stored.document, sha256=newer))
            work.commit()

        asked = [stored.version.sha256, newer, sha("unknown")] * 400
        scopes = (world.here.scope, world.both, world.there.scope, world.nobody, world.crossed)
        with open_work() as work:
            held = [work.documents.held_contents(asked, scope=scope) for scope in scopes]
            having = [work.documents.list_of_contents(asked, scope=scope) for scope in scopes]
            assert work.documents.held_contents([], scope=world.here.scope) == frozenset()
        own = frozenset({stored.version.sha256, newer})
        assert held == [own, own, frozenset(), frozenset(), frozenset()]
        ids = [[each.id for each in found] for found in having]
        assert ids == [[stored.document.id], [stored.document.id], [], [], []]

    def test_contents_of_a_deleted_document_are_not_held(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        with open_work() as work:
            work.documents.delete(stored.document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work:
            asked = [stored.version.sha256]
            assert work.documents.held_contents(asked, scope=world.here.scope) == frozenset()

    def test_a_locked_unit_reads_the_newest_state_and_keeps_it(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        scope = world.here.scope
        with open_work() as late:
            assert late.documents.find(stored.document.id, scope=scope)
            with open_work() as early:
                early.documents.delete(stored.document.id, scope=scope, now=NOON)
                early.commit()
            late.lock()

            asked = [stored.version.sha256]
            assert late.documents.held_contents(asked, scope=scope) == frozenset()

    def test_a_deleted_document_is_gone_from_every_read(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        scope = world.here.scope
        with open_work() as work:
            work.documents.delete(stored.document.id, scope=scope, now=NOON)
            work.commit()

        with open_work() as work:
            document_id = stored.document.id
            assert work.documents.find(document_id, scope=scope) is None
            assert work.documents.live_versions([document_id], scope=scope) == {}
            assert work.documents.counts(scope=scope) == DocumentCounts(0, 0, 0, 0)
            assert work.chunks.find_live(stored.chunk_ids, scope=scope) == {}
            assert work.chunks.section_around(stored.chunk_ids[0], scope=scope, radius=1) == []
            assert work.ledger.retired_versions(limit=9) == [stored.version.id]
            with pytest.raises(NotFound):
                work.documents.delete(document_id, scope=scope, now=NOON)

    def test_a_waiting_version_of_a_deleted_document_never_shows(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        document = make_document(world.here)
        with open_work() as work:
            work.documents.add(document)
            work.commit()
        stored = store_ready(open_work, document)
        with open_work() as work:
            work.documents.delete(document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work:
            later = NOON + timedelta(hours=1)
            assert not work.ledger.make_live(stored.version.id, now=later)
            assert work.ledger.ready_versions(limit=9) == []
            with pytest.raises(NotFound):
                work.ledger.add_version(stored.version, [])


def _found(document: Document | None) -> Document:
    assert document is not None
    return document
