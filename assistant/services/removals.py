"""What an announcement may remove by itself: as for sources that are looked at, no large share."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain.errors import Conflict, InvalidInput
from assistant.domain.ids import SourceId
from assistant.domain.jobs import ItemState
from assistant.domain.sources import (
    DEFAULT_REMOVAL_PERCENT,
    LABEL_PREFIX,
    SourceKind,
    exceeds_share,
)
from assistant.domain.tenancy import Scope
from assistant.ports.repositories import UnitOfWork
from assistant.services.submission import KnownSource, PlannedFile, Submission

_HELD = frozenset({ItemState.PENDING, ItemState.UNCHANGED})
"""States of files whose content need not be sent any more."""


def removal_percent(work: UnitOfWork, request: Submission, *, scope: Scope) -> int:
    """The share of its documents, in percent, above which removals have to be confirmed.

    Raises:
        Conflict: The label is that of a source whose files are looked at, not sent ("source_not_sent").
    """
    if not request.source.startswith(LABEL_PREFIX):
        return DEFAULT_REMOVAL_PERCENT
    source_id = SourceId(request.source.removeprefix(LABEL_PREFIX))
    source = work.sources.find(source_id, scope=scope)
    if source is None:
        return DEFAULT_REMOVAL_PERCENT
    if source.kind is not SourceKind.PUSH and not request.is_of_look:
        raise Conflict("source_not_sent")
    return source.removal_percent


def check_removals(
    request: Submission, plan: Sequence[PlannedFile], *, known: KnownSource, percent: int
) -> None:
    """Refuse to remove much of what a source had, unless that was confirmed.

    A document whose content is held under another name is not lost.

    Raises:
        InvalidInput: A complete source suddenly holds nothing, and that is not said to be meant
            ("source_empty").
        Conflict: More than the share would go, and that was not confirmed ("removals_unconfirmed").
    """
    if not request.is_complete or not known.documents:
        return
    if not (request.files or request.unreadable):
        if not request.may_empty:
            raise InvalidInput("source_empty", documents=len(known.documents))
        return
    held = {each.sha256 for each in plan if each.state in _HELD}
    lost = sum(
        each.state is ItemState.REMOVED
        and each.document is not None
        and each.document.sha256 not in held
        for each in plan
    )
    total = len(known.documents)
    if not request.may_remove and exceeds_share(removed=lost, known=total, percent=percent):
        raise Conflict("removals_unconfirmed", removed=lost, documents=total, percent=percent)
