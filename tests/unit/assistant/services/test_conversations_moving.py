"""Conversations leave with a tenant only by their person's consent, and without texts of others."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from assistant.domain.answers import Answer, AnswerCompleted, AnswerStatus, NumberedEvent
from assistant.domain.conversations import Author, Conversation, Message
from assistant.domain.feedback import CountKey, FeedbackReason, Verdict
from assistant.domain.ids import AnswerId, ConversationId, MessageId, new_id
from assistant.domain.tenancy import Audience, Principal, Role, Scope
from assistant.services.conversations import ConversationService
from assistant.services.feedback import FeedbackService, Opinion
from assistant.services.inspections import InspectionService
from tests.house import House, open_house
from tests.unit.assistant.services.moves import (
    NEIGHBOUR_TEXT,
    QUESTIONS,
    Town,
    asked,
    members_of,
    mover_of,
)

pytestmark = [pytest.mark.anyio, pytest.mark.each_engine]


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


async def talk(town: Town, person: Principal, question: str) -> Conversation:
    """A conversation of one question, answered from the sources."""
    end = await asked(town.house, person, question)
    service = ConversationService(town.house.open_work, town.house.clock)
    conversation = service.create(principal=person, title=question)
    keep(town, conversation, question, end)
    return conversation


def keep(town: Town, conversation: Conversation, question: str, end: AnswerCompleted) -> None:
    now = town.house.clock.now()
    answer = Answer(
        AnswerId(new_id()), conversation.tenant_id, conversation.person_id, conversation.id,
        question, AnswerStatus.RUNNING, now,
    )  # fmt: skip
    with town.house.open_work() as work:
        work.answers.add(answer)
        work.answers.append_events(answer.id, [NumberedEvent(1, end)])
        work.answers.finish(answer.id, status=end.status, now=now)
        for author, text in ((Author.PERSON, question), (Author.ASSISTANT, end.text)):
            work.conversations.add_message(
                Message(
                    MessageId(new_id()), conversation.id, author, text,
                    answer.id if author is Author.ASSISTANT else None, now,
                )
            )  # fmt: skip
        work.commit()


def shown(house: House, person: Principal, conversation_id: ConversationId) -> object:
    """All that its person sees of a conversation."""
    scope = Scope(person.tenant_id, person.person_id, frozenset())
    with house.open_work() as work:
        messages = work.conversations.messages(conversation_id, scope=scope)
        answers = [
            (work.answers.find(each.answer_id, scope=scope),
             work.answers.events_after(each.answer_id, number=0, scope=scope))
            for each in messages if each.answer_id is not None
        ]  # fmt: skip
        return work.conversations.find(conversation_id, scope=scope), messages, answers


async def test_those_who_agreed_find_theirs_again_and_the_others_none(
    town: Town, tmp_path: Path
) -> None:
    mine = await talk(town, town.agent, QUESTIONS[0])
    others = await talk(town, town.accountant, QUESTIONS[2])
    town.organisation.people.consent(town.agent, export=True)
    town.organisation.people.consent(town.accountant, export=True)
    town.organisation.people.consent(town.accountant, export=False)

    unasked = town.export(tmp_path / "without.zip").path
    path = town.export(tmp_path / "commune.zip", with_conversations=True).path
    elsewhere = open_house(tmp_path / "elsewhere")
    mover_of(elsewhere).load(path)

    assert "conversations.jsonl" not in members_of(unasked)
    [line] = members_of(path)["conversations.jsonl"].splitlines()
    assert json.loads(line)["messages"][1]["answer"]["citations"][0]["file"].startswith("cantine/")
    before = shown(town.house, town.agent, mine.id)
    assert shown(elsewhere, town.agent, mine.id) == before
    assert shown(elsewhere, town.accountant, others.id) == (None, [], [])
    elsewhere.close()


async def test_an_answer_from_a_document_of_others_stays_behind(town: Town, tmp_path: Path) -> None:
    town.add_neighbour(audience=Audience.EVERYONE)
    conversation = await talk(town, town.agent, QUESTIONS[4])
    town.organisation.people.consent(town.agent, export=True)

    report = town.export(tmp_path / "commune.zip", with_conversations=True)
    elsewhere = open_house(tmp_path / "elsewhere")
    mover_of(elsewhere).load(report.path)

    held = members_of(report.path)["conversations.jsonl"].decode()
    told = json.loads(held)["messages"][1]
    assert NEIGHBOUR_TEXT in str(shown(town.house, town.agent, conversation.id))
    assert NEIGHBOUR_TEXT not in held
    assert "bassins" not in held
    assert (told["answer"]["withheld"], told["answer"]["events"]) == (True, [])
    assert told["text"].startswith("[Cette réponse")
    assert told["text"] in str(shown(elsewhere, town.agent, conversation.id))
    elsewhere.close()


async def test_what_its_person_said_and_who_read_it_leave_with_a_conversation(
    town: Town, tmp_path: Path
) -> None:
    conversation = await talk(town, town.agent, QUESTIONS[0])
    own = Scope(town.agent.tenant_id, town.agent.person_id, frozenset())
    open_work, clock = town.house.open_work, town.house.clock
    with open_work() as work:
        answer_id = work.conversations.messages(conversation.id, scope=own)[1].answer_id
    assert answer_id is not None
    said = Opinion(Verdict.NOT_USEFUL, [FeedbackReason.OUTDATED], "Le tarif a changé.", True)
    FeedbackService(open_work, clock).give(answer_id, said, scope=own)
    reader = town.joined("auditrice", Role.AUDITOR)
    inspections = InspectionService(open_work, clock, audit=town.audit)
    reason = "Vérification d'un signalement."
    inspections.inspect(
        conversation.id, reason=reason, principal=reader, scope=town.scope_of(reader)
    )
    unasked = town.export(tmp_path / "without.zip", with_conversations=True).path
    town.organisation.people.consent(town.agent, export=True)

    path = town.export(tmp_path / "commune.zip", with_conversations=True).path
    elsewhere = open_house(tmp_path / "elsewhere")
    mover_of(elsewhere).load(path)

    assert "tarif a changé".encode() not in b"".join(members_of(unasked).values())
    here, there = (
        (
            FeedbackService(house.open_work, clock).of_answers([answer_id], scope=own),
            InspectionService(house.open_work, clock, audit=town.audit).list_own(scope=own),
            counts_of(house, town, next(iter(kept_months(house, answer_id, own)))),
        )
        for house in (town.house, elsewhere)
    )
    assert there == here
    assert here[0][answer_id].comment == "Le tarif a changé."
    assert [each.inspection.reason for each in here[1]] == [reason]
    assert len(here[2]) == 4
    elsewhere.close()


def kept_months(house: House, answer_id: AnswerId, scope: Scope) -> list[date]:
    found = FeedbackService(house.open_work, house.clock).of_answers([answer_id], scope=scope)
    return [each.month for each in found.values()]


def counts_of(house: House, town: Town, month: date) -> dict[CountKey, int]:
    with house.open_work() as work:
        return work.feedback.counts(town.commune.id, month=month)
