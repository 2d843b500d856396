"""Conversations of people who agreed, out to lines of an archive and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from assistant.domain.answers import (
    Answer,
    AnswerCompleted,
    AnswerEvent,
    AnswerStatus,
    Citation,
    CitationAdded,
    NumberedEvent,
    Passage,
    RetrievalCompleted,
)
from assistant.domain.catalogue import sentence
from assistant.domain.conversations import Conversation, Message
from assistant.domain.errors import InvalidInput
from assistant.domain.feedback import Feedback
from assistant.domain.ids import (
    AnswerId,
    CollectionId,
    ConversationId,
    InspectionId,
    MessageId,
    PersonId,
    TenantId,
)
from assistant.domain.inspections import Inspection
from assistant.domain.people import Person
from assistant.domain.tenancy import Scope
from assistant.ports.moving import EventCodec
from assistant.ports.repositories import UnitOfWork
from assistant.services.answer_record import citations_of
from assistant.services.archive_lines import (
    CONVERSATIONS,
    AnswerLine,
    CitationLine,
    ConversationLine,
    EventLine,
    FeedbackLine,
    InspectionLine,
    MessageLine,
)
from assistant.services.feedback import keep_feedback

_ALL = 1_000_000


def conversation_lines(
    work: UnitOfWork, people: Iterable[Person], *, codec: EventCodec
) -> Iterator[ConversationLine]:
    """The conversations of those who agreed that they leave.

    Args:
        work: Of one snapshot.
        people: Of one tenant.
        codec: Writes events down.
    """
    for person in people:
        if not person.export_consent:
            continue
        scope = Scope(person.tenant_id, person.id, frozenset())
        made = work.inspections.list_own(scope=scope)[::-1]
        for found in work.conversations.list_recent(scope=scope, limit=_ALL):
            messages = work.conversations.messages(found.id, scope=scope)
            yield ConversationLine(
                id=found.id,
                person=person.id,
                title=found.title,
                created_at=found.created_at,
                updated_at=found.updated_at,
                messages=[_message_line(work, each, scope=scope, codec=codec) for each in messages],
                inspections=[
                    _inspection_line(each.inspection)
                    for each in made
                    if each.inspection.conversation_id == found.id
                ],
            )


def keep_conversation(
    work: UnitOfWork, line: ConversationLine, *, tenant_id: TenantId, codec: EventCodec
) -> None:
    """Keep a conversation of an archive.

    Raises:
        InvalidInput: An event is none ("archive_line_refused").
        Conflict: One of its ids is taken.
    """
    conversation = Conversation(
        id=ConversationId(line.id),
        tenant_id=tenant_id,
        person_id=PersonId(line.person),
        title=line.title,
        created_at=line.created_at,
        updated_at=line.updated_at,
    )
    work.conversations.add(conversation)
    for message in line.messages:
        if message.answer is not None:
            _keep_answer(work, message.answer, of=conversation, codec=codec)
        answer_id = None if message.answer is None else AnswerId(message.answer.id)
        work.conversations.add_message(
            Message(
                id=MessageId(message.id),
                conversation_id=conversation.id,
                author=message.author,
                text=message.text,
                answer_id=answer_id,
                created_at=message.created_at,
            )
        )
    for inspection in line.inspections:
        work.inspections.add(_inspection(inspection, of=conversation))


def _message_line(
    work: UnitOfWork, message: Message, *, scope: Scope, codec: EventCodec
) -> MessageLine:
    answer = None
    if message.answer_id is not None:
        found = work.answers.find(message.answer_id, scope=scope)
        if found is not None and found.status is not AnswerStatus.RUNNING:
            events = work.answers.events_after(found.id, number=0, scope=scope)
            said = work.feedback.find([found.id], scope=scope).get(found.id)
            answer = _answer_line(found, events, said=said, codec=codec)
    is_withheld = answer is not None and answer.withheld
    return MessageLine(
        id=message.id,
        author=message.author,
        text=sentence("answer_not_exported") if is_withheld else message.text,
        created_at=message.created_at,
        answer=answer,
    )


def _answer_line(
    answer: Answer, events: Sequence[NumberedEvent], *, said: Feedback | None, codec: EventCodec
) -> AnswerLine:
    is_withheld = any(
        tenant_id != answer.tenant_id for each in events for tenant_id in _owners(each.event)
    )
    kept = [] if is_withheld else list(events)
    return AnswerLine(
        id=answer.id,
        question=answer.question,
        status=answer.status,
        created_at=answer.created_at,
        finished_at=answer.finished_at,
        withheld=is_withheld,
        citations=[_citation_line(each) for each in citations_of(kept)],
        events=[
            EventLine(number=each.number, event=json.loads(codec.dump(each.event))) for each in kept
        ],
        feedback=None if said is None else _feedback_line(said),
    )


def _owners(event: AnswerEvent) -> Iterator[TenantId]:
    """Whose passages an event carries."""
    shown: Sequence[Passage | Citation] = ()
    match event:
        case RetrievalCompleted():
            shown = event.passages
        case CitationAdded():
            shown = (event.citation,)
        case AnswerCompleted():
            shown = event.citations
        case _:
            pass
    for each in shown:
        yield each.chunk.tenant_id
        yield from (chunk.tenant_id for chunk in each.also)


def _citation_line(citation: Citation) -> CitationLine:
    chunk = citation.chunk
    return CitationLine(
        marker=citation.marker,
        document=chunk.document_id,
        file=chunk.file,
        title=chunk.title,
        page=citation.page,
        quote=citation.quote,
    )


def _keep_answer(
    work: UnitOfWork, line: AnswerLine, *, of: Conversation, codec: EventCodec
) -> None:
    answer = Answer(
        id=AnswerId(line.id),
        tenant_id=of.tenant_id,
        person_id=of.person_id,
        conversation_id=of.id,
        question=line.question,
        status=line.status,
        created_at=line.created_at,
        finished_at=line.finished_at,
    )
    work.answers.add(answer)
    work.answers.append_events(answer.id, [_event(each, codec=codec) for each in line.events])
    if line.feedback is not None:
        keep_feedback(work, _feedback(line.feedback, of=answer))


def _feedback_line(feedback: Feedback) -> FeedbackLine:
    return FeedbackLine(
        verdict=feedback.verdict,
        reasons=list(feedback.reasons),
        comment=feedback.comment,
        is_shared=feedback.is_shared,
        month=feedback.month,
        collections=list(feedback.collections),
        given_at=feedback.given_at,
    )


def _feedback(line: FeedbackLine, *, of: Answer) -> Feedback:
    return Feedback(
        answer_id=of.id,
        tenant_id=of.tenant_id,
        person_id=of.person_id,
        verdict=line.verdict,
        reasons=tuple(line.reasons),
        comment=line.comment,
        is_shared=line.is_shared,
        month=line.month,
        collections=tuple(map(CollectionId, line.collections)),
        given_at=line.given_at,
    )


def _inspection_line(made: Inspection) -> InspectionLine:
    return InspectionLine(
        id=made.id,
        reason=made.reason,
        is_of_platform=made.is_of_platform,
        made_at=made.made_at,
        seen_at=made.seen_at,
    )


def _inspection(line: InspectionLine, *, of: Conversation) -> Inspection:
    return Inspection(
        id=InspectionId(line.id),
        tenant_id=of.tenant_id,
        person_id=of.person_id,
        conversation_id=of.id,
        reason=line.reason,
        is_of_platform=line.is_of_platform,
        made_at=line.made_at,
        seen_at=line.seen_at,
    )


def _event(line: EventLine, *, codec: EventCodec) -> NumberedEvent:
    try:
        event = codec.load(json.dumps(line.event))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput("archive_line_refused", file=CONVERSATIONS, line=line.number) from error
    return NumberedEvent(line.number, event)
