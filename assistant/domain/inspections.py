"""Conversations that an auditor read, each for a reason that its person sees."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from assistant.domain.ids import ConversationId, InspectionId, PersonId, TenantId

REASON_LEAST: Final = 20
"""Letters and digits of a reason: enough for a person to understand why."""
REASON_WORDS: Final = 3
"""Different words of a reason."""
REASON_MOST: Final = 1000
"""Characters of a reason."""
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Inspection:
    """An auditor read one conversation, as it was then. Nobody takes it back."""

    id: InspectionId
    tenant_id: TenantId
    """Of the person."""
    person_id: PersonId
    """Whose conversation it is."""
    conversation_id: ConversationId | None
    """None once the conversation was deleted."""
    reason: str
    """As the auditor wrote it."""
    is_of_platform: bool
    """True for an auditor of the platform, who is of another tenant than the person."""
    made_at: datetime
    seen_at: datetime | None = None
    """When the person said that it knows; None before."""


@dataclass(frozen=True, slots=True)
class OwnInspection:
    """An inspection as its person sees it."""

    inspection: Inspection
    title: str | None
    """Of the conversation; None once it was deleted."""


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What an auditor knows of a conversation before it is read."""

    id: ConversationId
    tenant_id: TenantId
    person_id: PersonId
    created_at: datetime
    updated_at: datetime
    questions: int


def is_reason(text: str) -> bool:
    """True for a text that may say why: neither blank, nor one sign or word over and over."""
    signs = [char for char in text if unicodedata.category(char)[0] in {"L", "N"}]
    words = set(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
    is_long_enough = len(signs) >= REASON_LEAST and len(words) >= REASON_WORDS
    return is_long_enough and len(text) <= REASON_MOST
