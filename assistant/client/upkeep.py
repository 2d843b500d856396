"""Calls about the care of the index and of what is indexed."""

from __future__ import annotations

from assistant.client.transport import Transport
from assistant.schemas.corpus_health import CorpusHealthOut
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

    def verification(self) -> VerificationOut:
        """How far the comparison of database, index and files is, and what the last one found."""
        return self._transport.call("GET", _VERIFICATION, returns=VerificationOut)

    def verify_index(self, *, repair: bool) -> VerificationOut:
        """Begin to compare."""
        body = VerificationIn(repair=repair).model_dump()
        return self._transport.call("POST", _VERIFICATION, returns=VerificationOut, json=body)
