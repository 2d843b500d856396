"""What `assistant audit conversations | read` write."""

from __future__ import annotations

from assistant.cli.console import moment, note, plural, say
from assistant.schemas.conversations import InspectedConversation
from assistant.schemas.inspections import ConversationFactsOut


def facts_line(facts: ConversationFactsOut) -> str:
    """A conversation on one line, without a word of it."""
    return (
        f"{facts.id}  {facts.pseudonym}  {plural(facts.questions, 'question'):<14}"
        f"  du {moment(facts.created_at)} au {moment(facts.updated_at)}"
    )


def show_conversation(opened: InspectedConversation) -> None:
    """A conversation that was opened for a reason."""
    note(f"Consultée le {moment(opened.made_at)}. Motif montré à la personne : {opened.reason}")
    say(opened.conversation.title or "Sans titre")
    for message in opened.messages:
        who = opened.pseudonym if message.author == "person" else "assistant"
        withheld = message.answer.notice if message.answer and message.answer.is_withheld else ""
        say(f"\n[{who}] {withheld or message.text}")
