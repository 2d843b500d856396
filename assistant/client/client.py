"""The API as Python calls, for the command line, the interface and scripts."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from assistant.client.audit import AuditCalls
from assistant.client.conversations import ConversationCalls
from assistant.client.curation import CurationCalls
from assistant.client.errors import ClientError
from assistant.client.evaluations import EvaluationCalls
from assistant.client.files import FileCalls
from assistant.client.following import Follower
from assistant.client.generations import GenerationCalls
from assistant.client.organisation import PeopleCalls, TenantCalls
from assistant.client.sources import SourceCalls
from assistant.client.transport import Transport
from assistant.client.upkeep import UpkeepCalls
from assistant.schemas.answers import AnswerEventOut, AnswerIn, AnswerOut
from assistant.schemas.search import SearchIn, SearchOut
from assistant.schemas.service import ExampleQuestions, HealthOut, MeOut, ReadyOut, SignInLinkOut
from assistant.schemas.sessions import EndedSessionsOut, SessionOut, SignInWayOut

_ANSWER_S = 660.0
"""A whole answer: the model's own limit and the retrieval before it."""


class AssistantClient(
    FileCalls,
    CurationCalls,
    EvaluationCalls,
    TenantCalls,
    PeopleCalls,
    AuditCalls,
    ConversationCalls,
    SourceCalls,
    UpkeepCalls,
    GenerationCalls,
):
    """Calls the API for one caller. Every method raises `ClientError` when its call fails."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        cookie: str | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        """Speak to a service.

        Args:
            base_url: Scheme, host and port, without `/api`.
            token: Local token of the machine's owner.
            cookie: Value of a browser's session cookie; ignored with a token.
            http: Connections to use instead of its own, such as a test's.
        """
        super().__init__(Transport(base_url, token=token, cookie=cookie, http=http))

    def with_cookie(self, cookie: str | None) -> AssistantClient:
        """The same connections, speaking for the person of another session."""
        twin = AssistantClient.__new__(AssistantClient)
        FileCalls.__init__(twin, self._transport.speaking_for(cookie=cookie))
        return twin

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def health(self) -> HealthOut:
        """That the process answers."""
        return self._transport.call("GET", "/api/health", returns=HealthOut)

    def ready(self) -> ReadyOut:
        """What works now."""
        return self._transport.call("GET", "/api/ready", returns=ReadyOut)

    def list_sign_in_ways(self) -> list[SignInWayOut]:
        """The identity providers a person may sign in through."""
        return self._transport.call("GET", "/api/auth/ways", returns=list[SignInWayOut])

    def me(self) -> MeOut:
        """Who this client speaks for."""
        return self._transport.call("GET", "/api/v1/me", returns=MeOut)

    def issue_link(self) -> SignInLinkOut:
        """A new single-use sign-in link for the machine's owner; needs the local token."""
        return self._transport.call("POST", "/api/auth/links", returns=SignInLinkOut)

    def sign_out(self) -> None:
        """End the session of the cookie."""
        self._transport.send("POST", "/api/auth/sign-out")

    def list_sessions(self) -> list[SessionOut]:
        """The caller's sessions that have not ended, the last used first."""
        return self._transport.call("GET", "/api/v1/sessions", returns=list[SessionOut])

    def end_session(self, session_id: str) -> None:
        """End one of the caller's sessions."""
        self._transport.send("DELETE", f"/api/v1/sessions/{session_id}")

    def end_other_sessions(self) -> EndedSessionsOut:
        """End all of the caller's sessions but the one that asks."""
        return self._transport.call("DELETE", "/api/v1/sessions", returns=EndedSessionsOut)

    def examples(self, *, limit: int = 4) -> ExampleQuestions:
        """Questions to start with."""
        return self._transport.call(
            "GET", "/api/v1/examples", returns=ExampleQuestions, params={"limit": limit}
        )

    def search(self, query: str, *, limit: int = 10, id: str = "") -> SearchOut:
        """The best passages for a text, best first."""
        body = SearchIn(query=query, limit=limit, id=id).model_dump(mode="json")
        return self._transport.call("POST", "/api/v1/search", returns=SearchOut, json=body)

    def ask(self, question: str, *, after: str = "", id: str = "") -> AnswerOut:
        """A whole answer. Leaving before its end stops it."""
        body = AnswerIn(question=question, after=after, id=id).model_dump(mode="json")
        return self._transport.call(
            "POST", "/api/v1/answers", returns=AnswerOut, json=body, timeout=_ANSWER_S
        )

    def stream_answer(
        self, question: str, *, after: str = "", id: str = ""
    ) -> Iterator[AnswerEventOut]:
        """The events of a new answer as they come; a cut connection is taken up again.

        Raises:
            ClientError: Also "stream_cut" when the end never comes.
        """
        body = AnswerIn(question=question, after=after, id=id).model_dump(mode="json")
        follower = Follower(self._transport, answer_id="")
        headers = {"Accept": "text/event-stream"}
        try:
            with self._transport.stream(
                "POST", "/api/v1/answers", json=body, headers=headers
            ) as response:
                follower.answer_id = response.headers.get("X-Answer-Id", "")
                yield from follower.read(response)
        except ClientError as error:
            is_cut = error.code in {"server_unreachable", "server_timeout"}
            if not (is_cut and follower.answer_id):
                raise
        yield from follower.follow()

    def answer_events(self, answer_id: str, *, after: int = 0) -> Iterator[AnswerEventOut]:
        """Events of an answer with a number above `after`, until its end, each once.

        Raises:
            ClientError: Also "stream_cut" when the end never comes.
        """
        return Follower(self._transport, answer_id=answer_id, number=after).follow()

    def get_answer(self, answer_id: str) -> AnswerOut:
        """An answer as it stands now."""
        return self._transport.call("GET", f"/api/v1/answers/{answer_id}", returns=AnswerOut)

    def cancel_answer(self, answer_id: str) -> None:
        """Stop an answer; what it said stays."""
        self._transport.send("POST", f"/api/v1/answers/{answer_id}/cancel")
