# ruff: noqa: S101, D102 - suites assert, and the name of a test is its sentence
"""What the repositories of feedback and of inspections promise, and the dates of deleted documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.feedback import CountKey, Feedback, FeedbackReason, Verdict
from assistant.domain.ids import CollectionId, ConversationId, DocumentId, InspectionId, new_id
from assistant.domain.inspections import Inspection
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.testing.contracts.repositories_world import (
    NOON,
    Reader,
    RepositoryContract,
    World,
    make_answer,
    make_conversation,
    make_messages,
    store_live,
    store_ready,
)

MONTH = NOON.date().replace(day=1)
LATER = NOON + timedelta(hours=1)


def hold(open_work: UnitOfWorkFactory, reader: Reader) -> Feedback:
    """Store a conversation with an answer, and say something of it."""
    conversation = make_conversation(reader)
    answer = make_answer(reader, conversation_id=conversation.id)
    feedback = Feedback(
        answer_id=answer.id,
        tenant_id=reader.tenant_id,
        person_id=reader.person_id,
        verdict=Verdict.NOT_USEFUL,
        reasons=(FeedbackReason.WRONG, FeedbackReason.OUTDATED),
        comment="Le tarif a changé.",
        is_shared=True,
        month=MONTH,
        collections=(reader.collection_id,),
        given_at=NOON,
    )
    with open_work() as work:
        work.conversations.add(conversation)
        work.answers.add(answer)
        for message in make_messages(answer, conversation_id=conversation.id):
            work.conversations.add_message(message)
        work.feedback.put(feedback)
        work.commit()
    return feedback


def inspect(open_work: UnitOfWorkFactory, reader: Reader) -> Inspection:
    """Store a conversation, and that an auditor read it."""
    conversation = make_conversation(reader)
    made = Inspection(
        id=InspectionId(new_id()),
        tenant_id=reader.tenant_id,
        person_id=reader.person_id,
        conversation_id=conversation.id,
        reason="Vérification d'un signalement.",
        is_of_platform=False,
        made_at=NOON,
    )
    with open_work() as work:
        work.conversations.add(conversation)
        work.inspections.add(made)
        work.commit()
    return made


class FeedbackContract(RepositoryContract):
    """Promises of `FeedbackRepository`."""

    def test_feedback_is_found_again_replaced_and_withdrawn(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        kept = hold(open_work, world.here)
        other = replace(kept, verdict=Verdict.USEFUL, reasons=(), comment="", is_shared=False)
        ids, scope = [kept.answer_id], world.here.scope
        with open_work() as work:
            assert work.feedback.find(ids, scope=scope) == {kept.answer_id: kept}
            work.feedback.put(other)
            work.commit()
        with open_work() as work:
            assert work.feedback.find(ids, scope=scope) == {kept.answer_id: other}
            assert work.feedback.delete(kept.answer_id, scope=scope)
            assert not work.feedback.delete(kept.answer_id, scope=scope)
            assert work.feedback.find(ids, scope=scope) == {}

    def test_only_its_person_reads_and_withdraws_it(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        kept = hold(open_work, world.here)
        with open_work() as work:
            for stranger in (world.there, world.colleague()):
                assert work.feedback.find([kept.answer_id], scope=stranger.scope) == {}
                assert not work.feedback.delete(kept.answer_id, scope=stranger.scope)

    def test_it_goes_with_its_conversation_and_with_its_person(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first, second = hold(open_work, world.here), hold(open_work, world.here)
        here = world.here
        with open_work() as work:
            (newest, _) = work.conversations.list_recent(scope=here.scope, limit=9)
            work.conversations.delete(newest.id, scope=here.scope)
            ids = [first.answer_id, second.answer_id]
            assert len(work.feedback.find(ids, scope=here.scope)) == 1
            work.people.delete(here.person_id, tenant_id=here.tenant_id)
            assert work.feedback.find(ids, scope=here.scope) == {}

    def test_counts_add_up_and_never_fall_below_zero(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        here = world.here.tenant_id
        whole = CountKey(MONTH, None, Verdict.USEFUL, None)
        part = CountKey(MONTH, CollectionId("c"), Verdict.USEFUL, FeedbackReason.CLEAR)
        with open_work() as work:
            work.feedback.add_counts(here, {whole: 2, part: 1})
            work.feedback.add_counts(here, {whole: 1, part: -3})
            work.commit()
        with open_work() as work:
            assert work.feedback.counts(here, month=MONTH) == {whole: 3}
            assert work.feedback.counts(here, month=MONTH.replace(year=2025)) == {}
            assert work.feedback.counts(world.there.tenant_id, month=MONTH) == {}

    def test_shared_holds_what_was_passed_on_in_that_month_the_newest_first(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first, second, silent, secret = (hold(open_work, world.here) for _ in range(4))
        later = replace(second, given_at=LATER)
        with open_work() as work:
            work.feedback.put(later)
            work.feedback.put(replace(silent, comment=""))
            work.feedback.put(replace(secret, is_shared=False))
            work.commit()
        with open_work() as work:
            here, there = world.here.tenant_id, world.there.tenant_id
            assert work.feedback.shared(here, month=MONTH, limit=9) == [later, first]
            assert work.feedback.shared(here, month=MONTH, limit=1) == [later]
            assert work.feedback.shared(here, month=MONTH.replace(month=2), limit=9) == []
            assert work.feedback.shared(there, month=MONTH, limit=9) == []


class InspectionContract(RepositoryContract):
    """Promises of `InspectionRepository`."""

    def test_its_person_sees_it_and_nobody_else(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        first, second = inspect(open_work, world.here), inspect(open_work, world.here)
        with open_work() as work:
            found = work.inspections.list_own(scope=world.here.scope)
            assert [each.inspection for each in found] == [second, first]
            assert [each.title for each in found] == ["Subventions", "Subventions"]
            for stranger in (world.there, world.colleague()):
                assert work.inspections.list_own(scope=stranger.scope) == []
                assert work.inspections.unseen(scope=stranger.scope) == 0

    def test_it_is_noted_as_seen_by_its_person_only(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        made = inspect(open_work, world.here)
        scope = world.here.scope
        with open_work() as work:
            work.inspections.note_seen(scope=world.colleague().scope, now=LATER)
            assert work.inspections.unseen(scope=scope) == 1
            work.inspections.note_seen(scope=scope, now=LATER)
            work.inspections.note_seen(scope=scope, now=LATER + timedelta(days=1))
            work.commit()
        with open_work() as work:
            (own,) = work.inspections.list_own(scope=scope)
            assert own.inspection == replace(made, seen_at=LATER)
            assert work.inspections.unseen(scope=scope) == 0

    def test_it_outlives_the_conversation_and_goes_with_its_person(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        made = inspect(open_work, world.here)
        here = world.here
        assert made.conversation_id is not None
        with open_work() as work:
            work.conversations.delete(made.conversation_id, scope=here.scope)
            (own,) = work.inspections.list_own(scope=here.scope)
            assert own.inspection == replace(made, conversation_id=None)
            assert own.title is None
            work.people.delete(here.person_id, tenant_id=here.tenant_id)
            assert work.inspections.list_own(scope=here.scope) == []

    def test_facts_count_questions_of_one_tenant_or_person(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        asked = hold(open_work, world.here)
        silent = inspect(open_work, world.here)
        hold(open_work, world.there)
        here = world.here
        with open_work() as work:
            found = work.inspections.overview(here.tenant_id, person_id=None, limit=9, offset=0)
            paged = work.inspections.overview(here.tenant_id, person_id=None, limit=1, offset=1)
            own = work.inspections.overview(
                here.tenant_id, person_id=here.person_id, limit=9, offset=0
            )
            foreign = work.inspections.overview(
                here.tenant_id, person_id=world.there.person_id, limit=9, offset=0
            )
            answer = work.answers.find(asked.answer_id, scope=here.scope)
            assert answer is not None
            assert answer.conversation_id is not None
            facts = work.inspections.facts(answer.conversation_id)
            assert work.inspections.facts(ConversationId("x")) is None
        assert [(each.id, each.questions) for each in found] == [
            (silent.conversation_id, 0),
            (answer.conversation_id, 1),
        ]
        assert list(paged) == list(found)[1:]
        assert (list(own), list(foreign)) == (list(found), [])
        assert facts is not None
        assert facts == found[1]
        assert (facts.tenant_id, facts.person_id) == (here.tenant_id, here.person_id)


class DeletionContract(RepositoryContract):
    """What stays known of deleted documents, and passages found again in newer versions."""

    @pytest.mark.parametrize("is_forgotten", [False, True])
    def test_when_a_document_was_deleted_is_known_within_its_scope(
        self, open_work: UnitOfWorkFactory, world: World, is_forgotten: bool
    ) -> None:
        stored, kept = (
            store_live(open_work, world.here),
            store_live(open_work, world.here, name="b"),
        )
        ids = [stored.document.id, kept.document.id, DocumentId("x")]
        with open_work() as work:
            work.documents.delete(stored.document.id, scope=world.here.scope, now=LATER)
            if is_forgotten:
                work.ledger.forget_version(stored.version.id)
            work.commit()
        with open_work() as work:
            found = work.documents.deleted_at(ids, scope=world.here.scope)
            assert found == {stored.document.id: LATER}
            for scope in (world.there.scope, world.nobody, world.crossed):
                assert work.documents.deleted_at(ids, scope=scope) == {}

    def test_the_same_words_are_found_in_the_version_served_now(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        stored = store_live(open_work, world.here, texts=("Le taux.", "La suite."))
        newer = store_ready(open_work, stored.document, texts=("Avant.", "La suite."))
        document_id, scope = stored.document.id, world.here.scope
        with open_work() as work:
            assert work.ledger.make_live(newer.version.id, now=LATER)
            work.commit()
        with open_work() as work:
            find = work.chunks.find_text
            assert find(document_id, text="La suite.", scope=scope) == newer.chunk_ids[1]
            assert find(document_id, text="Le taux.", scope=scope) is None
            assert find(document_id, text="La suite.", scope=world.there.scope) is None
