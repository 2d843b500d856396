"""Calls about the care of the index and of what is indexed."""

from __future__ import annotations

from assistant.client.transport import Transport
from assistant.schemas.corpus_health import CorpusHealthOut, KeepingIn, KeptQuestionsOut
from assistant.schemas.reconciliation import VerificationIn, VerificationOut

_VERIFICATION = "/api/v1/index/verification"


class UpkeepCalls:
    """The part of the client that deals with upkeep."""

    _transport: Transport

    def corpus_health(self, *, days: int = 90, limit: int = 20) -> CorpusHealthOut:
        """What to look after among the documents of one's organisation; for its administrators."""
        query = {"days": days, "limit": limit}
        path = "/api/v1/corpus-health"
        return self._transport.call("GET", path, returns=CorpusHealthOut, params=query)

    def kept_questions(self, *, limit: int = 100) -> KeptQuestionsOut:
        """Whether the organisation keeps the questions that nothing answered, and those, newest first."""
        path = "/api/v1/corpus-health/questions"
        return self._transport.call("GET", path, returns=KeptQuestionsOut, params={"limit": limit})

    def keep_questions(self, *, is_kept: bool) -> KeptQuestionsOut:
        """Keep the questions that nothing answers from now on, or forget them all."""
        path = "/api/v1/corpus-health/questions"
        body = KeepingIn(is_kept=is_kept).model_dump()
        return self._transport.call("PUT", path, returns=KeptQuestionsOut, json=body)

    def verification(self) -> VerificationOut:
        """How far the comparison of database, index and files is, and what the last one found."""
        return self._transport.call("GET", _VERIFICATION, returns=VerificationOut)

    def verify_index(self, *, repair: bool) -> VerificationOut:
        """Begin to compare."""
        body = VerificationIn(repair=repair).model_dump()
        return self._transport.call("POST", _VERIFICATION, returns=VerificationOut, json=body)
