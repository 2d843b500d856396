"""Calls about conversations, what one says of answers, and who else read them."""

from __future__ import annotations

from assistant.client.transport import Transport
from assistant.schemas.answers import AnswerStarted
from assistant.schemas.conversations import (
    ConversationDetail,
    ConversationIn,
    ConversationOut,
    MessageIn,
)
from assistant.schemas.feedback import FeedbackIn, FeedbackOut, FeedbackReportOut
from assistant.schemas.inspections import OwnInspectionOut


class ConversationCalls:
    """The part of the client that deals with conversations."""

    _transport: Transport

    def list_conversations(self, *, limit: int = 50) -> list[ConversationOut]:
        """The caller's conversations, last used first."""
        return self._transport.call(
            "GET", "/api/v1/conversations", returns=list[ConversationOut], params={"limit": limit}
        )

    def create_conversation(self, *, title: str = "") -> ConversationOut:
        """A new conversation."""
        body = ConversationIn(title=title).model_dump()
        return self._transport.call(
            "POST", "/api/v1/conversations", returns=ConversationOut, json=body
        )

    def get_conversation(self, conversation_id: str) -> ConversationDetail:
        """A conversation with its messages."""
        return self._transport.call(
            "GET", f"/api/v1/conversations/{conversation_id}", returns=ConversationDetail
        )

    def rename_conversation(self, conversation_id: str, *, title: str) -> ConversationOut:
        """Give a conversation another title."""
        return self._transport.call(
            "PATCH",
            f"/api/v1/conversations/{conversation_id}",
            returns=ConversationOut,
            json=ConversationIn(title=title).model_dump(),
        )

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation with its messages and answers."""
        self._transport.send("DELETE", f"/api/v1/conversations/{conversation_id}")

    def post_message(self, conversation_id: str, question: str) -> AnswerStarted:
        """Ask in a conversation; the answer goes on whatever the caller does."""
        return self._transport.call(
            "POST",
            f"/api/v1/conversations/{conversation_id}/messages",
            returns=AnswerStarted,
            json=MessageIn(question=question).model_dump(),
        )

    def give_feedback(self, answer_id: str, asked: FeedbackIn) -> FeedbackOut:
        """Say whether an answer of one's own helped, in the place of what one said before."""
        return self._transport.call(
            "PUT",
            f"/api/v1/answers/{answer_id}/feedback",
            returns=FeedbackOut,
            json=asked.model_dump(mode="json"),
        )

    def withdraw_feedback(self, answer_id: str) -> None:
        """Take back what one said of an answer."""
        self._transport.send("DELETE", f"/api/v1/answers/{answer_id}/feedback")

    def feedback(self, month: str, *, tenant_id: str | None = None) -> FeedbackReportOut:
        """What the people of a tenant said of the answers of a month such as "2026-11"."""
        query = {"month": month} if tenant_id is None else {"month": month, "tenant_id": tenant_id}
        return self._transport.call(
            "GET", "/api/v1/feedback", returns=FeedbackReportOut, params=query
        )

    def list_own_inspections(self) -> list[OwnInspectionOut]:
        """The conversations of one's own that an auditor read, the newest first."""
        path = "/api/v1/me/inspections"
        return self._transport.call("GET", path, returns=list[OwnInspectionOut])

    def note_inspections_seen(self) -> None:
        """Say that one knows of them."""
        self._transport.send("POST", "/api/v1/me/inspections/seen")
