# ruff: noqa: S101, S106, D102 - suites assert, and the name of a test is its sentence
"""What the repositories of sessions, conversations and answers promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerFailed,
    AnswerStatus,
    Citation,
    CitationAdded,
    Notice,
    NumberedEvent,
    Passage,
    RetrievalCompleted,
    SentenceMarked,
    TextDelta,
    TokenUsage,
)
from assistant.domain.conversations import Conversation
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import AnswerId, SessionId
from assistant.domain.marks import Mark, MarkKind
from assistant.domain.sessions import Session, SignInLink
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
)

LATER = NOON + timedelta(minutes=5)


class SessionContract(RepositoryContract):
    """Promises of `SessionRepository`."""

    @pytest.fixture
    def link(self, open_work: UnitOfWorkFactory, world: World) -> SignInLink:
        """A stored link, good until LATER."""
        here = world.here
        link = SignInLink("hash", here.person_id, here.tenant_id, LATER)
        with open_work() as work:
            work.sessions.add_link(link)
            work.commit()
        return link

    @pytest.fixture
    def session(self, open_work: UnitOfWorkFactory, world: World) -> Session:
        """A stored session, good until LATER."""
        here = world.here
        session = Session(
            SessionId("session"), "secret", here.person_id, here.tenant_id, NOON, LATER,
            seen_at=NOON, idle_until=LATER, device="Firefox sur Linux",
        )  # fmt: skip
        with open_work() as work:
            work.sessions.add(session)
            work.commit()
        return session

    def test_a_link_is_spent_once(self, open_work: UnitOfWorkFactory, link: SignInLink) -> None:
        def take(code_hash: str) -> SignInLink | None:
            with open_work() as work:
                taken = work.sessions.take_link(code_hash, now=NOON)
                work.commit()
            return taken

        assert take("unknown") is None
        assert take("hash") == link
        assert take("hash") is None

    def test_a_link_expires(self, open_work: UnitOfWorkFactory, link: SignInLink) -> None:
        with open_work() as work:
            assert work.sessions.take_link(link.code_hash, now=LATER) is None

    def test_a_link_is_kept_when_its_unit_fails(
        self, open_work: UnitOfWorkFactory, link: SignInLink
    ) -> None:
        with open_work() as work:
            assert work.sessions.take_link(link.code_hash, now=NOON)

        with open_work() as work:
            assert work.sessions.take_link(link.code_hash, now=NOON) == link

    def test_one_of_many_threads_gets_the_link(
        self, open_work: UnitOfWorkFactory, link: SignInLink
    ) -> None:
        def take(_: int) -> bool:
            with open_work() as work:
                taken = work.sessions.take_link(link.code_hash, now=NOON)
                work.commit()
            return taken is not None

        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(take, range(64))) == 1

    def test_a_session_is_found_until_it_expires(
        self, open_work: UnitOfWorkFactory, session: Session
    ) -> None:
        with open_work() as work:
            assert work.sessions.find("secret", now=NOON) == session
            assert work.sessions.find("secret", now=LATER) is None
            assert work.sessions.find("other", now=NOON) is None

    def test_a_revoked_session_ends_at_once(
        self, open_work: UnitOfWorkFactory, session: Session
    ) -> None:
        with open_work() as work:
            work.sessions.revoke(session.id)
            work.sessions.revoke(SessionId("unknown"))
            work.commit()

        with open_work() as work:
            assert work.sessions.find("secret", now=NOON) is None

    def test_all_of_a_person_ends_at_once_and_of_no_other(
        self, open_work: UnitOfWorkFactory, world: World, session: Session, link: SignInLink
    ) -> None:
        other = replace(
            session, id=SessionId("other"), secret_hash="other", person_id=world.there.person_id
        )
        with open_work() as work:
            work.sessions.add(other)
            work.sessions.revoke_of(session.person_id)
            work.commit()

        with open_work() as work:
            assert work.sessions.find("secret", now=NOON) is None
            assert work.sessions.take_link(link.code_hash, now=NOON) is None
            assert work.sessions.find("other", now=NOON) == other


class ConversationContract(RepositoryContract):
    """Promises of `ConversationRepository`."""

    def test_the_last_used_comes_first(self, open_work: UnitOfWorkFactory, world: World) -> None:
        first, second, third = (
            store_conversation(open_work, world.here, minutes=minutes) for minutes in (0, 2, 1)
        )
        used = replace(first, title="Aides", updated_at=LATER)
        with open_work() as work:
            work.conversations.update(used)
            work.commit()

        with open_work() as work:
            found = work.conversations.list_recent(scope=world.here.scope, limit=2)
            assert found == [used, second]
            assert work.conversations.find(third.id, scope=world.here.scope) == third

    def test_messages_keep_their_order(self, open_work: UnitOfWorkFactory, world: World) -> None:
        conversation = store_conversation(open_work, world.here)
        answer = make_answer(world.here, conversation_id=conversation.id)
        question, reply = make_messages(answer, conversation_id=conversation.id)
        with open_work() as work:
            work.conversations.add_message(question)
            work.conversations.add_message(reply)
            work.answers.add(answer)
            work.conversations.set_message_text(answer.id, text="40 % [1].")
            work.commit()

        with open_work() as work:
            found = work.conversations.messages(conversation.id, scope=world.here.scope)
        assert found == [question, replace(reply, text="40 % [1].")]

    def test_deletion_takes_messages_and_answers_along(
        self, open_work: UnitOfWorkFactory, world: World
    ) -> None:
        conversation = store_conversation(open_work, world.here)
        answer = make_answer(world.here, conversation_id=conversation.id)
        scope = world.here.scope
        with open_work() as work:
            work.answers.add(answer)
            for message in make_messages(answer, conversation_id=conversation.id):
                work.conversations.add_message(message)
            work.answers.append_events(answer.id, [NumberedEvent(1, TextDelta("a"))])
            work.commit()
        with open_work() as work:
            work.conversations.delete(conversation.id, scope=scope)
            work.commit()

        with open_work() as work:
            assert work.conversations.messages(conversation.id, scope=scope) == []
            assert work.answers.find(answer.id, scope=scope) is None
            assert work.answers.events_after(answer.id, number=0, scope=scope) == []
            with pytest.raises(Conflict):
                work.answers.append_events(answer.id, [NumberedEvent(2, TextDelta("b"))])
        with open_work() as work, pytest.raises(NotFound):
            work.conversations.update(conversation)

    def test_only_the_reader_deletes(self, open_work: UnitOfWorkFactory, world: World) -> None:
        conversation = store_conversation(open_work, world.here)

        for scope in (world.there.scope, world.colleague().scope):
            with open_work() as work, pytest.raises(NotFound):
                work.conversations.delete(conversation.id, scope=scope)
        with open_work() as work:
            assert work.conversations.find(conversation.id, scope=world.here.scope)


class AnswerContract(RepositoryContract):
    """Promises of `AnswerRepository`."""

    @pytest.fixture
    def answer_id(self, open_work: UnitOfWorkFactory, world: World) -> AnswerId:
        """A running answer of here."""
        answer = make_answer(world.here)
        with open_work() as work:
            work.answers.add(answer)
            work.commit()
        return answer.id

    def test_events_are_replayed_as_they_were(
        self, open_work: UnitOfWorkFactory, world: World, answer_id: AnswerId
    ) -> None:
        events = every_event(open_work, world.here)
        with open_work() as work:
            work.answers.append_events(answer_id, events[:2])
            work.answers.append_events(answer_id, events[2:])
            work.answers.append_events(answer_id, [])
            work.commit()

        with open_work() as work:
            after = work.answers.events_after
            assert after(answer_id, number=0, scope=world.here.scope) == events
            assert after(answer_id, number=3, scope=world.here.scope) == events[3:]

    def test_a_citation_stays_when_its_document_goes(
        self, open_work: UnitOfWorkFactory, world: World, answer_id: AnswerId
    ) -> None:
        events = every_event(open_work, world.here)
        with open_work() as work:
            work.answers.append_events(answer_id, events)
            for document in work.documents.list_of_source(
                "upload", collection_id=world.here.collection_id, scope=world.here.scope
            ):
                work.documents.delete(document.id, scope=world.here.scope, now=NOON)
            work.commit()

        with open_work() as work:
            found = work.answers.events_after(answer_id, number=0, scope=world.here.scope)
        assert found == events

    def test_a_number_is_kept_once(self, open_work: UnitOfWorkFactory, answer_id: AnswerId) -> None:
        with open_work() as work:
            work.answers.append_events(answer_id, [NumberedEvent(1, TextDelta("a"))])
            work.commit()

        with open_work() as work, pytest.raises(Conflict):
            work.answers.append_events(answer_id, [NumberedEvent(1, TextDelta("b"))])

    def test_ends_once(
        self, open_work: UnitOfWorkFactory, world: World, answer_id: AnswerId
    ) -> None:
        with open_work() as work:
            assert [answer.id for answer in work.answers.running()] == [answer_id]
            work.answers.finish(answer_id, status=AnswerStatus.ANSWERED, now=LATER)
            work.answers.finish(answer_id, status=AnswerStatus.FAILED, now=NOON)
            work.commit()

        with open_work() as work:
            found = work.answers.find(answer_id, scope=world.here.scope)
            assert found is not None
            assert (found.status, found.finished_at) == (AnswerStatus.ANSWERED, LATER)
            assert work.answers.running() == []

    def test_a_running_answer_may_be_cancelled_by_its_reader(
        self, open_work: UnitOfWorkFactory, world: World, answer_id: AnswerId
    ) -> None:
        with open_work() as work:
            ask = work.answers.request_cancel
            assert not ask(answer_id, scope=world.there.scope)
            assert not ask(answer_id, scope=world.colleague().scope)
            assert not work.answers.is_cancel_requested(answer_id)
            assert ask(answer_id, scope=world.here.scope)
            assert work.answers.is_cancel_requested(answer_id)
            work.answers.finish(answer_id, status=AnswerStatus.CANCELLED, now=LATER)
            assert not ask(answer_id, scope=world.here.scope)

    def test_all_running_answers_of_a_person_are_asked_to_stop(
        self, open_work: UnitOfWorkFactory, world: World, answer_id: AnswerId
    ) -> None:
        other = make_answer(world.there)
        with open_work() as work:
            work.answers.add(other)
            work.answers.request_cancel_of(world.here.person_id)
            work.commit()

        with open_work() as work:
            assert work.answers.is_cancel_requested(answer_id)
            assert not work.answers.is_cancel_requested(other.id)

    def test_what_ended_outside_conversations_is_forgotten_the_oldest_first(
        self, open_work: UnitOfWorkFactory, world: World, answer_id: AnswerId
    ) -> None:
        conversation = store_conversation(open_work, world.here)
        kept = make_answer(world.here, conversation_id=conversation.id)
        first, second, late = (
            make_answer(reader) for reader in (world.here, world.there, world.here)
        )
        with open_work() as work:
            for answer in (kept, first, second, late):
                work.answers.add(answer)
                at = LATER if answer is late else NOON
                work.answers.finish(answer.id, status=AnswerStatus.ANSWERED, now=at)
            work.answers.append_events(first.id, [NumberedEvent(1, TextDelta("a"))])
            work.commit()

        with open_work() as work:
            forget = work.answers.forget_stateless
            assert forget(ended_before=NOON, limit=9) == 0
            assert forget(ended_before=LATER, limit=1) == 1
            assert work.answers.find(first.id, scope=world.here.scope) is None
            assert work.answers.find(second.id, scope=world.there.scope)
            assert forget(ended_before=LATER, limit=9) == 1
            assert forget(ended_before=LATER, limit=9) == 0
            for left in (answer_id, kept.id, late.id):
                assert work.answers.find(left, scope=world.here.scope)
            with pytest.raises(Conflict):
                work.answers.append_events(first.id, [NumberedEvent(2, TextDelta("b"))])


def store_conversation(
    open_work: UnitOfWorkFactory, reader: Reader, *, minutes: int = 0
) -> Conversation:
    """Store a conversation begun some minutes after noon."""
    conversation = make_conversation(reader, at=NOON + timedelta(minutes=minutes))
    with open_work() as work:
        work.conversations.add(conversation)
        work.commit()
    return conversation


def every_event(open_work: UnitOfWorkFactory, reader: Reader) -> list[NumberedEvent]:
    """One event of each kind, about a stored chunk."""
    stored = store_live(open_work, reader)
    with open_work() as work:
        chunk = work.chunks.find_live(stored.chunk_ids, scope=reader.scope)[stored.chunk_ids[0]]
    citation = Citation(1, chunk, "Le taux de subvention est fixé à 40 %", also=(chunk,), page=2)
    mark = Mark(MarkKind.PERCENTAGE, "Et 50 % [1].", 0, 12, words=("50 %",), markers=(1,))
    completed = AnswerCompleted(
        status=AnswerStatus.ANSWERED,
        text="40 % [1].",
        citations=(citation,),
        marks=(mark,),
        model="mistral-small",
        tokens=TokenUsage(900, 12, is_estimated=True),
        first_token_ms=180,
        notices=(Notice("answer_cut"), Notice("passages_dropped", {"count": 3})),
    )
    events = (
        RetrievalCompleted((Passage(1, chunk, also=(chunk,), page=2),), "Quel taux en 2025 ?"),
        TextDelta("40 % 🙂"),
        CitationAdded(citation),
        SentenceMarked(mark),
        completed,
        AnswerFailed("model_busy", {"seconds": 2.5, "name": "é"}),
    )
    return [NumberedEvent(number, event) for number, event in enumerate(events, start=1)]
