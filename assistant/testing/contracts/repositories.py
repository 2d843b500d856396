# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What every relational store promises as a whole: transactions, and that nothing crosses a scope.

The suites of the single repositories stand in the `repositories_…` modules; inherit them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest

from assistant.domain.answers import NumberedEvent, TextDelta
from assistant.domain.documents import DocumentCounts
from assistant.domain.ids import AnswerId, ConversationId, JobId, JobItemId
from assistant.domain.tenancy import Scope
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.testing.contracts.repositories_audit import AuditContract
from assistant.testing.contracts.repositories_chunks import ChunkContract
from assistant.testing.contracts.repositories_curation import CurationContract
from assistant.testing.contracts.repositories_cuts import CutContract
from assistant.testing.contracts.repositories_documents import DocumentContract
from assistant.testing.contracts.repositories_evaluations import (
    EvaluationContract,
    QuestionSetContract,
)
from assistant.testing.contracts.repositories_federation import (
    FederationContract,
    IdentityContract,
)
from assistant.testing.contracts.repositories_feedback import (
    DeletionContract,
    FeedbackContract,
    InspectionContract,
)
from assistant.testing.contracts.repositories_forgetting import ForgettingContract
from assistant.testing.contracts.repositories_generations import GenerationContract
from assistant.testing.contracts.repositories_index import LedgerContract, VectorContract
from assistant.testing.contracts.repositories_jobs import JobContract
from assistant.testing.contracts.repositories_links import LinkContract
from assistant.testing.contracts.repositories_members import (
    GroupContract,
    InvitationContract,
    KeyContract,
    PeopleContract,
)
from assistant.testing.contracts.repositories_passwords import PasswordContract
from assistant.testing.contracts.repositories_people import (
    AnswerContract,
    ConversationContract,
    SessionContract,
)
from assistant.testing.contracts.repositories_queue import QueueContract
from assistant.testing.contracts.repositories_source_queue import SourceQueueContract
from assistant.testing.contracts.repositories_sources import SourceContract
from assistant.testing.contracts.repositories_succession import SuccessionContract
from assistant.testing.contracts.repositories_tenancy import EstateContract, TenancyContract
from assistant.testing.contracts.repositories_turns import TurnContract
from assistant.testing.contracts.repositories_usage import UsageContract
from assistant.testing.contracts.repositories_world import (
    Reader,
    RepositoryContract,
    Stored,
    World,
    make_answer,
    make_conversation,
    make_document,
    make_messages,
    store_job,
    store_live,
)

__all__ = [
    "AnswerContract",
    "AuditContract",
    "ChunkContract",
    "ConversationContract",
    "CurationContract",
    "CutContract",
    "DeletionContract",
    "DocumentContract",
    "EstateContract",
    "EvaluationContract",
    "FederationContract",
    "FeedbackContract",
    "ForgettingContract",
    "GenerationContract",
    "GroupContract",
    "IdentityContract",
    "InspectionContract",
    "InvitationContract",
    "IsolationContract",
    "JobContract",
    "KeyContract",
    "LedgerContract",
    "LinkContract",
    "PasswordContract",
    "PeopleContract",
    "QuestionSetContract",
    "QueueContract",
    "SessionContract",
    "SourceContract",
    "SourceQueueContract",
    "SuccessionContract",
    "TenancyContract",
    "TurnContract",
    "UnitOfWorkContract",
    "UsageContract",
    "VectorContract",
]


class UnitOfWorkContract(RepositoryContract):
    """Promises of `UnitOfWork`."""

    def test_leaving_without_commit_undoes(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        document = make_document(world.here)
        with open_work() as work:
            work.documents.add(document)
            assert work.documents.find(document.id, scope=world.here.scope)

        with open_work() as work:
            assert work.documents.find(document.id, scope=world.here.scope) is None

    def test_an_error_undoes(self, open_work: UnitOfWorkFactory, world: World) -> None:
        document = make_document(world.here)

        def fail() -> None:
            with open_work() as work:
                work.documents.add(document)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()

        with open_work() as work:
            assert work.documents.find(document.id, scope=world.here.scope) is None

    def test_others_see_all_of_it_at_the_commit(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        document = make_document(world.here)
        with open_work() as work:
            work.documents.add(document)
            with open_work() as other:
                assert other.documents.find(document.id, scope=world.here.scope) is None
            work.commit()
        with open_work() as other:
            assert other.documents.find(document.id, scope=world.here.scope) == document

    def test_a_unit_goes_on_after_its_commit(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        names = ["a", "b"]
        with open_work() as work:
            for name in names:
                work.documents.add(make_document(world.here, name=name))
                work.commit()

        with open_work() as work:
            assert work.documents.counts(scope=world.here.scope).pending == 2

    def test_readers_and_writers_do_not_wait_for_each_other(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        with open_work() as reader:
            before = reader.documents.counts(scope=world.here.scope)
            with open_work() as writer:
                writer.documents.add(make_document(world.here))
                assert reader.documents.counts(scope=world.here.scope) == before
                writer.commit()
            assert reader.documents.counts(scope=world.here.scope) == before

    def test_who_read_before_writing_waits_its_turn_and_does_not_fail(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        threads, rounds = 8, 10
        together = Barrier(threads)

        def add(thread: int) -> None:
            for turn in range(rounds):
                together.wait(30)
                with open_work() as work:
                    work.documents.counts(scope=world.here.scope)
                    work.documents.add(make_document(world.here, name=f"{thread} {turn}"))
                    work.commit()

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(add, range(threads)))
        with open_work() as work:
            assert work.documents.counts(scope=world.here.scope).pending == threads * rounds


@dataclass(frozen=True)
class Belongings:
    """What one reader has of everything."""

    stored: Stored
    job_id: JobId
    item_id: JobItemId
    conversation_id: ConversationId
    answer_id: AnswerId


class IsolationContract(RepositoryContract):
    """Two tenants with the same text: nothing crosses on any read path."""

    @pytest.fixture
    def belongings(self, open_work: UnitOfWorkFactory, world: World) -> Belongings:
        """What here has; there has the same, under other ids."""
        give(open_work, world.there)
        return give(open_work, world.here)

    @pytest.mark.parametrize("stranger", ["there", "nobody", "crossed"])
    @pytest.mark.parametrize("path", ["documents", "chunks", "jobs"])
    def test_only_granted_pairs_read(
        self,
        open_work: UnitOfWorkFactory,
        world: World,
        belongings: Belongings,
        path: str,
        stranger: str,
    ) -> None:
        scope = scope_of(world, stranger)
        with open_work() as work:
            own = READS[path](work, belongings, world.here.scope)
            foreign = READS[path](work, belongings, scope)
        assert all(own)
        assert not any(foreign)

    @pytest.mark.parametrize("stranger", ["there", "colleague"])
    def test_only_the_person_reads_its_conversations_and_answers(
        self, open_work: UnitOfWorkFactory, world: World, belongings: Belongings, stranger: str
    ) -> None:
        scope = scope_of(world, stranger)
        with open_work() as work:
            own = _private(work, belongings, world.here.scope)
            foreign = _private(work, belongings, scope)
        assert all(own)
        assert not any(foreign)

    @pytest.mark.parametrize("stranger", ["there", "nobody", "crossed"])
    def test_lists_hold_nothing_of_others(
        self, open_work: UnitOfWorkFactory, world: World, belongings: Belongings, stranger: str
    ) -> None:
        scope = scope_of(world, stranger)
        with open_work() as work:
            documents = work.documents.list_page(scope=scope, limit=99, offset=0)
            headings = work.chunks.sample_headings(scope=scope, limit=99)
            jobs = work.jobs.list_recent(scope=scope, limit=99)
        seen = {thing.collection_id for thing in (*documents, *headings, *jobs)}
        assert seen == ({world.there.collection_id} if stranger == "there" else set())

    def test_nobody_counts_nothing(
        self, open_work: UnitOfWorkFactory, world: World, belongings: Belongings
    ) -> None:
        with open_work() as work:
            for scope in (world.nobody, world.crossed):
                assert work.documents.counts(scope=scope) == DocumentCounts(0, 0, 0, 0)
            own = work.documents.counts(scope=world.here.scope)
        assert own == DocumentCounts(pending=0, live=1, failed=0, chunks=2)

    def test_a_wider_scope_reads_documents_of_both_but_jobs_of_its_tenant(
        self, open_work: UnitOfWorkFactory, world: World, belongings: Belongings
    ) -> None:
        with open_work() as work:
            counts = work.documents.counts(scope=world.both)
            headings = work.chunks.sample_headings(scope=world.both, limit=99)
            jobs = work.jobs.list_recent(scope=world.both, limit=99)
        assert counts == DocumentCounts(pending=0, live=2, failed=0, chunks=4)
        assert {chunk.tenant_id for chunk in headings} == {
            each.tenant_id for each in world.both.grants
        }
        assert [job.id for job in jobs] == [belongings.job_id]


def scope_of(world: World, name: str) -> Scope:
    """The scope of a stranger by name."""
    match name:
        case "there":
            return world.there.scope
        case "colleague":
            return world.colleague().scope
        case "crossed":
            return world.crossed
        case _:
            return world.nobody


def give(open_work: UnitOfWorkFactory, reader: Reader) -> Belongings:
    """Store one of everything for a reader."""
    stored = store_live(open_work, reader, texts=("Le même texte.", "La suite."))
    job, items = store_job(open_work, reader)
    conversation = make_conversation(reader)
    answer = make_answer(reader, conversation_id=conversation.id)
    with open_work() as work:
        work.conversations.add(conversation)
        work.answers.add(answer)
        for message in make_messages(answer, conversation_id=conversation.id):
            work.conversations.add_message(message)
        work.answers.append_events(answer.id, [NumberedEvent(1, TextDelta("40 %"))])
        work.commit()
    return Belongings(stored, job.id, items[0].id, conversation.id, answer.id)


def _documents(work: UnitOfWork, own: Belongings, scope: Scope) -> Iterable[object]:
    document = own.stored.document
    source, collection_id = document.source, document.collection_id
    yield work.documents.find(document.id, scope=scope)
    yield work.documents.find_named(
        document.name, source=source, collection_id=collection_id, scope=scope
    )
    yield work.documents.list_of_source(source, collection_id=collection_id, scope=scope)
    yield work.documents.live_versions([document.id], scope=scope)


def _chunks(work: UnitOfWork, own: Belongings, scope: Scope) -> Iterable[object]:
    yield work.chunks.find_live(own.stored.chunk_ids, scope=scope)
    yield work.chunks.live_ids(own.stored.chunk_ids, scope=scope)
    yield work.chunks.section_around(own.stored.chunk_ids[0], scope=scope, radius=5)
    yield work.chunks.list_of_document(own.stored.document.id, scope=scope, limit=9, offset=0)


def _jobs(work: UnitOfWork, own: Belongings, scope: Scope) -> Iterable[object]:
    yield work.jobs.find(own.job_id, scope=scope)
    yield work.jobs.find_item(own.item_id, scope=scope)
    yield work.jobs.items(own.job_id, scope=scope, states=frozenset(), limit=9, offset=0)
    yield work.jobs.counts(own.job_id, scope=scope).states


def _private(work: UnitOfWork, own: Belongings, scope: Scope) -> Iterable[object]:
    recent = work.conversations.list_recent(scope=scope, limit=9)
    yield own.conversation_id in [conversation.id for conversation in recent]
    yield work.conversations.find(own.conversation_id, scope=scope)
    yield work.conversations.messages(own.conversation_id, scope=scope)
    yield work.answers.find(own.answer_id, scope=scope)
    yield work.answers.events_after(own.answer_id, number=0, scope=scope)


Read = Callable[[UnitOfWork, Belongings, Scope], Iterable[object]]
READS: dict[str, Read] = {"documents": _documents, "chunks": _chunks, "jobs": _jobs}
"""Every read path of a kind of thing, by name; each value is falsy when nothing is read."""
