# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repositories of sources promise, to their administrators and to the machinery."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import PersonId, SourceId, SourceRunId, new_id
from assistant.domain.sources import (
    ErasedFile,
    Finding,
    Rhythm,
    RunKind,
    RunOutcome,
    RunState,
    Schedule,
    Source,
    SourceFile,
    SourceKind,
    SourceRun,
    erased_digest,
)
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    Reader,
    RepositoryContract,
    World,
    make_document,
)

LATER = NOON + timedelta(seconds=30)


def make_source(reader: Reader, *, name: str = "Délibérations") -> Source:
    """A source of a WebDAV server, with all that it may have but a password."""
    return Source(
        id=SourceId(new_id()),
        tenant_id=reader.tenant_id,
        collection_id=reader.collection_id,
        kind=SourceKind.WEBDAV,
        name=name,
        address="https://nuage.exemple.fr/dav/Actes",
        created_by=reader.person_id,
        created_at=NOON,
        user="lecture",
        include=("*.pdf",),
        exclude=("brouillons/*",),
        schedule=Schedule(Rhythm.WEEKLY, time(6, 45), 4),
        removal_percent=30,
        next_run_at=LATER,
    )


def make_run(source: Source, *, state: RunState = RunState.QUEUED) -> SourceRun:
    """A run that a person asked for."""
    return SourceRun(
        id=SourceRunId(new_id()),
        source_id=source.id,
        tenant_id=source.tenant_id,
        kind=RunKind.SYNC,
        state=state,
        asked_by=source.created_by,
        asked_at=NOON,
        approved_removal="abc",
    )


def store_source(
    open_work: UnitOfWorkFactory, reader: Reader, *, name: str = "Délibérations", sealed: str = ""
) -> Source:
    """Keep a source."""
    source = make_source(reader, name=name)
    with open_work() as work:
        work.sources.add(source, sealed=sealed)
        work.commit()
    return replace(source, has_password=bool(sealed))


def store_run(
    open_work: UnitOfWorkFactory, source: Source, *, state: RunState = RunState.QUEUED
) -> SourceRun:
    """Keep a run."""
    run = make_run(source, state=state)
    with open_work() as work:
        work.sources.add_run(run)
        work.commit()
    return run


class SourceContract(RepositoryContract):
    """Promises of `SourceRepository`."""

    def test_a_source_is_read_as_it_was_given_but_for_its_password(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        kept = store_source(open_work, world.here, sealed="scellé")

        with open_work() as work:
            assert work.sources.find(kept.id, scope=world.here.scope) == kept
            assert "scellé" not in repr(work.sources.list_all(scope=world.here.scope))
            assert work.source_queue.sealed(kept.id) == "scellé"
            assert work.source_queue.all_sealed() == {kept.id: "scellé"}

    def test_the_tenant_shares_its_sources_and_no_other_sees_them(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        own, foreign = (store_source(open_work, each) for each in (world.here, world.there))
        run = store_run(open_work, foreign)
        with open_work() as work:
            for scope in (world.here.scope, world.colleague().scope, world.both):
                assert work.sources.list_all(scope=scope) == [own]
                assert work.sources.find(foreign.id, scope=scope) is None
                assert work.sources.find_run(run.id, scope=scope) is None
                assert work.sources.open_run(foreign.id, scope=scope) is None
                assert work.sources.runs(foreign.id, scope=scope, limit=9) == []
                with pytest.raises(NotFound):
                    work.sources.delete(foreign.id, scope=scope)
            for scope in (world.nobody, world.crossed):
                assert work.sources.list_all(scope=scope) == []

    def test_a_change_keeps_password_collection_and_maker(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        kept = store_source(open_work, world.here, sealed="scellé")
        changed = replace(
            kept,
            name="Arrêtés",
            address="https://nuage.exemple.fr/dav/Arrêtés",
            user="",
            include=(),
            exclude=("*.tmp",),
            schedule=Schedule(Rhythm.DAILY, time(23, 59)),
            removal_percent=0,
            next_run_at=None,
        )
        with open_work() as work:
            work.sources.update(replace(changed, created_by=PersonId("autre")))
            work.commit()

        with open_work() as work:
            assert work.sources.find(kept.id, scope=world.here.scope) == changed
            work.sources.set_sealed(kept.id, sealed="")
            assert work.sources.find(kept.id, scope=world.here.scope) == replace(
                changed, has_password=False
            )
            with pytest.raises(NotFound):
                work.sources.update(make_source(world.here))

    def test_a_name_is_taken_once_a_tenant(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_source(open_work, world.here)
        store_source(open_work, world.there)

        with open_work() as work, pytest.raises(Conflict):
            work.sources.add(make_source(world.here), sealed="")

    def test_runs_are_told_newest_first_and_one_is_open(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)
        done = store_run(open_work, source, state=RunState.DONE)
        failed = store_run(open_work, source, state=RunState.FAILED)
        waits = store_run(open_work, source, state=RunState.AWAITING_APPROVAL)
        scope = world.here.scope

        with open_work() as work:
            assert work.sources.runs(source.id, scope=scope, limit=2) == [waits, failed]
            assert work.sources.open_run(source.id, scope=scope) == waits
            assert work.sources.find_run(done.id, scope=scope) == done
        with open_work() as work, pytest.raises(Conflict):
            work.sources.add_run(make_run(source))
        told = replace(
            waits,
            state=RunState.APPROVED,
            finished_at=LATER,
            outcome=RunOutcome(
                counts={Finding.ADDED: 2, Finding.REMOVED: 1},
                names={Finding.ADDED: ("é.pdf", "b.pdf")},
                faults=(("c.pdf", "file_unreadable"),),
                is_complete=False,
                read_bytes=5_000_000_000,
                estimated_s=1.5,
                removal="abc",
                jobs=("j-1",),
                kept_back=3,
            ),
            reason=Reason("webdav_stopped", {"host": "nuage"}),
            decided_by=PersonId("here"),
            decided_at=LATER,
        )
        with open_work() as work:
            work.sources.update_run(told)
            work.commit()
        with open_work() as work:
            assert work.sources.find_run(waits.id, scope=scope) == told
            assert work.sources.open_run(source.id, scope=scope) is None
            work.sources.add_run(make_run(source))

    def test_deletion_takes_runs_and_files_along_and_leaves_documents(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)
        run = store_run(open_work, source)
        document = replace(make_document(world.here), source=source.label)
        with open_work() as work:
            work.documents.add(document)
            work.source_queue.remember(source.id, [SourceFile("a.pdf", 1, "1", "")])
            work.sources.delete(source.id, scope=world.here.scope)
            work.commit()

        with open_work() as work:
            assert work.sources.find(source.id, scope=world.here.scope) is None
            assert work.sources.find_run(run.id, scope=world.here.scope) is None
            assert work.documents.find(document.id, scope=world.here.scope) is not None
            assert not work.tenancy.delete_collection(
                world.here.collection_id, tenant_id=world.here.tenant_id
            )

    def test_an_erased_document_is_named_by_no_look_and_no_file(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source, other = (store_source(open_work, each) for each in (world.here, world.there))
        document = replace(make_document(world.here, name="Mme X.pdf"), source=source.label)
        told = RunOutcome(
            counts={Finding.ADDED: 2, Finding.RENAMED: 2},
            names={
                Finding.ADDED: ("Mme X.pdf", "b.pdf"),
                Finding.RENAMED: ("a.pdf → Mme X.pdf", "Mme X.pdf → c.pdf"),
            },
            faults=(("Mme X.pdf (12)", "file_name_duplicate"), ("d.pdf", "file_unreadable")),
        )
        for each in (source, other):
            run = store_run(open_work, each, state=RunState.DONE)
            with open_work() as work:
                work.sources.update_run(replace(run, outcome=told))
                files = [SourceFile(name, 1, "1", "") for name in ("Mme X.pdf", "b.pdf")]
                work.source_queue.remember(each.id, files)
                work.commit()
        running = store_run(open_work, source)
        with open_work() as work:
            work.documents.add(document)
            work.source_queue.lease(owner="a", now=NOON, until=LATER)
            work.commit()

        with open_work() as work:
            work.documents.erase(document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work:
            (_, kept) = work.sources.runs(source.id, scope=world.here.scope, limit=9)
            (foreign,) = work.sources.runs(other.id, scope=world.there.scope, limit=9)
            assert not work.source_queue.renew(running.id, owner="a", until=LATER)
            again = work.source_queue.lease(owner="b", now=NOON, until=LATER)
        assert kept.outcome == replace(
            told,
            names={Finding.ADDED: ("–", "b.pdf"), Finding.RENAMED: ("–", "–")},
            faults=(("–", "file_name_duplicate"), ("d.pdf", "file_unreadable")),
        )
        assert foreign.outcome == told
        assert again is not None
        assert (again.id, again.attempt) == (running.id, 1)

    def test_a_file_of_an_erased_document_is_kept_out_until_it_is_let_in(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source, scope = store_source(open_work, world.here), world.here.scope
        document = replace(make_document(world.here, name="Mme X.pdf"), source=source.label)
        erased = ErasedFile(erased_digest(source.id, "Mme X.pdf"), NOON)
        with open_work() as work:
            work.documents.add(document)
            work.documents.erase(document.id, scope=scope, now=NOON)
            work.commit()

        with open_work() as work:
            assert work.source_queue.kept_out(source.id) == {erased.id}
            assert work.sources.erased(source.id, scope=scope, limit=9) == [erased]
            assert work.sources.count_erased(source.id, scope=scope) == 1
            assert work.sources.erased(source.id, scope=world.there.scope, limit=9) == []
            assert work.sources.count_erased(source.id, scope=world.there.scope) == 0
            with pytest.raises(NotFound):
                work.sources.let_in(source.id, erased.id, scope=world.there.scope)
            work.sources.let_in(source.id, erased.id, scope=scope)
            with pytest.raises(NotFound):
                work.sources.let_in(source.id, erased.id, scope=scope)
            work.commit()

        with open_work() as work:
            assert work.source_queue.kept_out(source.id) == frozenset()

    def test_a_collection_with_a_source_is_in_use(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_source(open_work, world.here)

        with open_work() as work:
            assert not work.tenancy.delete_collection(
                world.here.collection_id, tenant_id=world.here.tenant_id
            )
