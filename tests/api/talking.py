"""Conversations held over the API, for tests of what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

QUESTION = "Le transport scolaire est-il gratuit ?"


@dataclass(frozen=True)
class Talk:
    """A conversation of one question and its answer."""

    conversation_id: str
    answer_id: str

    @property
    def path(self) -> str:
        """Of the conversation."""
        return f"/api/v1/conversations/{self.conversation_id}"

    @property
    def feedback_path(self) -> str:
        """Of what its person says of the answer."""
        return f"/api/v1/answers/{self.answer_id}/feedback"


async def talk(http: httpx.AsyncClient, question: str = QUESTION) -> Talk:
    """Ask a question in a new conversation, and wait for the end of its answer."""
    conversation = (await http.post("/api/v1/conversations", json={})).json()["id"]
    asked = {"question": question}
    started = await http.post(f"/api/v1/conversations/{conversation}/messages", json=asked)
    assert started.status_code == 202, started.text
    answer = started.json()["answer_id"]
    await http.get(f"/api/v1/answers/{answer}/events")
    return Talk(conversation, answer)


async def answer_of(http: httpx.AsyncClient, talked: Talk) -> dict[str, Any]:
    """The answer as its conversation shows it now."""
    detail = (await http.get(talked.path)).json()
    return detail["messages"][1]["answer"]
