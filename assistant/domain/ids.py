"""Identifiers: random, opaque, unguessable; one type per thing so that they cannot be mixed up."""

from __future__ import annotations

from typing import NewType
from uuid import uuid4

TenantId = NewType("TenantId", str)
CollectionId = NewType("CollectionId", str)
PersonId = NewType("PersonId", str)
SessionId = NewType("SessionId", str)
GroupId = NewType("GroupId", str)
InvitationId = NewType("InvitationId", str)
KeyId = NewType("KeyId", str)
DocumentId = NewType("DocumentId", str)
VersionId = NewType("VersionId", str)
ChunkId = NewType("ChunkId", str)
LinkId = NewType("LinkId", str)
JobId = NewType("JobId", str)
JobItemId = NewType("JobItemId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
AnswerId = NewType("AnswerId", str)
QuestionSetId = NewType("QuestionSetId", str)
EvaluationId = NewType("EvaluationId", str)
InspectionId = NewType("InspectionId", str)
SourceId = NewType("SourceId", str)
SourceRunId = NewType("SourceRunId", str)
GenerationId = NewType("GenerationId", str)


def new_id() -> str:
    """A random identifier (UUID version 4, 36 characters)."""
    return str(uuid4())
