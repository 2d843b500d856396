# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repositories of sources promise, to their administrators and to the machinery."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import PersonId, SourceId, SourceRunId, new_id
from assistant.domain.jobs import ItemState, JobState
from assistant.domain.sources import (
    Finding,
    KnownFile,
    Rhythm,
    RunKind,
    RunOutcome,
    RunState,
    Schedule,
    Source,
    SourceFile,
    SourceKind,
    SourceRun,
)
from assistant.domain.tenants import TenantState
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    Reader,
    RepositoryContract,
    World,
    make_document,
    make_item,
    make_job,
    sha,
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

    def test_a_collection_with_a_source_is_in_use(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_source(open_work, world.here)

        with open_work() as work:
            assert not work.tenancy.delete_collection(
                world.here.collection_id, tenant_id=world.here.tenant_id
            )


class SourceQueueContract(RepositoryContract):
    """Promises of `SourceQueue`."""

    def test_a_source_is_due_from_its_time_on_while_no_run_of_it_is_open(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)

        with open_work() as work:
            assert work.source_queue.due(now=LATER - timedelta(seconds=1), limit=9) == []
            assert work.source_queue.due(now=LATER, limit=9) == [source]
        run = store_run(open_work, source, state=RunState.AWAITING_APPROVAL)
        with open_work() as work:
            assert work.source_queue.due(now=LATER, limit=9) == []
            work.sources.update_run(replace(run, state=RunState.REFUSED))
            assert work.source_queue.due(now=LATER, limit=9) == [source]

    def test_a_run_has_one_owner_until_its_lease_is_over(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first = store_run(open_work, store_source(open_work, world.here))
        second = store_run(open_work, store_source(open_work, world.there))

        def lease(owner: str, *, seconds: int) -> SourceRun | None:
            now = NOON + timedelta(seconds=seconds)
            with open_work() as work:
                taken = work.source_queue.lease(
                    owner=owner, now=now, until=now + timedelta(seconds=10)
                )
                work.commit()
            return taken

        running = replace(first, state=RunState.RUNNING, started_at=NOON)
        assert lease("a", seconds=0) == running
        taken = lease("b", seconds=1)
        assert taken is not None
        assert taken.id == second.id
        assert lease("c", seconds=9) is None
        with open_work() as work:
            queue = work.source_queue
            assert queue.renew(second.id, owner="b", until=NOON + timedelta(seconds=99))
            assert not queue.renew(second.id, owner="a", until=NOON)
            work.commit()
        assert lease("c", seconds=20) == running
        with open_work() as work:
            assert not work.source_queue.renew(first.id, owner="a", until=LATER)
            work.sources.update_run(replace(running, state=RunState.DONE))
            assert not work.source_queue.renew(first.id, owner="c", until=LATER)

    def test_tenants_that_are_not_active_wait(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        store_source(open_work, world.here)
        store_run(open_work, store_source(open_work, world.here, name="Autre"))
        with open_work() as work:
            tenant = work.tenancy.find_tenant(world.here.tenant_id)
            assert tenant is not None
            work.tenancy.update_tenant(replace(tenant, state=TenantState.SUSPENDED))
            work.commit()

        with open_work() as work:
            assert work.source_queue.due(now=LATER, limit=9) == []
            assert work.source_queue.lease(owner="a", now=NOON, until=LATER) is None

    def test_documents_are_known_with_what_is_remembered_of_their_files(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)
        names = ("a.pdf", "Été/b.pdf", "été/c.pdf")
        with open_work() as work:
            for name in names:
                document = replace(make_document(world.here, name=name), source=source.label)
                work.documents.add(document)
            work.documents.add(make_document(world.here, name="d.pdf"))
            files = [
                SourceFile(names[0], 1000, "stamp", sha(names[0])),
                SourceFile(names[1], 1000, "stamp", sha("another content")),
            ]
            work.source_queue.remember(source.id, files)
            work.source_queue.remember(source.id, files[:1])
            work.commit()

        expected = {
            KnownFile(name, sha(name), 1000, stamp)
            for name, stamp in zip(names, ("stamp", "", ""), strict=True)
        }
        with open_work() as work:
            queue = work.source_queue
            assert set(queue.known(source, after="", limit=9)) == expected
            page = queue.known(source, after="", limit=2)
            assert {*page, *queue.known(source, after=page[-1].name, limit=2)} == expected
            queue.forget(source.id, names)
            assert {each.stamp for each in queue.known(source, after="", limit=9)} == {""}

    def test_old_runs_are_forgotten_but_never_an_open_one(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        source = store_source(open_work, world.here)
        waits = store_run(open_work, source, state=RunState.AWAITING_APPROVAL)
        ended = [store_run(open_work, source, state=RunState.DONE) for _ in range(4)]

        with open_work() as work:
            work.source_queue.forget_old_runs(source.id, keep=2)
            kept = work.sources.runs(source.id, scope=world.here.scope, limit=9)
        assert kept == [ended[3], ended[2], waits]

    def test_the_rate_of_reading_is_that_of_past_jobs_of_the_tenant(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        for reader, seconds in ((world.here, 4), (world.there, 50)):
            job = replace(
                make_job(reader),
                state=JobState.SUCCEEDED,
                started_at=NOON,
                finished_at=NOON + timedelta(seconds=seconds),
            )
            states = (ItemState.INDEXED, ItemState.INDEXED, ItemState.UNCHANGED)
            items = [
                replace(make_item(job, ordinal=ordinal, state=state), size_bytes=1000)
                for ordinal, state in enumerate(states)
            ]
            with open_work() as work:
                work.jobs.add(job, items)
                work.commit()

        with open_work() as work:
            assert work.source_queue.reading_rate(world.here.tenant_id, jobs=5) == 4 / 2000
            absent = work.source_queue.reading_rate(world.here.tenant_id, jobs=0)
        assert absent is None
