"""Answers as the product keeps them, without asking anything."""

from __future__ import annotations

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerStatus,
    Citation,
    CitationAdded,
    NumberedEvent,
    Passage,
    RetrievalCompleted,
    TextDelta,
)
from assistant.domain.documents import SourceChunk
from assistant.domain.ids import AnswerId
from assistant.testing.contracts.repositories_world import (
    Reader,
    make_answer,
    make_conversation,
    make_messages,
)
from tests.house import House


def keep_answer(house: House, *chunks: SourceChunk, text: str) -> AnswerId:
    """A conversation of the owner whose answer rests on some passages."""
    reader = Reader(house.scope)
    conversation = make_conversation(reader)
    answer = make_answer(reader, conversation_id=conversation.id)
    citations = tuple(Citation(n, each, each.text) for n, each in enumerate(chunks, start=1))
    completed = AnswerCompleted(
        AnswerStatus.ANSWERED, text, citations, (), model=None, tokens=None, first_token_ms=1
    )
    passages = tuple(Passage(n, each) for n, each in enumerate(chunks, start=1))
    events = (
        RetrievalCompleted(passages),
        TextDelta(text),
        *map(CitationAdded, citations),
        completed,
    )
    with house.open_work() as work:
        work.conversations.add(conversation)
        work.answers.add(answer)
        for message in make_messages(answer, conversation_id=conversation.id):
            work.conversations.add_message(message)
        work.answers.append_events(
            answer.id, [NumberedEvent(n, each) for n, each in enumerate(events, start=1)]
        )
        work.conversations.set_message_text(answer.id, text=text)
        work.answers.finish(answer.id, status=AnswerStatus.ANSWERED, now=house.clock.now())
        work.commit()
    return answer.id
