# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repository of cuts promises, and what the others do with several cuts of one version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.documents import Document
from assistant.domain.errors import Conflict
from assistant.domain.generations import GenerationState
from assistant.domain.ids import DocumentId, VersionId
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.tenancy import Scope
from assistant.ports.cuts import VersionMark
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_generations import make_generation
from assistant.testing.contracts.repositories_world import (
    EMBEDDER,
    NOON,
    RepositoryContract,
    Stored,
    World,
    make_chunks,
    make_document,
    store_live,
    store_ready,
)

_LONG = Cut(400)
_TEXTS = ("Un texte.", "Deux.", "Trois.")


class CutContract(RepositoryContract):
    """Promises of `CutRepository`."""

    def test_tells_what_is_still_to_be_cut(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        live = store_live(open_work, world.here, texts=_TEXTS)
        other = make_document(world.there, name="b")
        with open_work() as work:
            work.documents.add(other)
            work.commit()
        ready = store_ready(open_work, other)

        with open_work() as work:
            found = work.cuts.uncut(_LONG, limit=9)
            assert [each.version for each in found][1:] == [ready.version]
            assert [(each.version.id, each.name) for each in found] == [
                (live.version.id, live.document.name),
                (ready.version.id, other.name),
            ]
            assert work.cuts.count_uncut(_LONG) == 2
            assert [each.version.id for each in work.cuts.uncut(_LONG, limit=1)] == [
                live.version.id
            ]
            assert work.cuts.uncut(ORDINARY, limit=9) == []

    def test_a_version_is_cut_once(self, open_work: UnitOfWorkFactory, world: World) -> None:
        stored = store_live(open_work, world.here, texts=_TEXTS)
        assert _cut(open_work, stored, "Un texte. Deux. Trois.")
        assert not _cut(open_work, stored, "Autre.")

        with open_work() as work:
            assert work.cuts.count_uncut(_LONG) == 0
            texts = work.ledger.texts_of(stored.version.id, _LONG)
            assert len(texts) == 1
            assert work.ledger.live_versions(_LONG) == {stored.version.id: 1}
            assert work.ledger.live_versions(ORDINARY) == {stored.version.id: 3}
            assert work.generations.count_chunks(_LONG) == 1
            assert work.cuts.lengths(ORDINARY) == [(3, 36)]
            assert work.cuts.lengths(_LONG) == [(1, 12)]
            assert work.generations.missing(EMBEDDER.id).texts == 0
            assert work.generations.missing(EMBEDDER.id, _LONG).texts == 1

    def test_what_is_gone_is_not_cut(self, open_work: UnitOfWorkFactory, world: World) -> None:
        stored = store_live(open_work, world.here)
        with open_work() as work:
            work.documents.delete(stored.document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work:
            assert work.cuts.uncut(_LONG, limit=9) == []
        assert not _cut(open_work, stored, "Un texte.")
        with open_work() as work:
            assert not work.cuts.copy(stored.version.id, cut=_LONG)

    def test_points_tell_that_a_version_is_still_to_be_cut(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here, texts=_TEXTS)
        empty = store_live(open_work, world.here, name="vide", texts=())
        with open_work() as work:
            assert work.ledger.live_versions(_LONG) == {stored.version.id: 1, empty.version.id: 0}
            assert work.ledger.points_of(empty.version.id, embedder_id="e", cut=_LONG) == []
            with pytest.raises(Conflict) as caught:
                work.ledger.points_of(stored.version.id, embedder_id=EMBEDDER.id, cut=_LONG)
            assert caught.value.code == "cut_missing"

    def test_passages_are_taken_over_as_they_are(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here, texts=_TEXTS)
        with open_work() as work:
            assert work.cuts.copy(stored.version.id, cut=_LONG)
            assert not work.cuts.copy(stored.version.id, cut=_LONG)
            work.commit()

        with open_work() as work:
            own = work.ledger.points_of(stored.version.id, embedder_id=EMBEDDER.id, cut=ORDINARY)
            taken = work.ledger.points_of(stored.version.id, embedder_id=EMBEDDER.id, cut=_LONG)
        assert [each.text for each in taken] == [each.text for each in own]
        assert not {each.chunk_id for each in taken} & {each.chunk_id for each in own}

    def test_people_see_the_passages_of_the_searched_generation(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here, texts=_TEXTS)
        _cut(open_work, stored, "Un texte. Deux. Trois.")
        scope = world.here.scope
        assert _texts(open_work, stored.document.id, scope) == list(_TEXTS)
        _search(open_work, _LONG)

        assert _texts(open_work, stored.document.id, scope) == ["Un texte. Deux. Trois."]
        with open_work() as work:
            assert work.cuts.active() == _LONG
            former = stored.chunk_ids[1]
            around = work.chunks.section_around(former, scope=scope, radius=1)
            assert [each.text for each in around] == list(_TEXTS)
            assert set(work.chunks.find_live([former], scope=scope)) == {former}
            assert work.chunks.find_text(stored.document.id, text=_TEXTS[0], scope=scope) is None
            heading = work.chunks.sample_headings(scope=scope, limit=3)
            assert [each.text for each in heading] == ["Un texte. Deux. Trois."]
            (version,) = work.curation.history(stored.document.id, scope=scope)
            assert version.chunk_count == 1

    def test_documents_are_counted_anew(self, open_work: UnitOfWorkFactory, world: World) -> None:
        found = [store_live(open_work, world.here, name=name, texts=_TEXTS) for name in "abc"]
        for each in found:
            _cut(open_work, each, "Un texte. Deux. Trois.")
        _search(open_work, _LONG)

        last, calls = "", 0
        with open_work() as work:
            while last := work.cuts.recount(after=last, limit=2):
                calls += 1
            work.commit()

        assert calls == 1
        with open_work() as work:
            for each in found:
                document = work.documents.find(each.document.id, scope=world.here.scope)
                assert document is not None
                assert document.chunk_count == 1

    def test_a_cut_is_forgotten_few_at_a_time(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        found = [store_live(open_work, world.here, name=name, texts=_TEXTS) for name in "abc"]
        for each in found:
            _cut(open_work, each, f"Tout de {each.document.name}.")
        with open_work() as work:
            last, ids = "", sorted(each.version.id for each in found)
            last = work.cuts.forget(_LONG, after=last, limit=2)
            assert last == ids[1]
            assert work.cuts.count_uncut(_LONG) == 2
            assert work.cuts.forget(_LONG, after=last, limit=2) == ""
            work.commit()

        with open_work() as work:
            assert work.cuts.count_uncut(_LONG) == 3
            assert work.ledger.live_versions(ORDINARY) == {each.version.id: 3 for each in found}

    def test_no_version_is_left_without_passages(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_live(open_work, world.here, texts=_TEXTS)
        with open_work() as work:
            assert work.cuts.forget(ORDINARY, after="", limit=9) == ""
        _search(open_work, _LONG)
        with open_work() as work:
            assert work.cuts.forget(ORDINARY, after="", limit=9) == ""
            assert work.cuts.count_uncut(ORDINARY) == 0

    def test_vectors_of_texts_that_others_search_stay(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here, texts=_TEXTS)
        _cut(open_work, stored, "Un texte. Deux. Trois.")
        with open_work() as work:
            longer = work.ledger.texts_of(stored.version.id, _LONG)
            work.vectors.add(dict.fromkeys(longer, (0.5,) * 4), embedder=EMBEDDER)
            others = EmbedderIdentity("other", 4)
            work.vectors.add(dict.fromkeys(longer, (0.5,) * 4), embedder=others)
            last = ""
            while last := work.generations.forget_vectors(
                EMBEDDER.id, after=last, limit=2, but=[ORDINARY]
            ):
                continue
            assert set(work.vectors.find([*longer], embedder_id="other")) == {*longer}
            assert work.generations.missing(EMBEDDER.id).texts == 0
            assert work.generations.missing(EMBEDDER.id, _LONG).texts == 1

    def test_versions_up_to_a_mark_are_passed_over(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        with open_work() as work:
            assert work.cuts.settled_version() is None
        live = store_live(open_work, world.here, name="a", texts=_TEXTS)
        ready = store_ready(open_work, _document(open_work, world, "b"), texts=_TEXTS)
        younger = store_live(open_work, world.here, name="c", texts=_TEXTS)
        with open_work() as work:
            mark = work.cuts.settled_version()
            assert mark is not None
            assert mark.version_id == live.version.id
            work.ledger.make_live(ready.version.id, now=NOON)
            last = work.cuts.settled_version()
            assert last is not None
            assert last.version_id == younger.version.id

        everyone = {live.version.id, ready.version.id, younger.version.id}
        assert _lacking(open_work, None) == everyone
        assert _lacking(open_work, mark) == everyone - {live.version.id}
        assert _lacking(open_work, last) == set()
        gone = replace(last, version_id=live.version.id)
        assert _lacking(open_work, gone) == everyone

    def test_the_points_of_a_cut_are_expected_and_owned(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here, texts=_TEXTS)
        _cut(open_work, stored, "Un texte. Deux. Trois.")
        with open_work() as work:
            (expected,) = work.reconciliation.expected_points(
                embedder_id=EMBEDDER.id, cut=_LONG, after=0, limit=9
            )
            chunk_id = expected.point.chunk_id
            assert set(work.reconciliation.owners_of([chunk_id], _LONG)) == {chunk_id}
            assert work.reconciliation.owners_of([chunk_id]) == {}
            assert chunk_id not in stored.chunk_ids


def _cut(open_work: UnitOfWorkFactory, stored: Stored, *texts: str) -> bool:
    with open_work() as work:
        chunks = make_chunks(stored.version, texts=texts)
        is_cut = work.cuts.add(stored.version.id, chunks, cut=_LONG)
        work.commit()
    return is_cut


def _search(open_work: UnitOfWorkFactory, cut: Cut) -> None:
    made = make_generation(1, state=GenerationState.ACTIVE)
    with open_work() as work:
        work.generations.add(replace(made, composition=replace(made.composition, cut=cut)))
        work.commit()


def _texts(open_work: UnitOfWorkFactory, document_id: DocumentId, scope: Scope) -> Sequence[str]:
    with open_work() as work:
        found = work.chunks.list_of_document(document_id, scope=scope, limit=99, offset=0)
    return [each.text for each in found]


def _lacking(open_work: UnitOfWorkFactory, since: VersionMark | None) -> set[VersionId]:
    """What lacks vectors of another embedder; it is what is not cut so, too."""
    with open_work() as work:
        missing = work.generations.missing("other", since=since).versions
        uncut = work.cuts.uncut(_LONG, limit=9, since=since)
    assert {each.version.id for each in uncut} == set(missing)
    return set(missing)


def _document(open_work: UnitOfWorkFactory, world: World, name: str) -> Document:
    document = make_document(world.here, name=name)
    with open_work() as work:
        work.documents.add(document)
        work.commit()
    return document
