"""An API in memory, with the methods of `AssistantClient` that the pages use."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from assistant.client import ClientError
from assistant.schemas.answers import (
    AnswerEventOut,
    AnswerOut,
    AnswerStarted,
    CitationOut,
    CompletedEvent,
    DeltaEvent,
    ErrorEvent,
    MarkOut,
    RetrievalEvent,
    TokensOut,
)
from assistant.schemas.collections import CollectionOut
from assistant.schemas.conversations import ConversationDetail, ConversationOut, MessageOut
from assistant.schemas.documents import (
    DocumentCountsOut,
    DocumentOut,
    DocumentPage,
    JobItemOut,
    JobOut,
    LinkEndOut,
    LinkOut,
)
from assistant.schemas.feedback import FeedbackIn, FeedbackOut
from assistant.schemas.search import BoxOut, LocatorOut
from assistant.schemas.service import ExampleQuestions, MeOut
from assistant.schemas.sessions import SignInWayOut
from assistant.schemas.wire import Problem

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def problem(code: str, *, status: int = 500, detail: str = "Le service a un souci.") -> Problem:
    return Problem(
        type=f"urn:assistant:error:{code}",
        title="Erreur",
        status=status,
        detail=detail,
        instance="/api/v1",
        code=code,
        request_id="req-1",
    )


def citation(
    marker: int = 1, *, page: int | None = 3, title: str = "Règlement des aides"
) -> CitationOut:
    pages = [] if page is None else [page]
    return CitationOut(
        marker=marker,
        chunk_id=f"chunk-{marker}",
        document_id="document-1",
        file="reglement.pdf",
        title=title,
        kind="reglement",
        date=date(2024, 2, 3),
        page=page,
        locator=LocatorOut(
            pages=pages,
            boxes=[BoxOut(page=one, left=0.1, top=0.2, right=0.9, bottom=0.25) for one in pages],
            section=["Titre II", "Article 4"],
            first_block=4,
            last_block=5,
        ),
        text="Le taux de l'aide est fixé à 30 % des dépenses éligibles.",
        view_url=f"/api/v1/passages/chunk-{marker}/view",
    )


def mark(sentence: str, text: str) -> MarkOut:
    return MarkOut(
        kind="number",
        sentence=sentence,
        start=text.index(sentence),
        end=text.index(sentence) + len(sentence),
        words=["9 <b>"],
        markers=[1],
        found_in=[],
        reason="« 9 <b> » ne figure pas dans la source [1]",
    )


def answer(
    text: str = "Le taux est de **30 %** [1].",
    *,
    status: str = "answered",
    citations: Sequence[CitationOut] | None = None,
    **changes: object,
) -> AnswerOut:
    values: dict[str, object] = {
        "id": "answer-1",
        "answer_id": "answer-1",
        "status": status,
        "answer": text,
        "citations": [citation()] if citations is None else list(citations),
        "unsupported": [],
        "model": "mistral-small",
        "tokens": TokensOut(prompt=900, completion=40, is_estimated=False),
        "first_token_ms": 120,
        "notice": None,
    }
    return AnswerOut.model_validate(values | changes)


def document(name: str, **changes: object) -> DocumentOut:
    values: dict[str, object] = {
        "id": f"id-{name}",
        "collection_id": "default",
        "source": "upload",
        "name": name,
        "title": name.rsplit(".", 1)[0].capitalize(),
        "state": "live",
        "format": name.rsplit(".", 1)[-1],
        "kind": "reglement",
        "date": date(2024, 2, 3),
        "page_count": 12,
        "chunk_count": 40,
        "size_bytes": 120_000,
        "notices": [],
        "reason_code": None,
        "reason": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return DocumentOut.model_validate(values | changes)


def link(identifier: str = "link-1", **changes: object) -> LinkOut:
    values: dict[str, object] = {
        "id": identifier,
        "kind": "replaces",
        "state": "proposed",
        "source": LinkEndOut(
            document_id="new", name="nouveau.pdf", title="Délibération n° 2", date=date(2025, 3, 20)
        ),
        "target": LinkEndOut(
            document_id="old", name="ancien.pdf", title="Délibération n° 1", date=None
        ),
        "evidence": "La présente abroge et remplace la délibération n° 1.",
        "created_at": NOW,
        "decided_by": None,
        "decided_at": None,
    }
    return LinkOut.model_validate(values | changes)


def job(state: str = "running", **changes: object) -> JobOut:
    values: dict[str, object] = {
        "id": "job-1",
        "kind": "ingest",
        "source": "upload",
        "state": state,
        "collection_id": "default",
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": None,
        "total": 10,
        "done": 4,
        "counts": {"indexed": 4, "pending": 6},
        "chunks": 120,
        "pages": 40,
        "elapsed_s": 8.0,
        "files_per_s": 0.5,
        "left_s": 12.0,
    }
    return JobOut.model_validate(values | changes)


def job_item(state: str = "failed", **changes: object) -> JobItemOut:
    values: dict[str, object] = {
        "id": "i1",
        "name": "plan.pdf",
        "state": state,
        "document_id": None,
        "chunks": 0,
        "pages": 0,
        "reason_code": "pdf_encrypted",
        "reason": "Ce PDF est protégé par un mot de passe.",
    }
    return JobItemOut.model_validate(values | changes)


@dataclass
class ScriptedClient:
    """Holds what the API would; calls that change something are noted in `calls`."""

    documents: list[DocumentOut] = field(default_factory=lambda: [document("reglement.pdf")])
    jobs: list[JobOut] = field(default_factory=list[JobOut])
    job_items: list[JobItemOut] = field(default_factory=lambda: [job_item()])
    links: list[LinkOut] = field(default_factory=list[LinkOut])
    conversations: dict[str, ConversationDetail] = field(
        default_factory=dict[str, ConversationDetail]
    )
    script: list[AnswerEventOut | float] = field(default_factory=list[AnswerEventOut | float])
    """Events of the next answers; a number is a pause in seconds."""
    questions: list[str] = field(default_factory=lambda: ["Quel est le taux de l'aide ?"])
    ways: list[SignInWayOut] = field(default_factory=list[SignInWayOut])
    is_admin: bool = True
    failure: Problem | None = None
    """Raised by every call, when set."""
    refuse_questions: Problem | None = None
    """Raised by `post_message`, when set."""
    refuse_changes: Problem | None = None
    """Raised by whatever changes something else, when set."""
    calls: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])

    def list_sign_in_ways(self) -> list[SignInWayOut]:
        return self.ways

    def me(self) -> MeOut:
        self._check()
        roles = ["agent", "tenant_admin"] if self.is_admin else ["agent"]
        return MeOut(person_id="me", roles=roles, is_admin=self.is_admin, max_file_mb=50)

    def examples(self, *, limit: int = 4) -> ExampleQuestions:
        self._check()
        return ExampleQuestions(questions=self.questions[:limit])

    def list_conversations(self, *, limit: int = 50) -> list[ConversationOut]:
        self._check()
        return [one.conversation for one in self.conversations.values()][:limit]

    def create_conversation(self, *, title: str = "") -> ConversationOut:
        self._check()
        made = ConversationOut(
            id=f"c{len(self.conversations) + 1}", title=title, created_at=NOW, updated_at=NOW
        )
        self.conversations[made.id] = ConversationDetail(conversation=made, messages=[])
        return made

    def get_conversation(self, conversation_id: str) -> ConversationDetail:
        self._check()
        found = self.conversations.get(conversation_id)
        if found is None:
            raise ClientError(problem("not_found", status=404))
        return found

    def rename_conversation(self, conversation_id: str, *, title: str) -> ConversationOut:
        self._check_change()
        self.calls.append(("rename", conversation_id, title))
        detail = self.get_conversation(conversation_id)
        renamed = detail.conversation.model_copy(update={"title": title})
        self.conversations[conversation_id] = detail.model_copy(update={"conversation": renamed})
        return renamed

    def delete_conversation(self, conversation_id: str) -> None:
        self.calls.append(("delete", conversation_id))
        del self.conversations[conversation_id]

    def post_message(self, conversation_id: str, question: str) -> AnswerStarted:
        self._check()
        if self.refuse_questions is not None:
            raise ClientError(self.refuse_questions)
        self.calls.append(("ask", conversation_id, question))
        self.add_messages(conversation_id, question, answer("", status="running", citations=[]))
        return AnswerStarted(answer_id="answer-1", conversation_id=conversation_id)

    def add_messages(self, conversation_id: str, question: str, reply: AnswerOut) -> None:
        detail = self.conversations[conversation_id]
        count = len(detail.messages)
        asked = MessageOut(
            id=f"m{count}", author="person", text=question, answer=None, created_at=NOW
        )
        replied = MessageOut(
            id=f"m{count + 1}", author="assistant", text="", answer=reply, created_at=NOW
        )
        self.conversations[conversation_id] = detail.model_copy(
            update={"messages": [*detail.messages, asked, replied]}
        )

    def answer_events(self, answer_id: str, *, after: int = 0) -> Iterator[AnswerEventOut]:
        for step in self.script[after:]:
            if isinstance(step, float | int):
                time.sleep(step)
                continue
            if isinstance(step, CompletedEvent):
                self._end(step.answer)
            if isinstance(step, ErrorEvent):
                self._end(answer("", status="failed", citations=[], error=step.problem))
            yield step

    def _end(self, reply: AnswerOut) -> None:
        for conversation_id, detail in self.conversations.items():
            messages = [
                one.model_copy(update={"answer": reply, "text": reply.answer})
                if one.answer and one.answer.status == "running"
                else one
                for one in detail.messages
            ]
            self.conversations[conversation_id] = detail.model_copy(update={"messages": messages})

    def give_feedback(self, answer_id: str, asked: FeedbackIn) -> FeedbackOut:
        self._check_change()
        self.calls.append(("feedback", answer_id, asked.model_dump(exclude_defaults=True)))
        given = FeedbackOut(
            verdict=asked.verdict,
            reasons=asked.reasons,
            comment=asked.comment,
            is_shared=asked.is_shared,
            given_at=NOW,
        )
        self.say(answer_id, given)
        return given

    def withdraw_feedback(self, answer_id: str) -> None:
        self._check_change()
        self.calls.append(("withdraw", answer_id))
        self.say(answer_id, None)

    def say(self, answer_id: str, given: FeedbackOut | None) -> None:
        for conversation_id, detail in self.conversations.items():
            messages = [
                one.model_copy(update={"feedback": given})
                if one.answer and one.answer.answer_id == answer_id
                else one
                for one in detail.messages
            ]
            self.conversations[conversation_id] = detail.model_copy(update={"messages": messages})

    def cancel_answer(self, answer_id: str) -> None:
        self.calls.append(("stop", answer_id))
        self._end(answer("Début", status="cancelled", citations=[]))

    def list_collections(self) -> list[CollectionOut]:
        return []

    def list_documents(
        self,
        *,
        state: str | None = None,
        name: str = "",
        limit: int = 50,
        offset: int = 0,
        **wanted: object,
    ) -> DocumentPage:
        del wanted
        self._check()
        states = [one.state for one in self.documents]
        counts = DocumentCountsOut(
            pending=states.count("pending"),
            live=states.count("live"),
            failed=states.count("failed"),
            excluded=states.count("excluded"),
            chunks=sum(one.chunk_count for one in self.documents),
        )
        chosen = [
            one
            for one in self.documents
            if state in {None, one.state} and name.casefold() in one.name.casefold()
        ]
        return DocumentPage(documents=chosen[offset : offset + limit], counts=counts)

    def get_document(self, document_id: str) -> DocumentOut:
        return next(one for one in self.documents if one.id == document_id)

    def list_links(self, *, state: str = "proposed", limit: int = 50) -> list[LinkOut]:
        self._check()
        return [one for one in self.links if one.state == state][:limit]

    def decide_link(self, link: LinkOut, *, is_confirmed: bool) -> LinkOut:
        self._check_change()
        self.calls.append(("decide-link", link.id, is_confirmed))
        self.links = [one for one in self.links if one.id != link.id]
        return link.model_copy(update={"state": "confirmed" if is_confirmed else "rejected"})

    def delete_document(self, document_id: str) -> None:
        self.calls.append(("delete-document", document_id))
        self.documents = [one for one in self.documents if one.id != document_id]

    def reindex(self, document_ids: Sequence[str] | None = None, *, force: bool = True) -> JobOut:
        self.calls.append(("reindex", document_ids))
        return job()

    def list_jobs(self, *, limit: int = 10) -> list[JobOut]:
        self._check()
        return self.jobs[:limit]

    def list_job_items(
        self, job_id: str, *, state: str | None = None, limit: int = 50
    ) -> list[JobItemOut]:
        return [item for item in self.job_items if item.state == state][:limit]

    def cancel_job(self, job_id: str) -> JobOut:
        self._check_change()
        self.calls.append(("cancel-job", job_id))
        return job("cancelled")

    def retry_job(self, job_id: str) -> JobOut:
        self.calls.append(("retry-job", job_id))
        return job("queued")

    def _check_change(self) -> None:
        if self.refuse_changes is not None:
            raise ClientError(self.refuse_changes)

    def _check(self) -> None:
        if self.failure is not None:
            raise ClientError(self.failure)


def stream(text: str, *, pause_s: float = 0.0) -> list[AnswerEventOut | float]:
    """Events of an answer with that text, a word at a time."""
    steps: list[AnswerEventOut | float] = [RetrievalEvent(passages=[citation(1), citation(2)])]
    for word in text.split(" "):
        steps += [pause_s, DeltaEvent(text=word + " ")]
    return [*steps, CompletedEvent(answer=answer(text + " "))]
