# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What repositories promise of corrected and of excluded documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from assistant.domain.corrections import CorrectedFields, Correction, Exclusion
from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import DocumentCounts, ListFilter, VersionState
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import DocumentId
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.testing.contracts.repositories_links import make_reading
from assistant.testing.contracts.repositories_world import (
    EMBEDDER,
    NOON,
    Reader,
    RepositoryContract,
    Stored,
    World,
    make_document,
    make_version,
    sha,
    store_job,
    store_live,
    store_ready,
)
from ingest.model import DocumentKind, FileFormat, Quality, Suspicion

TITLED = CorrectedFields(title="Règlement des aides")
ALL = CorrectedFields("Règlement des aides", DocumentKind.REGLEMENT, date(2025, 1, 31))


def correct(
    open_work: UnitOfWorkFactory,
    document_id: DocumentId,
    fields: CorrectedFields,
    *,
    reader: Reader,
    revision: int = 1,
) -> bool:
    """Keep a correction; whether some version was embedded with another title."""
    with open_work() as work:
        correction = Correction(fields, revision, reader.person_id, NOON)
        is_outdated = work.curation.correct(document_id, correction, scope=reader.scope)
        work.commit()
    return is_outdated


def exclude(open_work: UnitOfWorkFactory, stored: Stored, *, reader: Reader) -> None:
    """Exclude a document."""
    with open_work() as work:
        exclusion = Exclusion(by=reader.person_id, at=NOON)
        work.curation.exclude([stored.document.id], exclusion=exclusion, scope=reader.scope)
        work.commit()


Read = Callable[[UnitOfWork, Stored, Reader], object]
READS: dict[str, Read] = {
    "document": lambda w, s, r: w.documents.find(s.document.id, scope=r.scope),
    "page": lambda w, s, r: w.documents.list_page(scope=r.scope, limit=9, offset=0),
    "page of excluded": lambda w, s, r: w.documents.list_page(
        scope=r.scope, wanted=ListFilter(is_excluded=True), limit=9, offset=0
    ),
    "names": lambda w, s, r: w.documents.list_names(scope=r.scope),
    "counts": lambda w, s, r: w.documents.counts(scope=r.scope) != DocumentCounts(0, 0, 0, 0),
    "live version": lambda w, s, r: w.documents.live_versions([s.document.id], scope=r.scope),
    "chunk": lambda w, s, r: w.chunks.find_live(s.chunk_ids, scope=r.scope),
    "ids of chunks": lambda w, s, r: w.chunks.live_ids(s.chunk_ids, scope=r.scope),
    "section": lambda w, s, r: w.chunks.section_around(s.chunk_ids[0], scope=r.scope, radius=1),
    "chunks": lambda w, s, r: w.chunks.list_of_document(
        s.document.id, scope=r.scope, limit=9, offset=0
    ),
    "text": lambda w, s, r: w.chunks.find_text(s.document.id, text=s.chunks[0].text, scope=r.scope),
    "headings": lambda w, s, r: w.chunks.sample_headings(scope=r.scope, limit=9),
}
"""Every way to a document or its text that a reader has."""


class CurationContract(RepositoryContract):
    """Promises of `CurationRepository`, and of every read of what it changed."""

    def test_a_correction_holds_in_every_read(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        scope = world.here.scope

        correct(open_work, stored.document.id, ALL, reader=world.here)

        with open_work() as work:
            document = work.documents.find(stored.document.id, scope=scope)
            assert document is not None
            assert (document.title, document.kind, document.date) == (ALL.title, ALL.kind, ALL.date)
            assert document.correction == Correction(ALL, 1, world.here.person_id, NOON)
            (chunk,) = work.chunks.find_live(stored.chunk_ids, scope=scope).values()
            assert (chunk.title, chunk.kind, chunk.date) == (ALL.title, ALL.kind, ALL.date)
            assert work.documents.list_names(scope=scope) == [(document.name, ALL.title)]
            version = work.documents.live_versions([document.id], scope=scope)[document.id]
            assert (version.title, version.date) == (stored.version.title, stored.version.date)

    def test_an_excluded_document_is_erased_like_any_other(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        exclude(open_work, stored, reader=world.here)

        with open_work() as work:
            work.documents.erase(stored.document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work:
            scope = world.here.scope
            assert work.documents.find(stored.document.id, scope=scope, managed=scope) is None
            assert work.ledger.retired_versions(limit=9) == [stored.version.id]

    def test_a_correction_outlives_a_new_version(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        correct(open_work, stored.document.id, ALL, reader=world.here)

        newer = store_ready(open_work, stored.document)
        with open_work() as work:
            assert work.ledger.make_live(newer.version.id, now=NOON + timedelta(hours=1))
            work.commit()

        with open_work() as work:
            document = work.documents.find(stored.document.id, scope=world.here.scope)
        assert document is not None
        assert document.live_version_id == newer.version.id
        assert (document.title, document.kind, document.date) == (ALL.title, ALL.kind, ALL.date)

    def test_what_is_taken_back_is_as_it_was_read(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        undated = CorrectedFields(is_undated=True)
        correct(open_work, stored.document.id, undated, reader=world.here)
        with open_work() as work:
            document = work.documents.find(stored.document.id, scope=world.here.scope)
        assert document is not None
        assert document.date is None

        correct(open_work, stored.document.id, CorrectedFields(), reader=world.here, revision=2)

        with open_work() as work:
            document = work.documents.find(stored.document.id, scope=world.here.scope)
        assert document is not None
        read = stored.version
        assert (document.title, document.kind, document.date) == (read.title, read.kind, read.date)

    @pytest.mark.parametrize("revision", [0, 2, 3])
    def test_of_two_corrections_of_one_state_the_later_is_refused(
        self, open_work: UnitOfWorkFactory, world: World, revision: int
    ) -> None:
        stored = store_live(open_work, world.here)
        with pytest.raises(Conflict) as raised:
            correct(open_work, stored.document.id, TITLED, reader=world.here, revision=revision)
        assert raised.value.code == "correction_outdated"

        correct(open_work, stored.document.id, TITLED, reader=world.here)
        with pytest.raises(Conflict):
            correct(open_work, stored.document.id, ALL, reader=world.here)

    def test_another_title_asks_for_a_new_reading(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        same = replace(TITLED, title=stored.version.title)
        document_id = stored.document.id
        dated = CorrectedFields(date=date(2025, 1, 31))
        assert not correct(open_work, document_id, dated, reader=world.here)
        assert not correct(open_work, document_id, same, reader=world.here, revision=2)
        with open_work() as work:
            version = work.documents.live_versions([document_id], scope=world.here.scope)
        assert version[document_id].fingerprint == stored.version.fingerprint

        assert correct(open_work, document_id, TITLED, reader=world.here, revision=3)

        with open_work() as work:
            version = work.documents.live_versions([document_id], scope=world.here.scope)
        assert version[document_id].fingerprint == ""

    def test_a_version_is_searched_by_the_title_it_was_embedded_with(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        titled = "Règlement des aides"
        version = replace(stored.version, searched_title=titled)
        with open_work() as work:
            work.ledger.add_version(replace(version, id="titled"), [])  # type: ignore[arg-type]
            work.commit()
        correct(open_work, stored.document.id, TITLED, reader=world.here)

        with open_work() as work:
            (point,) = work.ledger.points_of(
                stored.version.id, embedder_id=EMBEDDER.id, cut=ORDINARY
            )
            assert titled not in point.text
            assert stored.version.title in point.text
            assert work.ledger.make_live("titled", now=NOON)  # type: ignore[arg-type]
            found = work.documents.live_versions([stored.document.id], scope=world.here.scope)
        kept = found[stored.document.id]
        assert (kept.searched_title, kept.title) == (titled, stored.version.title)

    def test_an_excluded_document_is_in_no_read(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        with open_work() as work:
            assert [name for name, read in READS.items() if not read(work, stored, world.here)] == [
                "page of excluded"
            ]

        exclude(open_work, stored, reader=world.here)

        with open_work() as work:
            seen = [name for name, read in READS.items() if read(work, stored, world.here)]
        assert seen == []

    def test_an_excluded_document_is_seen_where_it_is_managed(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        store_live(open_work, world.here, name="b.pdf")
        exclude(open_work, stored, reader=world.here)
        scope, document_id = world.here.scope, stored.document.id

        with open_work() as work:
            found = work.documents.find(document_id, scope=scope, managed=scope)
            assert found is not None
            assert found.exclusion == Exclusion(by=world.here.person_id, at=NOON)
            counts = work.documents.counts(scope=scope, managed=scope)
            assert counts == DocumentCounts(0, 1, 0, 1, excluded=1)
            assert work.documents.live_versions([document_id], scope=scope, managed=scope)
            chunks = work.chunks.list_of_document(
                document_id, scope=scope, limit=9, offset=0, managed=scope
            )
            assert [each.id for each in chunks] == stored.chunk_ids
            for managed in (world.there.scope, world.nobody, world.crossed):
                assert work.documents.find(document_id, scope=world.both, managed=managed) is None
                assert work.documents.counts(scope=world.both, managed=managed).excluded == 0

    @pytest.mark.parametrize("with_traces", [True, False])
    def test_an_excluded_document_can_be_deleted_and_erased(
        self, open_work: UnitOfWorkFactory, world: World, *, with_traces: bool
    ) -> None:
        stored = store_live(open_work, world.here)
        exclude(open_work, stored, reader=world.here)
        scope = world.here.scope

        with open_work() as work:
            remove = work.documents.erase if with_traces else work.documents.delete
            remove(stored.document.id, scope=scope, now=NOON)
            work.commit()

        with open_work() as work:
            assert work.documents.find(stored.document.id, scope=scope, managed=scope) is None

    def test_an_excluded_document_comes_back_whole(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        exclude(open_work, stored, reader=world.here)
        newer = store_ready(open_work, stored.document, texts=("Le nouveau texte.",))
        with open_work() as work:
            assert work.ledger.make_live(newer.version.id, now=NOON + timedelta(hours=1))
            work.commit()
        with open_work() as work:
            ids = [*stored.chunk_ids, *newer.chunk_ids]
            assert work.chunks.find_live(ids, scope=world.here.scope) == {}
            again = work.curation.exclude(
                [stored.document.id], exclusion=None, scope=world.here.scope
            )
            assert [each.id for each in again] == [stored.document.id]
            work.commit()

        with open_work() as work:
            assert [*work.chunks.find_live(ids, scope=world.here.scope)] == newer.chunk_ids
            assert not work.curation.exclude(
                [stored.document.id], exclusion=None, scope=world.here.scope
            )

    def test_an_excluded_document_is_nobodys_successor(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        exclude(open_work, stored, reader=world.here)
        with open_work() as work:
            everybody = [stored.document.id, DocumentId("unknown")] * 400
            found = work.curation.excluded_among(everybody, scope=world.here.scope)
            assert found == {stored.document.id}
            for scope in (world.there.scope, world.nobody, world.crossed):
                assert work.curation.excluded_among(everybody, scope=scope) == frozenset()

    @pytest.mark.parametrize("stranger", ["there", "nobody", "crossed"])
    def test_strangers_change_nothing(
        self, open_work: UnitOfWorkFactory, world: World, stranger: str
    ) -> None:
        own, foreign = store_live(open_work, world.here), store_live(open_work, world.there)
        scopes = {"there": world.there.scope, "nobody": world.nobody, "crossed": world.crossed}
        reader = Reader(scopes[stranger])
        with pytest.raises(NotFound):
            correct(open_work, own.document.id, ALL, reader=reader)
        with pytest.raises(NotFound):
            exclude(open_work, own, reader=reader)
        with open_work() as work, pytest.raises(NotFound):
            work.curation.exclude(
                [foreign.document.id, own.document.id],
                exclusion=Exclusion(by=world.there.person_id, at=NOON),
                scope=world.there.scope,
            )

        with open_work() as work:
            assert work.curation.history(own.document.id, scope=reader.scope) == []
            for each, whose in ((own, world.here), (foreign, world.there)):
                document = work.documents.find(each.document.id, scope=whose.scope)
                assert document is not None
                assert (document.title, document.correction) == (each.version.title, None)

    def test_history_tells_each_version_and_its_job(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here)
        newer = store_ready(open_work, stored.document, texts=("Un.", "Deux."))
        job, (item,) = store_job(open_work, world.here)
        with open_work() as work:
            told = replace(item, document_id=stored.document.id, version_id=newer.version.id)
            work.jobs.update_item(told)
            work.commit()

        with open_work() as work:
            latest, first = work.curation.history(stored.document.id, scope=world.here.scope)
        assert (latest.version.id, latest.version.state) == (newer.version.id, VersionState.READY)
        assert (latest.chunk_count, latest.number) == (2, 1)
        assert (latest.job_id, latest.asked_by) == (job.id, world.here.person_id)
        assert (first.version.state, first.chunk_count) == (VersionState.LIVE, 1)
        assert (first.number, first.job_id, first.asked_by) == (None, None, None)

    def test_lists_are_filtered_and_ordered(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        undated = make_document(world.here, name="a")
        old = replace(make_document(world.here, name="b"), date=date(2020, 1, 1))
        new = replace(
            make_document(world.here, name="c"), date=date(2024, 1, 1), format=FileFormat.ODT
        )
        with open_work() as work:
            for each in (undated, old, new):
                work.documents.add(replace(each, sha256=sha(each.name)))
            work.commit()
        noticed = store_live(open_work, world.here, name="d").document
        _store_suspect(open_work, world.here, name="e", suspicions=(Suspicion("Ignore.", 1),))
        _store_suspect(open_work, world.here, name="f", suspicions=())

        def names(wanted: ListFilter) -> list[str]:
            with open_work() as work:
                found = work.documents.list_page(
                    scope=world.here.scope, wanted=wanted, limit=9, offset=0
                )
            return [each.name for each in found]

        assert names(ListFilter(by_date=True)) == ["d", "e", "f", "c", "b", "a"]
        assert names(ListFilter(format=FileFormat.ODT)) == ["c"]
        assert names(ListFilter(has_problems=True)) == [noticed.name, "e"]


def _store_suspect(
    open_work: UnitOfWorkFactory,
    reader: Reader,
    *,
    name: str,
    suspicions: tuple[Suspicion, ...],
) -> None:
    """A live document that was read whole, perhaps with words that look like orders."""
    document = make_document(reader, name=name)
    version = replace(make_version(document), notices=())
    reading = replace(
        make_reading(Stored(document, version, [])), quality=Quality(suspicions=suspicions)
    )
    with open_work() as work:
        work.documents.add(document)
        work.ledger.add_version(version, [])
        work.links.add_reading(reading, scope=reader.scope)
        assert work.ledger.make_live(version.id, now=NOON)
        work.commit()
